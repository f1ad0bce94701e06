"""The pytest plugin, in runs of pytest of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

APPLICATION = """
async def app(scope, receive, send):
    if scope["path"] == "/fail":
        raise LookupError("lost in the application")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def run_pytest(folder: Path, *arguments: str, **files: str) -> str:
    """Runs pytest on files in an empty folder; what it printed."""
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content)
    scope = "asyncio_default_fixture_loop_scope = function"
    (folder / "pytest.ini").write_text(f"[pytest]\nfilterwarnings = error\n{scope}\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=50).stdout


def counted(output: str) -> str:
    """The counts of the closing line."""
    found = re.search(r"^=+ (.*) in .*=+$", output, re.MULTILINE)
    assert found, output
    return found[1]


def test_plain_test(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path,
        main=APPLICATION,
        test_it="""
import httpx
from main import app

def test_it(fasterapi_server):
    one, other = fasterapi_server(app, lifespan="off"), fasterapi_server("main:app", lifespan="off")
    assert httpx.get(one.url).text == httpx.get(other.url).text == "hello"
""",
    )
    assert counted(output) == "1 passed", output


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_with_pytest_asyncio(tmp_path: Path, mode: str) -> None:
    output = run_pytest(
        tmp_path,
        f"--asyncio-mode={mode}",
        main=APPLICATION,
        test_it="""
import httpx, pytest
from main import app

@pytest.mark.asyncio
async def test_it(fasterapi_server):
    server = await fasterapi_server(app, lifespan="off")
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/")).text == "hello"
""",
    )
    assert counted(output) == "1 passed", output


def test_with_anyio_on_asyncio_and_trio(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path,
        main=APPLICATION,
        test_it="""
import httpx, pytest
from main import app

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_it(fasterapi_server):
    server = await fasterapi_server(app, lifespan="off")
    async with httpx.AsyncClient(base_url=server.url) as client:
        assert (await client.get("/")).text == "hello"
""",
    )
    assert counted(output) == "2 passed", output


def test_exception_of_the_application_is_the_tests_error(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path,
        main=APPLICATION,
        test_it="""
import httpx
from main import app

def test_it(fasterapi_server):
    assert httpx.get(fasterapi_server(app, lifespan="off").url + "/fail").status_code == 500
""",
    )
    assert counted(output) == "1 passed, 1 error", output
    assert "LookupError: lost in the application" in output


def test_log_of_the_server_is_shown_with_a_failed_test(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path,
        main=APPLICATION,
        test_it="""
import httpx
from main import app

def test_it(fasterapi_server):
    server = fasterapi_server(app, lifespan="off", raise_server_exceptions=False)
    answer = httpx.get(server.url + "/fail")
    httpx.get(server.url)  # answered behind the log of the first
    assert answer.status_code == 200
""",
    )
    assert counted(output) == "1 failed", output
    assert "Captured log call" in output
    assert "ERROR    fasterapi.error" in output


def test_run_that_does_not_use_the_fixture_does_not_import_the_engine(tmp_path: Path) -> None:
    output = run_pytest(
        tmp_path,
        test_it="""
import sys

def test_it():
    assert "pytest_fasterapi" in sys.modules
    assert not [name for name in sys.modules if name.partition(".")[0] == "fasterapi"]
""",
    )
    assert counted(output) == "1 passed", output


def test_fixture_is_described(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, "--fixtures", test_it="def test_it(): pass\n")
    assert re.search(r"fasterapi_server.*\n\s+Serves applications on free ports", output)
