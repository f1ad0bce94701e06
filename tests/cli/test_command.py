"""The command `fasterapi run`: every flag's effect, its environment variable, its error lines and exit statuses."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from running import APPLICATION, failure
from wire import Wire


def test_application_is_served_from_the_current_folder(command: Any) -> None:
    running = command("main:app")
    reply = running.ask("/path")
    assert reply.status == 200
    assert json.loads(reply.body)["path"] == "/path"
    running.process.terminate()
    status, out, err = running.end()
    assert re.search(r'INFO:     127\.0\.0\.1:\d+ - "GET /path HTTP/1\.1" 200 OK\n', out)
    assert status in (0, -signal.SIGTERM)
    for line in (
        r"INFO:     Started server process \[\d+\]",
        "INFO:     Waiting for application startup.",
        "INFO:     Application startup complete.",
        r"INFO:     FasterAPI running on http://127.0.0.1:\d+ \(Press CTRL\+C to quit\)",
        "INFO:     Shutting down",
        "INFO:     Waiting for application shutdown.",
        "INFO:     Application shutdown complete.",
        r"INFO:     Finished server process \[\d+\]",
    ):
        assert re.search(line, err), line


@pytest.mark.parametrize("app", ["package.inner:app", "package.inner:Holder.app"])
def test_application_in_a_package_and_below_an_attribute(command: Any, app: str) -> None:
    assert command(app).ask().status == 200


def test_app_dir_is_looked_at_first(command: Any, folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "main.py").write_text(APPLICATION)
    assert command("main:app", "--app-dir", "elsewhere").facts()["argv0"] == str(elsewhere)


def test_factory(command: Any) -> None:
    assert command("main:make", "--factory").ask().status == 200


def test_host_and_port(command: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = command("main:app", "--host", "localhost", "--port", str(port))
    running.until("running on")
    with Wire(("127.0.0.1", port)) as wire:
        assert wire.ask().status == 200


def test_uds(command: Any, folder: Path) -> None:
    running = command("main:app", "--uds", "server.sock")
    running.until("server.sock")
    with Wire(str(folder / "server.sock")) as wire:
        assert wire.ask().status == 200
    running.process.terminate()
    running.end()
    assert not (folder / "server.sock").exists()


def test_fd(command: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = command("main:app", "--fd", str(listener.fileno()), fds=(listener.fileno(),))
        running.until("running on")
        with Wire(listener.getsockname()) as wire:
            assert wire.ask().status == 200


@pytest.mark.parametrize(
    ("loop", "kind", "selector"),
    [
        ("auto", "asyncio.unix_events._UnixSelectorEventLoop", "NativeSelector"),
        ("asyncio", "asyncio.unix_events._UnixSelectorEventLoop", "EpollSelector"),
        ("uvloop", "uvloop.Loop", "NoneType"),
        ("main:make_loop", "asyncio.unix_events._UnixSelectorEventLoop", "EpollSelector"),
    ],
)
def test_loop(command: Any, loop: str, kind: str, selector: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    running = command("main:app", "--loop", loop)
    facts = running.facts()
    assert (facts["loop"], facts["selector"]) == (kind, selector)
    running.process.terminate()
    assert ("made by hand" in running.end()[2]) == (loop == "main:make_loop")


@pytest.mark.parametrize(("lifespan", "asked"), [("auto", True), ("on", True), ("off", False)])
def test_lifespan(command: Any, lifespan: str, asked: bool) -> None:
    running = command("main:app", "--lifespan", lifespan)
    assert running.ask().status == 200
    running.process.terminate()
    assert ("lifespan\n" in running.end()[2]) == asked


def test_root_path(command: Any) -> None:
    facts = command("main:app", "--root-path", "/api").facts()
    assert (facts["root_path"], facts["path"]) == ("/api", "/api/")


def test_headers(command: Any) -> None:
    reply = command("main:app", "--header", "X-One:1", "--header", "X-Two: two: parts").ask()
    assert (reply.header(b"x-one"), reply.header(b"x-two")) == (b"1", b"two: parts")
    assert reply.header(b"server") == b"fasterapi"
    assert reply.header(b"date")


def test_no_server_and_no_date_header(command: Any) -> None:
    reply = command("main:app", "--no-server-header", "--no-date-header").ask()
    assert reply.header(b"server") is None
    assert reply.header(b"date") is None


def test_asgi_spec(command: Any) -> None:
    assert command("main:app", "--asgi-spec", "2.4").facts()["spec"] == "2.4"


def test_timeout_keep_alive(command: Any) -> None:
    with command("main:app", "--timeout-keep-alive", "0.2").connect() as wire:
        assert wire.ask().status == 200
        assert wire.rest() == b""


def test_header_timeout(command: Any) -> None:
    with command("main:app", "--header-timeout", "0.2").connect() as wire:
        wire.send(b"GET / HT")
        assert wire.read().status == 408


@pytest.mark.parametrize(
    ("flag", "value", "status"),
    [("--max-request-line", "64", 414), ("--max-field", "64", 431), ("--max-fields", "2", 431)],
)
def test_limits_of_a_head(command: Any, flag: str, value: str, status: int) -> None:
    with command("main:app", flag, value).connect() as wire:
        wire.send(b"GET /%s HTTP/1.1\r\nhost: test\r\na: %s\r\nb: c\r\n\r\n" % (b"x" * 100, b"y" * 100))
        assert wire.read().status == status


def test_max_header_block(command: Any) -> None:
    with command("main:app", "--max-header-block", "200", "--max-field", "150").connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\na: %s\r\nb: %s\r\n\r\n" % (b"x" * 100, b"y" * 100))
        assert wire.read().status == 431


def test_backlog(command: Any) -> None:
    assert command("main:app", "--backlog", "1").ask().status == 200


@pytest.mark.parametrize(("level", "shown"), [("info", True), ("warning", False), ("critical", False)])
def test_log_level(command: Any, folder: Path, level: str, shown: bool) -> None:
    running = command("main:app", "--log-level", level, "--uds", "server.sock")
    while not (folder / "server.sock").exists():
        assert running.process.poll() is None
    answered = False
    while not answered:
        try:
            with Wire(str(folder / "server.sock")) as wire:
                answered = wire.ask().status == 200
        except ConnectionRefusedError:
            continue
    running.process.terminate()
    _, out, err = running.end()
    assert ("Started server process" in err) == shown
    assert ("GET / HTTP/1.1" in out) == shown


def test_no_access_log(command: Any) -> None:
    running = command("main:app", "--no-access-log")
    assert running.ask().status == 200
    running.process.terminate()
    assert running.end()[1] == ""


def test_use_colors(command: Any) -> None:
    running = command("main:app", "--use-colors")
    running.until("running on")
    running.process.terminate()
    assert "\x1b[32mINFO\x1b[0m:" in running.end()[2]


@pytest.mark.parametrize("arguments", [["--version"], ["run", "--version"]])
def test_version(arguments: list[str]) -> None:
    import fasterapi

    run = subprocess.run([sys.executable, "-m", "fasterapi", *arguments], capture_output=True, text=True)
    assert run.returncode == 0
    assert fasterapi.__version__ in run.stdout


def test_help_names_every_flag() -> None:
    run = subprocess.run([sys.executable, "-m", "fasterapi", "run", "--help"], capture_output=True, text=True)
    assert run.returncode == 0
    for flag in [
        "--factory",
        "--app-dir",
        "--host",
        "--port",
        "--uds",
        "--fd",
        "--loop",
        "--lifespan",
        "--root-path",
        "--header",
        "--no-server-header",
        "--no-date-header",
        "--backlog",
        "--timeout-keep-alive",
        "--timeout-graceful-shutdown",
        "--log-level",
        "--log-config",
        "--access-log",
        "--no-access-log",
        "--version",
        "--asgi-spec",
        "--header-timeout",
        "--use-colors",
    ]:
        assert flag in run.stdout, flag


@pytest.mark.parametrize(
    ("variables", "check"),
    [
        ({"FASTERAPI_ROOT_PATH": "/env"}, lambda reply: json.loads(reply.body)["root_path"] == "/env"),
        ({"FASTERAPI_SERVER_HEADER": "false"}, lambda reply: reply.header(b"server") is None),
        ({"FASTERAPI_DATE_HEADER": "0"}, lambda reply: reply.header(b"date") is None),
        ({"FASTERAPI_HEADER": "X-Env:1"}, lambda reply: reply.header(b"x-env") == b"1"),
        ({"FASTERAPI_ASGI_SPEC": "2.4"}, lambda reply: json.loads(reply.body)["spec"] == "2.4"),
        ({"FASTERAPI_LOOP": "asyncio"}, lambda reply: json.loads(reply.body)["selector"] == "EpollSelector"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_environment_variable(command: Any, variables: dict[str, str], check: Any) -> None:
    assert check(command("main:app", **variables).ask())


def test_environment_variables_name_the_address_and_the_application(command: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = command(FASTERAPI_APP="main:app", FASTERAPI_HOST="127.0.0.1", FASTERAPI_PORT=str(port))
    with running.connect() as wire:
        assert wire.socket.getpeername()[1] == port
        assert wire.ask().status == 200


def test_flag_wins_over_the_environment(command: Any) -> None:
    assert command("main:app", "--root-path", "/flag", FASTERAPI_ROOT_PATH="/env").facts()["root_path"] == "/flag"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "APP"),
        (["main:app", "--no-such-flag"], "--no-such-flag"),
        (["main:app", "--port", "http"], "--port"),
        (["main:app", "--port", "70000"], "port"),
        (["main:app", "--port", "-1"], "port"),
        (["main:app", "--lifespan", "maybe"], "--lifespan"),
        (["main:app", "--loop", "fast"], "loop"),
        (["main:app", "--loop", "main:nothing"], "nothing"),
        (["main:app", "--header", "no colon"], "no colon"),
        (["main:app", "--header", "bad name:x"], "bad name"),
        (["main:app", "--log-level", "loud"], "loud"),
        (["main:app", "--log-config", "missing.json"], "missing.json"),
        (["main:app", "--root-path", "api"], "root_path"),
        (["main:app", "--timeout-keep-alive", "-1"], "timeout_keep_alive"),
        (["main:app", "--asgi-spec", "9"], "--asgi-spec"),
        (["main:app", "--uds", "a.sock", "--fd", "3"], "fd"),
        (["main:app", "--fd", "999"], "999"),
        (["main"], "main"),
        (["main:"], "main:"),
        ([":app"], ":app"),
        (["missing:app"], "missing"),
        (["main:ap"], "app"),
        (["main:not_callable"], "not_callable"),
    ],
    ids=" ".join,
)
def test_wrong_flag_or_application_string_is_one_line_and_status_2(
    command: Any, arguments: list[str], said: str
) -> None:
    status, err = failure(command, *arguments)
    assert status == 2, err
    assert said in err
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if line.strip() and not line.startswith("INFO:")]) == 1


@pytest.mark.parametrize(
    ("arguments", "said", "traceback"),
    [
        (["broken:app"], "nothing_of_this_name", True),
        (["wrong:app"], "SyntaxError: invalid syntax", False),
        (["main:broken_factory", "--factory"], "the factory is broken", True),
        (["main:failing", "--lifespan", "on"], "the database is away", False),
        (["main:failing"], "the database is away", False),
        (["main:raising", "--lifespan", "on"], "no lifespan for you", True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_application_that_cannot_start_is_status_3(
    command: Any, arguments: list[str], said: str, traceback: bool
) -> None:
    status, err = failure(command, *arguments)
    assert status == 3, err
    assert said in err
    assert ("Traceback" in err) == traceback


def test_port_in_use_is_one_line_that_names_it(command: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, err = failure(command, "main:app", "--port", str(port), "--lifespan", "off")
    assert status not in (0, 2)
    [line] = [line for line in err.splitlines() if line.startswith("ERROR")]
    assert str(port) in line
    assert "already in use" in line
    assert "Traceback" not in err


def test_ctrl_c_ends_it_gracefully(command: Any) -> None:
    running = command("main:app")
    assert running.ask().status == 200
    running.interrupt()
    status, _, err = running.end()
    assert status in (0, -signal.SIGINT, 130)
    assert "Finished server process" in err
    assert "Traceback" not in err


def test_ctrl_c_lets_a_request_finish_and_a_second_one_ends_it(command: Any) -> None:
    running = command("main:app", "--timeout-graceful-shutdown", "none")
    with running.connect() as wire:
        wire.send(b"GET /hang HTTP/1.1\r\nhost: test\r\n\r\n")
        running.until("hangs")
        running.interrupt()
        running.until("Waiting for connections to close")
        assert running.process.poll() is None
        running.interrupt()
        running.end()
        assert wire.closed()


@pytest.mark.parametrize("path", ["/deaf", "/busy"])
def test_ctrl_c_twice_ends_even_what_does_not_listen(command: Any, path: str) -> None:
    running = command("main:app", "--timeout-graceful-shutdown", "none")
    with running.connect() as wire:
        wire.send(b"GET %s HTTP/1.1\r\nhost: test\r\n\r\n" % path.encode())
        running.until("hangs")
        running.interrupt()
        if path == "/deaf":
            running.until("Waiting for connections to close")
        else:
            os.kill(running.process.pid, 0)
        for _ in range(200):
            running.interrupt()
            try:
                running.process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                continue
        assert running.process.poll() is not None


def test_ctrl_c_during_startup_ends_it(command: Any, folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import asyncio, sys\n"
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    print('starting', file=sys.stderr, flush=True)\n"
        "    await asyncio.Event().wait()\n"
    )
    running = command("slow:app", "--lifespan", "on")
    running.until("starting")
    running.interrupt()
    for _ in range(200):
        try:
            running.process.wait(0.1)
            break
        except subprocess.TimeoutExpired:
            running.interrupt()
    assert running.process.poll() is not None


def test_terminate_finishes_requests_within_the_graceful_time(command: Any) -> None:
    running = command("main:app", "--timeout-graceful-shutdown", "0.2")
    with running.connect() as wire:
        wire.send(b"GET /hang HTTP/1.1\r\nhost: test\r\n\r\n")
        running.until("hangs")
        running.process.terminate()
        _, _, err = running.end()
    assert "cancelled" in err
    assert "graceful shutdown exceeded" in err


def test_signal_handler_is_a_bound_method_of_the_server(command: Any, folder: Path) -> None:
    (folder / "asks.py").write_text(
        "import signal\n"
        "async def app(scope, receive, send):\n"
        "    server = signal.getsignal(signal.SIGTERM).__self__\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': []})\n"
        "    await send({'type': 'http.response.body', 'body': str(server.should_exit).encode()})\n"
    )
    assert command("asks:app", "--lifespan", "off").ask().body == b"False"


@pytest.mark.parametrize("loop", ["auto", "asyncio", "uvloop"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="tells by /proc that the loop waits")
def test_signal_that_another_thread_gets_ends_it_though_nothing_else_wakes_the_loop(
    command: Any, folder: Path, loop: str, number: signal.Signals
) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    (folder / "threaded.py").write_text(
        "import os, pathlib, signal, threading\n"
        "status = pathlib.Path(f'/proc/self/task/{os.getpid()}/stat')\n"
        "def strike():\n"
        "    while status.read_text().rpartition(')')[2].split()[0] != 'S':\n"
        "        pass\n"
        f"    signal.pthread_kill(threading.get_ident(), {int(number)})\n"
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.complete'})\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.shutdown.complete'})\n"
        "async def served(scope, receive, send):\n"
        "    if scope['type'] == 'lifespan':\n"
        "        return await app(scope, receive, send)\n"
        "    threading.Thread(target=strike).start()\n"
        "    await send({'type': 'http.response.start', 'status': 204, 'headers': []})\n"
        "    await send({'type': 'http.response.body'})\n"
    )
    running = command("threaded:served", "--loop", loop, "--timeout-keep-alive", "3600")
    with running.connect() as wire:
        assert wire.ask().status == 204
        status, _, err = running.end()
    assert status == (0 if number == signal.SIGINT else -number)
    assert "Finished server process" in err
