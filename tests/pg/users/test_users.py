"""Libraries that import asyncpg themselves, on `fasterapi.pg` in its place: each does what it does on asyncpg."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pg.server import Server

_FOLDER = Path(__file__).parent

Use = Callable[[str], Any]


@pytest.fixture
def use(pg: Any, server: Server) -> Use:
    """Runs a program on a database of its own; what it says at the end."""

    def start(program: str) -> Any:
        server.psql(f"create database {program}")
        command = [sys.executable, _FOLDER / "start.py", pg.__name__, _FOLDER / "programs" / f"{program}.py"]
        done = subprocess.run(
            [*command, server.dsn(database=program)],
            capture_output=True,
            text=True,
            timeout=50,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)

    return start


def test_sqlalchemy_orm(use: Use) -> None:
    assert use("sqlalchemy_orm") == {
        "books": {"author 0": [], "author 1": ["book 1.0"], "author 2": ["book 2.0", "book 2.1"]},
        "values": ["happy", "00000000-0000-0000-0000-000000000002", "1900-01-03", {"n": [2, None]}, ["a", "2"], "3.00",
                   [2, 12], True],
        "renamed": 1,
        "unique": "23505",
        "sad": 1,
        "division": "22012",
        "streamed": 500500,
        "isolation": "serializable",
    }  # fmt: skip


def test_tortoise_orm(use: Use) -> None:
    assert use("tortoise_models") == {
        "sum": "145.00",
        "extra": {"n": 3},
        "related": ["one"],
        "teams": 1,
        "best": "p1",
        "count": 19,
    }


def test_piccolo(use: Use) -> None:
    assert use("piccolo_tables") == {
        "joined": {"venue": "hall", "band.name": "band 3", "price": "12.50"},
        "error": "UniqueViolationError",
        "popularity": [0, 1, 2, 3, 4],
        "batches": [["band 0", "band 1"], ["band 2", "band 3"]],
        "many": 20,
    }


def test_databases(use: Use) -> None:
    assert use("databases_core") == {
        "id": 11,
        "completed": ["note 0", "note 2", "note 4", "note 6", "note 8", "last"],
        "one": {"id": 1, "text": "note 0", "completed": True},
        "value": 11,
        "kept": 11,
        "iterated": [1, 2, 3],
        "left": 5,
    }


def test_pgqueuer(use: Use) -> None:
    assert use("pgqueuer_jobs") == {"done": list(range(30)), "left": 0}


def test_opentelemetry(use: Use) -> None:
    assert use("opentelemetry_spans") == {
        "statements": ["BEGIN;", "COMMIT;", "select $1::int", "select 1", "select 1/0", "select 3", "select 4",
                       "select 5", "select 6"],
        "failed": ["select 1/0"],
        "database": "opentelemetry_spans",
        "user": "postgres",
        "parameters": "(7,)",
    }  # fmt: skip


def test_sentry(use: Use) -> None:
    assert use("sentry_breadcrumbs") == {
        "statements": ["connect", "select $1::int", "select 5", "select 6", "select 8"],
        "system": ["postgresql"],
        "database": ["sentry_breadcrumbs"],
        "port": True,
    }
