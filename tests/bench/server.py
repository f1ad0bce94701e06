"""A server under measurement: started on its core, known to answer, ended with all its children."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

from environments import Unavailable, last_error
from process_tree import ProcessTree

APPS = Path(__file__).resolve().parent / "apps"
STARTS_WITHIN = 60.0
ENDS_WITHIN = 10.0


class Server:
    def __init__(self, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log
        self.tree = ProcessTree(process.pid)
        self.resident_at_start = 0

    def cpu_ns(self) -> int:
        if self.process.poll() is not None:
            raise Unavailable(f"ended with status {self.process.returncode}: {last_error(read(self.log))}")
        return self.tree.cpu_ns()

    def header_names(self, method: str, path: str, body: bytes | None) -> list[str]:
        """Asks once, and answers the names of the response's headers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            response.read()
            return sorted(name.lower() for name, _ in response.getheaders())
        finally:
            connection.close()


@contextmanager
def serving(
    command: Sequence[str],
    port: int,
    log: Path,
    core: int,
    probe: str,
    environment: dict[str, str] | None = None,
) -> Generator[Server, None, None]:
    """Runs a server on one core until the block ends; it has answered `GET probe` when the block begins."""
    with (
        log.open("wb") as output,
        pinned(command, core, stdout=output, stderr=subprocess.STDOUT, environment=environment) as process,
    ):
        server = Server(process, port, log)
        wait_until_it_answers(server, probe)
        server.resident_at_start = server.tree.resident_bytes()
        yield server


@contextmanager
def pinned(
    command: Sequence[str],
    core: int,
    *,
    stdin: int | None = subprocess.DEVNULL,
    stdout: "int | IO[bytes] | None" = None,
    stderr: int | None = None,
    environment: dict[str, str] | None = None,
) -> Generator["subprocess.Popen[bytes]", None, None]:
    """A process in a group of its own, on one core, with as many files as the system allows; ended with the block."""

    def place() -> None:
        os.sched_setaffinity(0, {core})
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    try:
        process = subprocess.Popen(
            command,
            cwd=APPS,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=os.environ | {"PYTHONPATH": str(APPS), "PYTHONDONTWRITEBYTECODE": "1"} | (environment or {}),
            preexec_fn=place,
            start_new_session=True,
        )
    except OSError as error:
        raise Unavailable(f"{command[0]} does not start: {error.strerror}") from error
    try:
        yield process
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
    # What the server itself left behind is in its session's group.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_it_answers(server: Server, probe: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise Unavailable(f"ended with status {server.process.returncode}: {last_error(read(server.log))}")
        with suppress(OSError, HTTPException):
            server.header_names("GET", probe, None)
            return
        time.sleep(0.05)
    raise Unavailable(f"does not answer within {STARTS_WITHIN:.0f} s: {last_error(read(server.log))}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
