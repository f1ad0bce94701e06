"""Applications that break the rules of a WebSocket: an exception, the right answer to the client, a log."""

from __future__ import annotations

from typing import Any

import pytest

from applications import Notes, accept
from frames import Socket, handshake, text
from served import Message, Receive, Scope, Send, Serve


@pytest.fixture
def notes() -> Notes:
    return Notes()


def guarded(app: Any) -> Any:
    """Serves the misuse, but a neighbour as it should be."""

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/neighbour":
            return await app(scope, receive, send)
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "well"})
        await send({"type": "websocket.close"})
        return None

    return chosen


def neighbour_is_well(served: Any) -> None:
    with served.connect() as wire, Socket(wire, "/neighbour") as socket:
        assert socket.message() == "well"
        assert socket.ended() == (1000, "")


def test_crash_before_the_accept_is_a_500_and_is_logged_with_its_traceback(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise ZeroDivisionError("by the application")

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(handshake())
        reply = wire.read()
        assert (reply.status, reply.body) == (500, b"Internal Server Error")
    [record] = served.errors.take()
    assert "Exception in ASGI application" in record and "ZeroDivisionError: by the application" in record
    assert __file__ in record
    neighbour_is_well(served)


@pytest.mark.better("the connection is cut without a Close frame")
def test_crash_after_the_accept_is_a_close_of_1011(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "so far"})
        raise ZeroDivisionError("by the application")

    served = serve(guarded(app))
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == "so far"
        code, reason = socket.ended()
        assert code == 1011
        assert "Zero" not in reason, "what failed is nobody's business outside"
    assert "ZeroDivisionError: by the application" in served.errors.take()[0]
    neighbour_is_well(served)


def test_crash_after_the_close_leaves_the_close_as_it_is(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", "code": 4000})
        raise ZeroDivisionError("too late to matter")

    served = serve(guarded(app))
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (4000, "")
    assert "too late to matter" in served.errors.take()[0]
    neighbour_is_well(served)


def test_return_without_an_answer_is_a_500(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(handshake())
        assert wire.read().status == 500
    assert "without completing handshake" in served.errors.take()[0]
    neighbour_is_well(served)


def test_crash_inside_a_denial_response_never_looks_like_a_whole_one(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "websocket.http.response.start", "status": 403, "headers": [(b"content-length", b"10")]}
        await receive()
        await send(start)
        await send({"type": "websocket.http.response.body", "body": b"half", "more_body": True})
        raise ZeroDivisionError("in the middle")

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(handshake())
        answer = wire.rest()
    assert not answer.endswith(b"\r\n\r\n") or b" 403 " not in answer
    assert len(answer.partition(b"\r\n\r\n")[2]) < 10 or b" 500 " in answer
    served.errors.take()
    neighbour_is_well(served)


ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close"}
START: Message = {"type": "websocket.http.response.start", "status": 403, "headers": []}

BEFORE: dict[str, list[Any]] = {
    "send": [{"type": "websocket.send", "text": "evil"}],
    "denial body without a start": [{"type": "websocket.http.response.body", "body": b"evil"}],
    "unknown type": [{"type": "websocket.evil"}],
    "type of http": [{"type": "http.response.start", "status": 200, "headers": []}],
    "no type": [{"text": "evil"}],
    "not a dict": ["websocket.accept"],
}

OPEN: dict[str, list[Any]] = {
    "second accept": [ACCEPT],
    "denial": [START],
    "unknown type": [{"type": "websocket.evil"}],
    "type of http": [{"type": "http.response.body", "body": b"evil"}],
    "no type": [{"text": "evil"}],
    "not a dict": ["websocket.send"],
    "text of bytes": [{"type": "websocket.send", "text": b"evil"}],
    "text of a number": [{"type": "websocket.send", "text": 1}],
    "text of a lone surrogate": [{"type": "websocket.send", "text": "evil\ud800"}],
    "bytes of text": [{"type": "websocket.send", "bytes": "evil"}],
    "bytes of a list": [{"type": "websocket.send", "bytes": [1]}],
    "neither text nor bytes": [{"type": "websocket.send"}],
    "code of text": [{"type": "websocket.close", "code": "1000"}],
    "code 0": [{"type": "websocket.close", "code": 0}],
    "code 1005": [{"type": "websocket.close", "code": 1005}],
    "code 1006": [{"type": "websocket.close", "code": 1006}],
    "code 2999": [{"type": "websocket.close", "code": 2999}],
    "code 5000": [{"type": "websocket.close", "code": 5000}],
    "code huge": [{"type": "websocket.close", "code": 1 << 70}],
    "reason too long": [{"type": "websocket.close", "reason": "x" * 124}],
    "reason too long as bytes": [{"type": "websocket.close", "reason": "\u2603" * 42}],
    "reason of bytes": [{"type": "websocket.close", "reason": b"evil"}],
}

REFUSALS = (RuntimeError, ValueError, TypeError, KeyError, UnicodeError)


def raising(messages: list[Any], notes: Notes, *, first: bool) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if first:
            await receive()
        else:
            await accept(receive, send)
        for message in messages:
            try:
                await send(message)
            except Exception as error:
                notes.put(error)
                raise
        notes.put(None)

    return app


@pytest.mark.better("some of these end the connection without an exception or an answer")
@pytest.mark.parametrize("messages", BEFORE.values(), ids=BEFORE.keys())
def test_wrong_message_before_the_accept_raises_and_is_a_500(serve: Serve, notes: Notes, messages: list[Any]) -> None:
    served = serve(guarded(raising(messages, notes, first=True)))
    with served.connect() as wire:
        wire.send(handshake())
        reply = wire.read()
    assert reply.status == 500 and b"evil" not in reply.body
    assert isinstance(notes.get(), REFUSALS)
    served.errors.take()
    neighbour_is_well(served)


@pytest.mark.better("the connection is cut without a Close frame, and some of these are not refused")
@pytest.mark.parametrize("messages", OPEN.values(), ids=OPEN.keys())
def test_wrong_message_on_an_open_websocket_raises_and_is_a_close_of_1011(
    serve: Serve, notes: Notes, messages: list[Any]
) -> None:
    served = serve(guarded(raising(messages, notes, first=False)))
    with served.connect() as wire, Socket(wire) as socket:
        code, reason = socket.ended()
    assert code == 1011 and "evil" not in reason
    error = notes.get()
    assert isinstance(error, REFUSALS) and str(error), "the error says what to do"
    served.errors.take()
    neighbour_is_well(served)


@pytest.mark.parametrize(
    "messages",
    [[CLOSE, {"type": "websocket.send", "text": "late"}], [CLOSE, CLOSE], [CLOSE, ACCEPT]],
    ids=["send", "close", "accept"],
)
def test_message_after_the_own_close_raises_and_the_close_stands(
    serve: Serve, notes: Notes, messages: list[Any]
) -> None:
    served = serve(guarded(raising(messages, notes, first=False)))
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.read().closing == (1000, "")
        assert isinstance(notes.get(), RuntimeError)
    served.errors.take()
    neighbour_is_well(served)


@pytest.mark.parametrize("messages", [[CLOSE, ACCEPT], [START, ACCEPT], [CLOSE, START]])
def test_message_after_a_refusal_raises_and_the_refusal_stands(serve: Serve, notes: Notes, messages: list[Any]) -> None:
    served = serve(guarded(raising(messages, notes, first=True)))
    with served.connect() as wire:
        wire.send(handshake())
        answer = wire.rest()
    assert answer == b"" or answer.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 500 "))
    assert isinstance(notes.get(), (RuntimeError, OSError))
    served.settle()
    served.errors.seen.clear()
    neighbour_is_well(served)


def test_refused_message_leaves_the_websocket_open_for_who_catches_the_error(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        with pytest.raises(RuntimeError):
            await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "still open"})
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == "still open"
        assert socket.ended() == (1000, "")


def test_value_that_is_returned_is_reported(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> Any:
        await accept(receive, send)
        await send({"type": "websocket.close"})
        return "something"

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (1000, "")
    assert "something" in served.errors.take()[0]


def test_application_for_http_alone_refuses_by_its_crash(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake() + text("early"))
        assert wire.read().status == 500
    served.errors.take()
