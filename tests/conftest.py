"""Fixtures of all suites: the kinds of loop, the versions of HTTP/1, a server for the length of a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from reference import Reference
from served import Mode, Serve, Served


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wheel", type=Path, help="the built wheel that the packaging tests install")
    parser.addoption("--sdist", type=Path, help="the built source distribution that the packaging tests install")
    parser.addoption("--extension", action="store_true", help="the example extension is installed and must work")
    parser.addoption("--reference", action="store_true", help="serve with uvicorn where the suite can be run with it")
    parser.addoption("--full", action="store_true", help="move 1 GiB where the default run moves 128 MiB")


@pytest.fixture(params=list(Mode), ids=lambda mode: mode.value)
def mode(request: pytest.FixtureRequest) -> Mode:
    """Every kind of loop in turn."""
    chosen: Mode = request.param
    if request.config.getoption("--reference") and chosen is not Mode.STOCK:
        pytest.skip("one kind of loop is enough for the reference")
    if chosen is Mode.UVLOOP:
        pytest.importorskip("uvloop", reason="uvloop does not install on this interpreter")
    return chosen


@pytest.fixture(params=["1.1", "1.0"])
def version(request: pytest.FixtureRequest) -> str:
    """Both versions of HTTP/1 in turn."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def serve(mode: Mode, request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Serves an application on this test's kind of loop until the test ends."""
    running: list[Any] = []
    reference = request.config.getoption("--reference")
    if reference and (better := request.node.get_closest_marker("better")):
        pytest.skip(f"the reference: {better.args[0]}")

    def start(app: Any, **options: Any) -> Any:
        running.append(Reference(app, **options) if reference else Served(app, mode, **options))
        return running[-1]

    yield start
    for served in running:
        served.stop()


@pytest.fixture
def bulk(request: pytest.FixtureRequest) -> int:
    """How many bytes count as much."""
    return 1 << 30 if request.config.getoption("--full") else 128 << 20
