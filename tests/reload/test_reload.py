"""`--reload`: one process holds the sockets, and another serves until a file changes."""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import fasterapi
from applications import hello
from commands import Command
from wire import PATIENCE, Wire, request

pytest.importorskip("watchfiles", reason="watchfiles does not install on this interpreter")

APPLICATION = """
import asyncio, os
VERSION = b"0"
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/die":
        os._exit(7)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/endless":
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await asyncio.Event().wait()
    await send({"type": "http.response.body", "body": VERSION})
"""
READY = "Application startup complete"
Reload = Callable[..., Command]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APPLICATION)
    return tmp_path


@pytest.fixture
def reload(folder: Path) -> Iterator[Reload]:
    running: list[Command] = []

    def start(*flags: str, fds: tuple[int, ...] = ()) -> Command:
        where = () if {"--uds", "--fd", "--port"} & set(flags) else ("--port", "0")
        arguments = ("-m", "fasterapi", "run", "main:app", "--reload", "--reload-delay", "0.05", *where, *flags)
        running.append(Command(folder, *arguments, fds=fds))
        return running[-1]

    yield start
    for each in running:
        each.__exit__(None, None, None)


def change(folder: Path, version: str, name: str = "main.py") -> None:
    """Puts a new version in the place of the file at once, as editors do."""
    new = folder / "new.tmp"
    new.write_text(APPLICATION.replace('VERSION = b"0"', f'VERSION = b"{version}"'))
    new.replace(folder / name)


def test_change_is_served_by_a_new_process_on_the_same_port(reload: Reload, folder: Path) -> None:
    running = reload()
    assert running.ask().body == b"0"
    first = running.until(r"Started server process \[(\d+)\]")[1]
    running.until(READY)
    change(folder, "1")
    running.until("WARNING:  WatchFiles detected changes in 'main.py'. Reloading...")
    second = running.until(r"Started server process \[(\d+)\]")[1]
    running.until(READY)
    assert first != second
    assert running.ask().body == b"1"


@pytest.mark.skipif(
    not hasattr(socket, "TCP_DEFER_ACCEPT"), reason="the kernel hands over connections without a request"
)
def test_no_connection_is_lost_over_ten_reloads(reload: Reload, folder: Path) -> None:
    running = reload("--no-access-log")
    address = running.address()
    running.until(READY)
    failures: list[str] = []
    answers: list[bytes] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            try:
                with Wire(address) as wire:
                    answers.append(wire.ask().body)
            except Exception as error:
                failures.append(repr(error))

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    try:
        for version in range(1, 11):
            change(folder, str(version))
            running.until(READY)
            deadline = time.monotonic() + PATIENCE
            while str(version).encode() not in answers[-1:] and time.monotonic() < deadline:
                assert not failures
    finally:
        over.set()
        for client in clients:
            client.join(PATIENCE)
    assert failures == []
    assert {str(version).encode() for version in range(11)} == set(answers)


def test_client_that_comes_between_two_processes_is_served_by_the_new_one(reload: Reload, folder: Path) -> None:
    running = reload()
    running.address()
    running.until(READY)
    gate = folder / "gate"
    os.mkfifo(gate)
    waiting = f"print('importing', flush=True); open({str(gate)!r}).read()\n"
    new = folder / "new.tmp"
    new.write_text(waiting + APPLICATION.replace('b"0"', 'b"1"'))
    new.replace(folder / "main.py")
    running.until("importing")
    with Wire(running.address()) as wire:
        wire.send(request())
        gate.write_text("go")
        assert wire.read().body == b"1"


def test_application_that_does_not_import_is_shown_and_tried_again(reload: Reload, folder: Path) -> None:
    running = reload()
    running.address()
    running.until(READY)
    (folder / "main.py").write_text("import json\n\n\ndef parse():\n    return json.loads('{')\n\n\napp = parse()\n")
    running.until("it is tried again at the next change")
    block = running.output[running.output.index('ERROR:    app "main:app" cannot be imported') :]
    assert re.match(
        r'ERROR: {4}app "main:app" cannot be imported\n'
        r'  File ".*/main\.py", line 8, in <module>\n    app = parse\(\)\n.*'
        r'  File ".*/main\.py", line 5, in parse\n    return json\.loads\(\'\{\'\)\n.*'
        r"  \.\.\. \d frames in json \.\.\.\n"
        r"json\.decoder\.JSONDecodeError: Expecting property name.*\n"
        r"WARNING:  The server did not start",
        block,
        re.DOTALL,
    ), block
    with Wire(running.address()) as wire:
        wire.send(request())
        change(folder, "2")
        assert wire.read().body == b"2"


def test_application_that_cannot_start_is_tried_again(reload: Reload, folder: Path) -> None:
    (folder / "main.py").write_text("app = 7\n")
    running = reload()
    running.address()
    running.until('ERROR: {4}app "main:app" is not callable')
    running.until("it is tried again at the next change")
    change(folder, "1")
    running.until(READY)
    assert running.ask().body == b"1"


def test_burst_of_changes_is_one_reload(reload: Reload, folder: Path) -> None:
    running = reload("--reload-delay", "0.5")
    running.address()
    running.until(READY)
    for number in range(20):
        (folder / f"part{number}.py").write_text("")
    change(folder, "1")
    running.until(READY)
    for number in range(20, 30):
        (folder / f"part{number}.py").write_text("")
    running.until(READY)
    assert running.count("detected changes") == 2
    first, second = (line for line in running.lines if "detected changes" in line)
    assert first.count("part") == 20 and "'main.py'" in first
    assert second.count("part") == 10 and "'main.py'" not in second


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_both_processes(reload: Reload, number: signal.Signals) -> None:
    running = reload()
    running.address()
    child = int(running.until(r"Started server process \[(\d+)\]")[1])
    running.until(READY)
    assert running.end(number) == 0
    assert "Application shutdown complete" in running.output
    assert re.search(rf"Stopping reloader process \[{running.process.pid}\]\n\Z", running.output)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_ctrl_c_in_a_terminal_reaches_both_and_ends_in_order(reload: Reload) -> None:
    running = reload()
    running.address()
    child = int(running.until(r"Started server process \[(\d+)\]")[1])
    running.until(READY)
    os.kill(child, signal.SIGINT)
    assert running.end(signal.SIGINT) == 0
    assert "Application shutdown complete" in running.output
    assert "Traceback" not in running.output


def test_signal_while_nothing_is_served_ends_the_command(reload: Reload, folder: Path) -> None:
    (folder / "main.py").write_text("broken(\n")
    running = reload()
    running.until("it is tried again at the next change")
    assert running.end() == 0


def test_process_that_dies_by_itself_is_reported_and_started_again(reload: Reload, folder: Path) -> None:
    running = reload()
    running.address()
    running.until(READY)
    with Wire(running.address()) as wire:
        wire.send(request(target="/die"))
        running.until(r"WARNING:  Server process \[\d+\] ended with status 7; it is started again at the next change")
    change(folder, "1")
    running.until(READY)
    assert running.ask().body == b"1"


def test_process_that_is_killed_is_reported(reload: Reload) -> None:
    running = reload()
    running.address()
    child = int(running.until(r"Started server process \[(\d+)\]")[1])
    os.kill(child, signal.SIGKILL)
    running.until(rf"Server process \[{child}\] was ended by SIGKILL")


def test_serving_process_ends_with_the_one_that_watches(reload: Reload) -> None:
    running = reload()
    running.address()
    running.until(READY)
    running.process.kill()
    # The output ends when the last process that writes to it has ended.
    assert running.wait() == -signal.SIGKILL
    assert "Application shutdown complete" in running.output


def test_endless_response_does_not_hold_up_a_reload(reload: Reload, folder: Path) -> None:
    running = reload("--timeout-graceful-shutdown", "0.2")
    running.address()
    running.until(READY)
    with Wire(running.address()) as wire:
        wire.send(request(target="/endless"))
        wire.until(b"first")
        change(folder, "1")
        running.until(READY)
        assert running.ask().body == b"1"


def test_unix_socket_is_kept_over_reloads_and_removed_at_the_end(reload: Reload, folder: Path) -> None:
    path = folder / "app.sock"
    running = reload("--uds", str(path))
    running.until(READY)
    identity = path.stat().st_ino
    change(folder, "1")
    running.until(READY)
    assert path.stat().st_ino == identity
    with Wire(str(path)) as wire:
        assert wire.ask().body == b"1"
    assert running.end() == 0
    assert not path.exists()


def test_inherited_socket_is_served_by_every_process(reload: Reload, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = reload("--fd", str(listener.fileno()), fds=(listener.fileno(),))
        running.until(READY)
        for version in ("1", "2"):
            change(folder, version)
            running.until(READY)
            with Wire(listener.getsockname()) as wire:
                assert wire.ask().body == version.encode()


def test_address_that_is_taken_ends_the_command(reload: Reload) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = reload("--port", str(listener.getsockname()[1]))
        assert running.wait() == 3
    assert len(running.lines) == 1 and "already in use" in running.lines[0]


def test_files_and_folders_are_chosen_by_flags(
    reload: Reload, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    left_out = elsewhere / "left_out"
    left_out.mkdir()
    flags = ("--reload-dir", str(elsewhere), "--reload-include", "*.txt", "--reload-exclude", str(left_out))
    running = reload(*flags, "--reload-exclude", "*.py")
    running.until(re.escape(f"Will watch for changes in these directories: ['{elsewhere}']"))
    running.until(READY)
    for name in (left_out / "a.txt", elsewhere / "b.py", folder / "main.py", elsewhere / "c.txt"):
        name.write_text(APPLICATION)
    running.until(READY)
    (line,) = (line for line in running.lines if "detected changes" in line)
    assert re.search(r"changes in '\S*/c\.txt'\. Reloading", line), line


def test_program_may_reload(folder: Path) -> None:
    program = 'import fasterapi\nif __name__ == "__main__":\n    fasterapi.run("main:app", port=0, reload=True)\n'
    (folder / "program.py").write_text(program)
    with Command(folder, "program.py") as running:
        running.address()
        running.until(READY)
        change(folder, "1")
        running.until(READY)
        assert running.ask().body == b"1"
        assert running.end() == 0


def test_options_of_reload_without_it_are_named(folder: Path) -> None:
    with Command(folder, "-m", "fasterapi", "run", "main:app", "--port", "0", "--reload-dir", ".") as running:
        running.until("WARNING:  The options of reload have no effect alone: add --reload")
        running.until(READY)
        running.end()


def test_application_that_is_no_string_is_refused() -> None:
    with pytest.raises(
        fasterapi.ConfigError, match=r'^reload needs the application as a string, for example "main:app"$'
    ):
        fasterapi.run(hello, reload=True)


def test_option_that_no_other_process_can_have_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(fasterapi.ConfigError, match=r"^reload hands every option to a new process, which one of them"):
        fasterapi.run("main:app", port=0, reload=True, log_config=None, loop=lambda: fasterapi.new_event_loop())


def test_missing_package_is_one_line(folder: Path) -> None:
    (folder / "watchfiles.py").write_text('raise ModuleNotFoundError("no", name="watchfiles")\n')
    with Command(
        folder, "-m", "fasterapi", "run", "main:app", "--reload", variables={"PYTHONPATH": _with_path(folder)}
    ) as running:
        assert running.wait() == 2
    assert running.output == 'Error: reload needs the package watchfiles: pip install "fasterapi[standard]"\n'


def _with_path(folder: Path) -> str:
    return os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
