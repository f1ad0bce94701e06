"""The command `fasterapi dev`, as its users see it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from commands import Command

pytest.importorskip("watchfiles", reason="watchfiles does not install on this interpreter")

APPLICATION = """
import json
from fastapi import FastAPI

service = FastAPI()

@service.get("/items/{number}")
async def item(number: int):
    return number

@service.get("/broken")
def broken():
    return json.loads("{")
"""
SERVING = r"Serving (\S+) after \d+\.\d\d s(.*)"
Dev = Callable[..., Command]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APPLICATION)
    return tmp_path


@pytest.fixture
def dev(folder: Path) -> Iterator[Dev]:
    running: list[Command] = []

    def start(*flags: str, variables: dict[str, str] | None = None) -> Command:
        arguments = ("-m", "fasterapi", "dev", "--port", "0", "--reload-delay", "0.05", *flags)
        running.append(Command(folder, *arguments, variables=variables))
        return running[-1]

    yield start
    for each in running:
        each.__exit__(None, None, None)


def test_application_is_found_and_its_address_and_documentation_are_told(dev: Dev, folder: Path) -> None:
    running = dev()
    host, port = running.address()
    running.until(f"Watching  {re.escape(str(folder))}$")
    found = running.until(SERVING)
    assert found[1] == "main:service"
    assert found[2] == f", documentation at http://{host}:{port}/docs"
    assert running.ask("/docs").status == 200
    assert running.end() == 0


@pytest.mark.parametrize("named", ["main.py", "main", "main:service", "./main.py:service"])
def test_application_is_named_in_every_way(dev: Dev, named: str) -> None:
    assert dev(named).until(SERVING)[1] == "main:service"


def test_documentation_is_told_only_where_there_is_one(dev: Dev, folder: Path) -> None:
    (folder / "main.py").write_text(APPLICATION.replace("FastAPI()", "FastAPI(docs_url=None)"))
    assert dev().until(SERVING)[2] == ""


def test_line_of_a_request(dev: Dev) -> None:
    running = dev()
    running.address()
    running.until(SERVING)
    assert running.ask("/items/3?q=x").status == 200
    running.until(r"^\d\d:\d\d:\d\d  GET      /items/3\?q=x +200  \d+\.\d ms$")
    assert running.ask("/nowhere").status == 404
    running.until(r"^\d\d:\d\d:\d\d  GET      /nowhere +404  \d+\.\d ms$")


def test_lines_of_a_websocket(dev: Dev, folder: Path) -> None:
    (folder / "main.py").write_text("""
from fastapi import FastAPI, WebSocket

app = FastAPI()

@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close(4000)
""")
    running = dev()
    host, port = running.address()
    running.until(SERVING)
    with connect(f"ws://{host}:{port}/echo") as websocket:
        websocket.send("hello")
        assert websocket.recv() == "hello"
        running.until(r"^\d\d:\d\d:\d\d  WS       /echo +101 open  \d+\.\d ms$")
        running.until(r"^\d\d:\d\d:\d\d  WS       /echo +closed, 4000  \d+\.\d ms$")


def test_environment_file_is_read_before_the_application(dev: Dev, folder: Path) -> None:
    (folder / "settings.env").write_text("SHOP_TITLE=corner\n")
    (folder / "main.py").write_text("import os\nfrom fastapi import FastAPI\n"
                                    "app = FastAPI(title=os.environ['SHOP_TITLE'])\n")  # fmt: skip
    running = dev("--env-file", "settings.env")
    running.address()
    running.until(SERVING)
    assert b'"title":"corner"' in running.ask("/openapi.json").body


def test_no_access_log(dev: Dev) -> None:
    running = dev("--no-access-log")
    running.address()
    running.until(SERVING)
    assert running.ask("/items/3").status == 200
    running.end()
    assert "GET" not in running.output


def test_exception_is_shown_where_it_is_the_users(dev: Dev) -> None:
    running = dev()
    running.address()
    running.until(SERVING)
    assert running.ask("/broken").status == 500
    running.until("^json.decoder.JSONDecodeError: Expecting property name")
    block = running.output[running.output.index("error: Exception in ASGI application") :]
    assert re.match(
        r"error: Exception in ASGI application\n"
        r"  \.\.\. \d+ frames in .*fastapi.*starlette.* \.\.\.\n"
        r'  File ".*/main\.py", line 13, in broken\n    return json\.loads\("\{"\)\n(?:[ ~^]+\n)?'
        r"  \.\.\. 3 frames in json \.\.\.\n"
        r"json",
        block,
    ), block


def test_change_is_named_and_served(dev: Dev, folder: Path) -> None:
    running = dev()
    running.address()
    running.until(SERVING)
    (folder / "main.py").write_text("import nothing_of_this_name\n" + APPLICATION)
    running.until("Changed: 'main.py'")
    running.until('error: app "main" cannot be imported')
    running.until(r'^  File ".*/main\.py", line 1, in <module>')
    running.until("^ModuleNotFoundError: No module named 'nothing_of_this_name'")
    running.until("it is tried again at the next change")
    (folder / "main.py").write_text(APPLICATION)
    running.until(SERVING)
    assert running.ask("/items/3").body == b"3"


def test_failing_start_is_shown_where_it_is_the_users(dev: Dev, folder: Path) -> None:
    (folder / "main.py").write_text("""
from contextlib import asynccontextmanager
from fastapi import FastAPI

@asynccontextmanager
async def lifespan(app):
    raise LookupError("no database")
    yield

app = FastAPI(lifespan=lifespan)
""")
    running = dev()
    running.until(r'^  File ".*/main\.py", line 7, in lifespan')
    running.until("LookupError: no database$")
    running.until("it is tried again at the next change")
    assert not re.search(r'File ".*site-packages', running.output)


@pytest.mark.parametrize(("variables", "colored"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_colours_only_on_a_terminal_or_where_asked_for(dev: Dev, variables: dict[str, str], colored: bool) -> None:
    running = dev(variables=variables)
    running.address()
    running.until(SERVING)
    running.ask("/items/3")
    running.until("/items/3")
    assert ("\x1b[" in running.output) is colored


def test_log_configuration_of_the_user_replaces_this_log(dev: Dev, folder: Path) -> None:
    (folder / "log.json").write_text("""{"version": 1, "formatters": {"f": {"format": "mine %(message)s"}},
        "handlers": {"h": {"class": "logging.StreamHandler", "formatter": "f"}},
        "loggers": {"fasterapi": {"handlers": ["h"], "level": "INFO"}}}""")
    running = dev("--log-config", "log.json")
    running.address()
    running.until("^mine Application startup complete")
    assert running.ask("/items/3").status == 200
    running.until(r'^mine \S+ - "GET /items/3 HTTP/1.1" 200')


def test_options_of_run_are_taken(dev: Dev) -> None:
    running = dev("--header", "x-own:1", "--no-server-header")
    running.address()
    running.until(SERVING)
    reply = running.ask("/items/3")
    assert (reply.header(b"x-own"), reply.header(b"server")) == (b"1", None)


@pytest.mark.parametrize(("arguments", "message"), [([], "none of main.py, app.py"), (["away.py"], "there is no file")])
def test_nothing_to_serve_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "fasterapi", "dev", *arguments]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50)
    assert run.returncode == 2
    assert run.stderr.startswith("Error: ") and run.stderr.count("\n") == 1 and message in run.stderr
