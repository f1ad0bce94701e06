"""How an application is found: its file, its module, its name."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from fasterapi import ConfigError
from fasterapi.discovery import application_name, place
from fasterapi.errors import ApplicationError

_numbers = itertools.count()
Module = Callable[[str], str]

STARLETTE = "from starlette.applications import Starlette\n"
ASGI = "async def {name}(scope, receive, send): ...\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """Writes a module of that content and gives its name, which is new each time."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(content: str) -> str:
        name = f"discovered_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text(content)
        return name

    return write


def files(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")


@pytest.mark.parametrize(
    ("present", "app", "under"),
    [
        (["main.py", "app.py"], "main", "."),
        (["app.py", "api.py"], "app", "."),
        (["api.py", "app/main.py"], "api", "."),
        (["app/main.py"], "main", "app"),
        (["app/main.py", "app/__init__.py"], "app.main", "."),
        (["app/api.py", "app/app.py", "app/__init__.py"], "app.app", "."),
    ],
)
def test_usual_files_are_looked_for_in_order(tmp_path: Path, present: list[str], app: str, under: str) -> None:
    files(tmp_path, *present)
    assert place(None, tmp_path) == (app, (tmp_path / under).resolve())


@pytest.mark.parametrize(
    ("named", "app", "under"),
    [
        ("server.py", "server", "."),
        ("./server.py", "server", "."),
        ("server.py:api", "server:api", "."),
        ("package/inner/part.py", "package.inner.part", "."),
        ("package/inner/part.py:app", "package.inner.part:app", "."),
        ("package/inner/__init__.py", "package.inner", "."),
        ("package/inner", "package.inner", "."),
        ("plain/part.py", "part", "plain"),
        ("server:app", "server:app", "."),
        ("package.inner.part", "package.inner.part", "."),
        ("package.inner.part:", "package.inner.part", "."),
    ],
)
def test_named_by_path_or_module(tmp_path: Path, named: str, app: str, under: str) -> None:
    files(tmp_path, "server.py", "package/__init__.py", "package/inner/__init__.py", "package/inner/part.py")
    files(tmp_path, "plain/part.py")
    assert place(named, tmp_path) == (app, (tmp_path / under).resolve())


def test_entry_point_of_the_project_comes_before_the_usual_files(tmp_path: Path) -> None:
    files(tmp_path, "main.py")
    (tmp_path / "pyproject.toml").write_text('[tool.fastapi]\nentrypoint = "package.server:api"\n')
    assert place(None, tmp_path).app == "package.server:api"


@pytest.mark.parametrize("content", ["", "broken = [", "[tool]\nfastapi = 7\n", "[tool.fastapi]\nentrypoint = 7\n"])
def test_project_without_an_entry_point_is_passed_over(tmp_path: Path, content: str) -> None:
    files(tmp_path, "main.py")
    (tmp_path / "pyproject.toml").write_text(content)
    assert place(None, tmp_path).app == "main"


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (None, r"^no application was named, and none of main\.py, app\.py, api\.py, .* is in \".*\": name it"),
        ("away.py", r"^app \"away\.py\": there is no file \".*away\.py\"$"),
        ("folder", r"^app \"folder\": the folder has no __init__\.py"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_one_line(tmp_path: Path, named: str | None, message: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match=message) as caught:
        place(named, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("from fastapi import FastAPI\nother = FastAPI()\napi = FastAPI()\napp = FastAPI()\n", "app"),
        ("from fastapi import FastAPI\nother = FastAPI()\napi = FastAPI()\n", "api"),
        (f"{STARLETTE}app = Starlette()\nfrom fastapi import FastAPI\nother = FastAPI()\n", "other"),
        ("from fastapi import FastAPI\nclass Own(FastAPI): ...\nservice = Own()\n", "service"),
        (f"{STARLETTE}site = Starlette()\n", "site"),
        (ASGI.format(name="application"), "application"),
        (STARLETTE + ASGI.format(name="app") + "site = Starlette()\n", "site"),
    ],
)  # fmt: skip
def test_application_of_a_module(module: Module, content: str, name: str) -> None:
    assert application_name(module(content)) == name


@pytest.mark.parametrize(
    "content",
    ["", "app = 7\n", ASGI.format(name="other"), "def app(environ, start_response): ...\n", "class app: ...\n"],
)
def test_module_without_an_application_is_one_line(module: Module, content: str) -> None:
    name = module(content)
    with pytest.raises(ConfigError) as caught:
        application_name(name)
    assert f"no application is in {name}" not in str(caught.value)
    assert str(caught.value).startswith(f'app "{name}": no application is in ')
    assert str(caught.value).endswith(f'name it: "{name}:NAME"')
    assert "\n" not in str(caught.value)


def test_module_that_fails_is_told_with_its_exception(module: Module) -> None:
    name = module("import json\njson.loads('{')\n")
    with pytest.raises(ApplicationError, match=f'^app "{name}" cannot be imported: JSONDecodeError'):
        application_name(name)


def test_module_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(ConfigError, match='there is no module "nothing_of_this_name" on the import path'):
        application_name("nothing_of_this_name")
