"""Applications that break the rules: a correct answer or a closed connection, a log, never a wrong byte."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from applications import Notes, respond
from served import Receive, Scope, Send, Serve, Served
from wire import request


def exchange(served: Served, version: str = "1.1") -> bytes:
    """All bytes the server sends on a connection of its own, which it must then close."""
    with served.connect() as wire:
        wire.send(request(version=version))
        return wire.rest()


def neighbour_is_well(served: Served, answer: bytes = b"well") -> None:
    with served.connect() as wire:
        assert wire.ask("GET", "/neighbour").body == answer


def guarded(app: Any) -> Any:
    """Serves the misuse, but a neighbour's request as it should be."""

    async def chosen(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/neighbour":
            await respond(send, b"well")
        else:
            await app(scope, receive, send)

    return chosen


def test_exception_before_the_start_is_a_500_and_is_logged_with_its_traceback(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ZeroDivisionError("by the application")

    served = serve(guarded(app))
    answer = exchange(served, version)
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b"\r\n\r\nInternal Server Error")
    assert b"connection: close\r\n" in answer
    [record] = served.errors.take()
    assert "Exception in ASGI application" in record
    assert "Traceback (most recent call last)" in record
    assert "ZeroDivisionError: by the application" in record
    assert __file__ in record
    neighbour_is_well(served)


def test_exception_after_the_body_began_closes_the_connection_without_another_byte(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        raise ZeroDivisionError("in the middle")

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(request(version=version))
        assert wire.head().startswith(b"HTTP/1.1 200 OK\r\n")
        assert wire.rest() == (b"5\r\nbegun\r\n" if version == "1.1" else b"begun")
    assert "ZeroDivisionError: in the middle" in served.errors.take()[0]
    neighbour_is_well(served)


def test_exception_after_the_whole_response_leaves_the_response_as_it_is(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"whole")
        raise ZeroDivisionError("too late to matter")

    served = serve(guarded(app))
    with served.connect() as wire:
        assert wire.ask().body == b"whole"
    assert "too late to matter" in served.errors.take()[0]
    neighbour_is_well(served)


def test_return_without_a_response_is_a_500(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    served = serve(guarded(app))
    assert exchange(served, version).startswith(b"HTTP/1.1 500 ")
    assert "without" in served.errors.take()[0]
    neighbour_is_well(served)


def test_return_inside_a_response_closes_the_connection(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(request())
        wire.head()
        assert wire.rest() == b"4\r\nhalf\r\n"
    served.errors.take()
    neighbour_is_well(served)


def test_return_after_the_start_alone_never_looks_like_a_whole_response(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})

    served = serve(guarded(app))
    answer = exchange(served)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 500 ") or answer.endswith(b"\r\n\r\n")
    served.errors.take()
    neighbour_is_well(served)


def test_value_that_is_returned_is_reported_but_the_response_stands(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> Any:
        await respond(send, b"fine")
        return "something"

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"fine"
    served.settle()
    served.errors.seen.clear()


def test_too_many_bytes_against_the_length_are_refused_and_never_sent(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello world"})

    served = serve(guarded(app))
    answer = exchange(served, version)
    assert b"hello " not in answer
    assert answer == b"" or answer.startswith((b"HTTP/1.1 500 ", b"HTTP/1.1 200 "))
    assert "Content-Length" in served.errors.take()[0]
    neighbour_is_well(served)


def test_too_many_bytes_later_in_a_stream_end_it_at_the_length(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": b"defg", "more_body": True})

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(request())
        wire.head()
        assert b"abcde".startswith(wire.rest())
    assert "Content-Length" in served.errors.take()[0]
    neighbour_is_well(served)


def test_too_few_bytes_against_the_length_close_the_connection(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"short", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    served = serve(guarded(app))
    with served.connect() as wire:
        wire.send(request() + request(target="/neighbour"))
        wire.head()
        assert wire.rest() == b"short", "a byte of another answer would be taken for this one's"
    assert "Content-Length" in served.errors.take()[0]
    neighbour_is_well(served)


BAD_MESSAGES: dict[str, list[Any]] = {
    "body before the start": [{"type": "http.response.body", "body": b"x"}],
    "second start": [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.start", "status": 200, "headers": []},
    ],
    "unknown type": [{"type": "http.response.nonsense"}],
    "no type": [{"status": 200}],
    "not a dict": ["http.response.start"],
    "type of another protocol": [{"type": "websocket.accept"}],
    "no status": [{"type": "http.response.start", "headers": []}],
    "status as text": [{"type": "http.response.start", "status": "200", "headers": []}],
    "status none": [{"type": "http.response.start", "status": None, "headers": []}],
    "status too small": [{"type": "http.response.start", "status": 99, "headers": []}],
    "status too large": [{"type": "http.response.start", "status": 1000, "headers": []}],
    "status negative": [{"type": "http.response.start", "status": -200, "headers": []}],
    "status huge": [{"type": "http.response.start", "status": 1 << 70, "headers": []}],
    "informational status": [{"type": "http.response.start", "status": 101, "headers": []}],
    "headers as text": [{"type": "http.response.start", "status": 200, "headers": "abc"}],
    "headers of text": [{"type": "http.response.start", "status": 200, "headers": [("a", "b")]}],
    "header of one": [{"type": "http.response.start", "status": 200, "headers": [(b"a",)]}],
    "header of three": [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"b", b"c")]}],
    "header none": [{"type": "http.response.start", "status": 200, "headers": [None]}],
    "header value number": [{"type": "http.response.start", "status": 200, "headers": [(b"a", 1)]}],
    "value with CR LF": [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nevil: 1")]}],
    "value with LF": [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\nevil: 1")]}],
    "value with CR": [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\revil: 1")]}],
    "value with NUL": [{"type": "http.response.start", "status": 200, "headers": [(b"a", b"evil\x00")]}],
    "name with CR LF": [{"type": "http.response.start", "status": 200, "headers": [(b"a\r\nevil", b"1")]}],
    "name with colon": [{"type": "http.response.start", "status": 200, "headers": [(b"evil: 1\x00", b"1")]}],
    "name with space": [{"type": "http.response.start", "status": 200, "headers": [(b"evil name", b"1")]}],
    "empty name": [{"type": "http.response.start", "status": 200, "headers": [(b"", b"evil")]}],
    "name beyond ascii": [{"type": "http.response.start", "status": 200, "headers": [(b"evil\xe9", b"1")]}],
    "length not a number": [{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"evil")]}],
    "length negative": [{"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"-1")]}],
    "two lengths": [
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-length", b"1"), (b"content-length", b"2")],
        }
    ],
    "body as text": [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": "evil"},
    ],
    "body none": [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": None},
    ],
    "body a list": [
        {"type": "http.response.start", "status": 200, "headers": []},
        {"type": "http.response.body", "body": [b"evil"]},
    ],
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_bad_message_raises_in_the_application_and_nothing_of_it_is_sent(serve: Serve, name: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in BAD_MESSAGES[name]:
            await send(message)

    served = serve(guarded(app))
    answer = exchange(served)
    assert b"evil" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 500 ")
    [record] = served.errors.take()
    assert "Traceback (most recent call last)" in record
    assert "PanicException" not in record
    neighbour_is_well(served)


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_application_that_catches_the_error_of_a_bad_message_may_still_answer(serve: Serve, name: str) -> None:
    notes = Notes()
    messages = BAD_MESSAGES[name]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages[:-1]:
            await send(message)
        try:
            await send(messages[-1])
        except Exception as error:
            notes.put(error)
        else:
            notes.put(None)
        if len(messages) == 1:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"recovered"})

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask()
        assert (reply.status, reply.body) == (200, b"recovered")
        assert wire.ask().body == b"recovered"
    for _ in range(2):
        error = notes.get()
        assert isinstance(error, RuntimeError | TypeError | ValueError | KeyError)
        assert str(error), "the message says what to do"


def test_message_after_the_end_of_the_response_raises(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"whole")
        for message in (
            {"type": "http.response.body", "body": b"more"},
            {"type": "http.response.start", "status": 500, "headers": []},
        ):
            try:
                await send(message)
            except RuntimeError as error:
                notes.put(str(error))
            else:
                notes.put(None)

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"whole"
        assert wire.ask().body == b"whole"
    assert notes.get()
    assert notes.get()


def test_awaiting_the_same_send_twice_does_not_send_twice(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        once = send({"type": "http.response.body", "body": b"once", "more_body": True})
        await once
        try:
            await once
        except RuntimeError:
            notes.put("refused")
        else:
            notes.put("taken")
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"once"
    assert notes.get() == "refused"


def test_application_that_is_not_async_is_a_500(serve: Serve) -> None:
    def app(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    served = serve(app)
    with served.connect() as wire:
        wire.send(request())
        assert wire.rest().startswith(b"HTTP/1.1 500 ")
    served.errors.take()


def test_application_that_raises_at_the_call_is_a_500(serve: Serve) -> None:
    class App:
        def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
            raise LookupError("at the call")

    served = serve(App())
    with served.connect() as wire:
        wire.send(request())
        assert wire.rest().startswith(b"HTTP/1.1 500 ")
    assert "LookupError: at the call" in served.errors.take()[0]


def test_cancelled_application_closes_the_connection(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.Event().wait()

    served = serve(guarded(app))
    answer = exchange(served)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 500 ")
    neighbour_is_well(served)
    served.errors.seen.clear()
