"""Every example runs."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from example import EXAMPLES, example
from wire import PATIENCE

ELSEWHERE = {"crud.py"}
"""Tested by tests/pg, which have a database."""


@pytest.fixture
def hello() -> Iterator[httpx.Client]:
    with example("hello:app") as served:
        yield served.client


def test_hello_serves_all_its_routes_and_its_documentation(hello: httpx.Client) -> None:
    description = hello.get("/openapi.json").json()
    assert hello.get("/docs").status_code == 200
    assert hello.get("/").status_code == 200
    methods = {method for path in description["paths"].values() for method in path}
    assert {"get", "post"} <= methods
    text = str(description)
    for kind in ("'in': 'path'", "'in': 'query'", "multipart/form-data", "application/json"):
        assert kind in text, kind


def test_client_and_server_prints_the_answer() -> None:
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", EXAMPLES / "client_and_server.py"],
        capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.endswith("hello\n")
    assert "Traceback" not in run.stderr


def test_embed_serves_beside_its_own_task() -> None:
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", 8000)) == 0:
            pytest.skip("port 8000, which the example uses, is taken on this machine")
    command = [sys.executable, "-X", "dev", "-W", "error", str(EXAMPLES / "embed.py")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        printed = ""
        for line in process.stderr:
            printed += line
            if "running on http://127.0.0.1:8000" in line:
                break
        assert "the other task has ticked" in httpx.get("http://127.0.0.1:8000/", timeout=PATIENCE).text
        process.send_signal(signal.SIGINT)
        printed += process.stderr.read()
    assert "Traceback" not in printed


def test_every_example_has_its_test() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} - ELSEWHERE == {"hello.py", "client_and_server.py", "embed.py"}
