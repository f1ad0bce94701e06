"""A machine on which nothing says how to connect."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasterapi.pg import connect_utils

Parse = Callable[..., tuple[Any, Any]]

ARGUMENTS = [
    "dsn",
    "host",
    "port",
    "user",
    "password",
    "passfile",
    "database",
    "ssl",
    "service",
    "servicefile",
    "direct_tls",
    "server_settings",
    "target_session_attrs",
    "krbsrvname",
    "gsslib",
]
NOTHING: dict[str, Any] = dict.fromkeys(ARGUMENTS)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home directory, empty; the user is called "me"."""
    for variable in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(variable)
    monkeypatch.delenv("SSLKEYLOGFILE", raising=False)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "me")
    return folder


@pytest.fixture
def parse() -> Parse:
    """What connect() makes of its arguments: addresses and parameters."""

    def made(dsn: str | None = None, **given: Any) -> tuple[Any, Any]:
        return connect_utils._parse_connect_dsn_and_args(**{**NOTHING, "dsn": dsn, **given})

    return made


@pytest.fixture
def parse_theirs() -> Parse:
    """What asyncpg makes of the same."""
    theirs = pytest.importorskip("asyncpg.connect_utils")

    def made(dsn: str | None = None, **given: Any) -> tuple[Any, Any]:
        return theirs._parse_connect_dsn_and_args(**{**NOTHING, "dsn": dsn, **given})

    return made
