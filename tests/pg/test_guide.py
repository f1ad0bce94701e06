"""docs/postgresql.md: its snippets run on a real server, and it leaves no option out."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import httpx
import pytest

import fasterapi.testing
from pg.server import Server
from wire import PATIENCE

GUIDE = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text("utf-8")
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
PROGRAMS = {found[1]: code for code in SNIPPETS if (found := re.match(r"# (\w+\.py)\n", code))}
FRAGMENTS = [code for code in SNIPPETS if code not in PROGRAMS.values()]

_TABLES = """
create table users (id serial primary key, name text, tags text[]);
insert into users (name) values ('Ada'), ('Grace');
"""


@pytest.fixture(scope="module")
def shop(server: Server) -> Iterator[Server]:
    """A server with the database of the guide."""
    server.psql("create database shop")
    server.psql(_TABLES, database="shop")
    yield server
    server.psql("drop database shop with (force)")


@pytest.fixture
def environment(shop: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is usual where the guide is read is said by libpq's variables."""
    for name, value in {"HOST": "127.0.0.1", "PORT": str(shop.port), "USER": "postgres", "DATABASE": "shop"}.items():
        monkeypatch.setenv(f"PG{name}", value)


@pytest.fixture
def client() -> Any:
    """The guide is about this one."""
    return importlib.import_module("fasterapi.pg")


def test_the_guide_has_programs_and_fragments() -> None:
    assert len(PROGRAMS) + len(FRAGMENTS) == GUIDE.count("```python\n")
    assert len(PROGRAMS) >= 4
    assert len(FRAGMENTS) > 10


@pytest.mark.parametrize("name", sorted(set(PROGRAMS) - {"app.py"}))
def test_program_runs(name: str, environment: None, tmp_path: Path) -> None:
    (tmp_path / name).write_text(PROGRAMS[name])
    run = subprocess.run(
        [sys.executable, "-W", "default::ResourceWarning", name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 0, run.stderr
    assert not run.stderr


def test_application_answers(environment: None) -> None:
    application: dict[str, Any] = {}
    exec(compile(PROGRAMS["app.py"], "app.py", "exec"), application)
    with fasterapi.testing.run(application["app"]) as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/users/1").json() == {"id": 1, "name": "Ada", "tags": None}
        assert client.get("/users/0").status_code == 404
        assert {"id": 2, "name": "Grace", "tags": None} in client.get("/users").json()


# Connections that the guide throws away.
@pytest.mark.filterwarnings("ignore:unclosed connection:ResourceWarning")
@pytest.mark.parametrize("number", range(len(FRAGMENTS)))
def test_fragment_runs(number: int, environment: None, client: Any) -> None:
    code = compile(FRAGMENTS[number], f"fragment {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def main() -> None:
        connection = await client.connect()
        async with client.create_pool(min_size=1) as pool, asyncio.timeout(PATIENCE):
            names = {"asyncio": asyncio, "json": json, "pg": client, "connection": connection, "pool": pool}
            # Without `await` in it, it runs at once.
            running = FunctionType(code, names)()
            if running is not None:
                await running
        await connection.close()

    asyncio.run(main())


def test_every_option_and_variable_is_in_the_guide(client: Any) -> None:
    from fasterapi.pg import environment, keywords

    said = set(re.findall(r"[A-Za-z_]+", GUIDE))
    options = {*inspect.signature(client.connect).parameters, *inspect.signature(client.create_pool).parameters}
    options -= {"dsn", "connect_kwargs", "options"}
    variables = {*environment._VARIABLES.values(), *environment._SESSION.values()}
    assert sorted((options | variables | keywords._OTHERS) - said) == []


def test_every_default_in_the_guide_is_the_codes(client: Any) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+|none)(?: \||;)", GUIDE, re.MULTILINE))
    defaults = {
        name: parameter.default
        for function in (client.connect, client.create_pool)
        for name, parameter in inspect.signature(function).parameters.items()
    }
    known = {name: value for name, value in rows.items() if name in defaults}
    assert len(known) > 8
    assert {name: "none" if defaults[name] is None else str(int(defaults[name])) for name in known} == known
