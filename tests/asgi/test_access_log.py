"""The access log: uvicorn's line, or uvicorn's record where the user configured uvicorn's logger."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from applications import hello, respond
from served import Receive, Scope, Send, Serve, listening
from wire import PATIENCE, Wire, request

TESTS = Path(__file__).parents[1]


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(params=["uvicorn.access", "fasterapi.access"])
def access_records(request: pytest.FixtureRequest) -> Iterator[Records]:
    """A handler that the user gave the access logger in code."""
    logger = logging.getLogger(request.param)
    handler = Records()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_configured_logger_gets_uvicorns_message_and_its_five_arguments(
    serve: Serve, access_records: Records, version: str
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"x", 201)

    served = serve(app, access_log=True)
    with served.connect() as wire:
        client = "{}:{}".format(*wire.socket.getsockname())
        wire.ask("POST", "/a%20b?c=d%20e", version=version, body=b"x")
    served.settle()
    [record] = access_records.records
    assert record.msg == '%s - "%s %s HTTP/%s" %d'
    assert record.args == (client, "POST", "/a%20b?c=d%20e", version, 201)
    assert record.levelno == logging.INFO
    assert record.getMessage() == f'{client} - "POST /a%20b?c=d%20e HTTP/{version}" 201'


def test_filter_of_a_health_check_goes_on_working(serve: Serve, access_records: Records) -> None:
    class WithoutHealth(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            assert isinstance(record.args, tuple)
            return record.args[2] != "/health"

    chosen = WithoutHealth()
    access_records.addFilter(chosen)
    served = serve(hello, access_log=True)
    with served.connect() as wire:
        for path in ("/health", "/real", "/health"):
            wire.ask("GET", path)
    served.settle()
    assert [record.args[2] for record in access_records.records if isinstance(record.args, tuple)] == ["/real"]


def test_every_request_of_a_connection_is_logged_in_order(serve: Serve, access_records: Records) -> None:
    served = serve(hello, access_log=True)
    with served.connect() as wire:
        wire.send(b"".join(request(target=f"/{number}") for number in range(50)))
        for _ in range(50):
            wire.read()
    served.settle()
    paths = [record.args[2] for record in access_records.records if isinstance(record.args, tuple)]
    assert paths == [f"/{number}" for number in range(50)]


def test_failed_request_is_logged_as_the_500_the_client_got(serve: Serve, access_records: Records) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("no")

    served = serve(app, access_log=True)
    with served.connect() as wire:
        assert wire.ask().status == 500
    served.errors.take()
    served.settle()
    [record] = access_records.records
    assert isinstance(record.args, tuple)
    assert record.args[4] == 500


def test_no_access_log_logs_nothing(serve: Serve, access_records: Records) -> None:
    served = serve(hello, access_log=False)
    with served.connect() as wire:
        wire.ask()
    served.settle()
    assert access_records.records == []


def test_handler_that_raises_does_not_harm_the_request(
    serve: Serve, access_records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def emit(record: logging.LogRecord) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(access_records, "emit", emit)
    served = serve(hello, access_log=True)
    with served.connect() as wire:
        assert wire.ask().body == b"hello"
        assert wire.ask().body == b"hello"
    served.errors.seen.clear()


def started(*arguments: str, **options: Any) -> tuple[subprocess.Popen[bytes], tuple[str, int]]:
    """The command as users start it, and its address, which it says on stderr."""
    command = [sys.executable, "-m", "fasterapi", "run", *arguments, "--port", "0", "--app-dir", str(TESTS)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, **options)
    assert process.stderr is not None
    for line in process.stderr:
        if b"running on http://" in line:
            return process, ("127.0.0.1", int(line.split(b":")[-1].split()[0]))
    raise AssertionError(f"the server did not start: {process.wait()}")


def test_line_on_stdout_is_uvicorns() -> None:
    process, address = started("applications:hello", stdout=subprocess.PIPE)
    with process:
        with Wire(address) as wire:
            client = "{}:{}".format(*wire.socket.getsockname()).encode()
            wire.ask("GET", "/a?b=c")
            wire.ask("HEAD", "/", version="1.0")
        process.terminate()
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
    assert lines == [
        b'INFO:     %s - "GET /a?b=c HTTP/1.1" 200 OK' % client,
        b'INFO:     %s - "HEAD / HTTP/1.0" 200 OK' % client,
    ]


def test_control_bytes_of_a_peer_cannot_forge_a_line() -> None:
    process, address = started("applications:hello", stdout=subprocess.PIPE)
    with process:
        with Wire(address) as wire:
            wire.ask("GET", "/%0AINFO:%1b[31m")
        process.terminate()
        assert process.stdout is not None
        output = process.stdout.read()
    assert output.count(b"\n") == 1
    assert b"\x1b" not in output


def test_full_pipe_never_blocks_the_loop() -> None:
    reader, writer = os.pipe()
    process, address = started("applications:hello", stdout=writer)
    os.close(writer)
    with process:
        with Wire(address) as wire:
            for start in range(0, 3000, 500):
                wire.send(b"".join(request(target=f"/{start + n}{'x' * 100}") for n in range(500)))
                for _ in range(500):
                    assert wire.read().body == b"hello"
        process.terminate()
        assert process.wait(PATIENCE) is not None
    data = b""
    while piece := os.read(reader, 1 << 20):
        data += piece
    os.close(reader)
    lines = data.split(b"\n")
    assert all(line.startswith(b"INFO: ") and line.endswith(b"200 OK") for line in lines[:-1]), "a line is torn"


def test_closed_stdout_does_not_end_the_server() -> None:
    reader, writer = os.pipe()
    process, address = started("applications:hello", stdout=writer)
    os.close(writer)
    os.close(reader)
    with process:
        with Wire(address) as wire:
            for _ in range(5):
                assert wire.ask().body == b"hello"
        process.terminate()


@pytest.mark.parametrize("kind", ["json", "yaml", "ini"])
def test_log_config_of_uvicorn_is_obeyed(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "access.log"
    path = tmp_path / f"log.{kind}"
    mapping = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"format": "%(name)s|%(message)s"}},
        "handlers": {"file": {"class": "logging.FileHandler", "filename": str(target), "formatter": "plain"}},
        "loggers": {
            "uvicorn.access": {"handlers": ["file"], "level": "INFO", "propagate": False},
            "uvicorn.error": {"handlers": ["file"], "level": "INFO", "propagate": False},
        },
    }
    if kind == "ini":
        path.write_text(
            "[loggers]\nkeys=root,access\n[handlers]\nkeys=file\n[formatters]\nkeys=plain\n"
            "[formatter_plain]\nformat=%(name)s|%(message)s\n"
            f"[handler_file]\nclass=FileHandler\nargs=({str(target)!r},)\nformatter=plain\n"
            "[logger_root]\nlevel=INFO\nhandlers=\n"
            "[logger_access]\nqualname=uvicorn.access\nlevel=INFO\nhandlers=file\npropagate=0\n"
        )
    elif kind == "yaml":
        import yaml

        path.write_text(yaml.safe_dump(mapping))
    else:
        path.write_text(json.dumps(mapping))
    with listening() as listener:
        listener.set_inheritable(True)
        command = [sys.executable, "-m", "fasterapi", "run", "applications:hello", "--app-dir", str(TESTS)]
        options = ["--fd", str(listener.fileno()), "--log-config", str(path)]
        with subprocess.Popen([*command, *options], pass_fds=[listener.fileno()]) as process:
            with Wire(listener.getsockname()) as wire:
                assert wire.ask("GET", "/logged").body == b"hello"
            process.terminate()
    text = target.read_text()
    assert "uvicorn.access|127.0.0.1:" in text
    assert '"GET /logged HTTP/1.1" 200' in text
