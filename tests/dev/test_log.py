"""The log of `fasterapi dev`: what a line says, and when it is coloured."""

from __future__ import annotations

import asyncio
import io
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fasterapi.devlog import DevFormatter, Timed, is_colored
from served import Message, Receive, Scope, Send

HTTP = {"type": "http", "method": "GET", "path": "/items/ü", "raw_path": b"/items/%C3%BC", "query_string": b"q=1"}
WEBSOCKET = {"type": "websocket", "path": "/live", "raw_path": None, "query_string": b""}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines of exchanges, formatted without colours."""
    written: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Lines()
    handler.setFormatter(DevFormatter(False))
    logger = logging.getLogger("fasterapi.access")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    return written


def run(app: Callable[[Scope, Receive, Send], Awaitable[None]], scope: Scope, *received: Message) -> list[Message]:
    """Runs an application behind the log; what it sent."""
    sent: list[Message] = []
    inbox = list(received)

    async def receive() -> Message:
        return inbox.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Timed(app)(dict(scope), receive, send))
    return sent


def test_line_of_an_exchange(lines: list[str]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404})
        await send({"type": "http.response.body", "more_body": True})
        assert lines == []
        await send({"type": "http.response.body"})
        assert len(lines) == 1

    run(app, HTTP)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  GET      /items/%C3%BC\?q=1 +  404  \d+\.\d ms", lines[0]), lines


def test_line_of_an_exchange_that_fails(lines: list[str]) -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise LookupError

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    for app in (early, late):
        with pytest.raises(LookupError):
            run(app, HTTP)
    run(silent, HTTP)
    assert [re.split(" {2,}", line)[3] for line in lines] == ["500", "200 broken off", "no answer"]


def test_exception_after_the_answer_is_no_second_line(lines: list[str]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body"})
        raise LookupError

    with pytest.raises(LookupError):
        run(app, HTTP)
    assert len(lines) == 1


def test_lines_of_a_websocket(lines: list[str]) -> None:
    async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 4000})

    async def denying(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})

    run(accepting, WEBSOCKET, {"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001})
    run(closing, WEBSOCKET)
    run(denying, WEBSOCKET)
    assert [re.split(" {2,}", line)[1:4] for line in lines] == [
        ["WS", "/live", "101 open"],
        ["WS", "/live", "closed by the client, 1001"],
        ["WS", "/live", "101 open"],
        ["WS", "/live", "closed, 4000"],
        ["WS", "/live", "403 refused"],
    ]


def test_startup_message_with_a_traceback_is_trimmed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            raise LookupError("no settings")
        except LookupError:
            await send({"type": "lifespan.startup.failed", "message": "Traceback ..."})

    (message,) = run(app, {"type": "lifespan"})
    assert message["message"].startswith('  File "') and message["message"].endswith("\nLookupError: no settings")


@pytest.mark.parametrize(
    ("option", "variables", "terminal", "colored"),
    [
        (None, {}, True, True),
        (None, {}, False, False),
        (None, {"NO_COLOR": "1"}, True, False),
        (None, {"NO_COLOR": ""}, True, True),
        (None, {"FORCE_COLOR": "1"}, False, True),
        (None, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
        (True, {"NO_COLOR": "1"}, False, True),
        (False, {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colours(
    monkeypatch: pytest.MonkeyPatch, option: bool | None, variables: dict[str, str], terminal: bool, colored: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert is_colored(Terminal() if terminal else io.StringIO(), option) is colored


def test_record_of_another_library_keeps_its_traceback_for_other_handlers() -> None:
    try:
        raise LookupError("lost")
    except LookupError as error:
        info: Any = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "it %s", ("failed",), info)
    text = DevFormatter(True).format(record)
    assert "\x1b[31merror: \x1b[0mit failed\n" in text
    assert text.endswith("\x1b[31mLookupError: lost\x1b[0m")
    assert record.exc_text is None
