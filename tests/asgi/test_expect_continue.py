"""`Expect: 100-continue`: the interim response is sent only when the application first reads."""

from __future__ import annotations

import asyncio

from applications import Notes, echo, read_body, respond
from served import Receive, Scope, Send, Serve

ASKING = b"POST / HTTP/%s\r\nhost: test\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"


def test_continue_is_sent_at_the_first_receive_and_only_then(serve: Serve) -> None:
    notes = Notes()
    gate = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await gate.wait()
        await respond(send, await read_body(receive))

    served = serve(app)
    with served.connect() as wire:
        wire.send(ASKING % b"1.1")
        assert notes.get() == "begun"
        served.settle()
        assert wire.pending() == b""
        served.loop.call_soon_threadsafe(gate.set)
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.send(b"hello")
        assert wire.read().body == b"hello"


def test_continue_is_sent_once(serve: Serve) -> None:
    served = serve(echo)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n")
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        for _ in range(3):
            wire.send(b"2\r\nab\r\n")
            served.settle()
        wire.send(b"0\r\n\r\n")
        reply = wire.read()
        assert reply.informational == []
        assert reply.body == b"ababab"


def test_continue_is_not_sent_when_the_application_answers_without_reading(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"no", 403)

    served = serve(app)
    with served.connect() as wire:
        wire.send(ASKING % b"1.1")
        answer = wire.rest()
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"100 Continue" not in answer
    assert b"connection: close\r\n" in answer, "the body never came, so the next request could not be told from it"


def test_continue_is_not_sent_when_the_body_is_already_there(serve: Serve) -> None:
    served = serve(echo)
    with served.connect() as wire:
        wire.send(ASKING % b"1.1" + b"hello")
        reply = wire.read()
        assert reply.body == b"hello"
        assert reply.informational in ([], [(100, [])])
        assert wire.ask("POST", body=b"next").body == b"next"


def test_continue_is_never_sent_to_an_http_1_0_client(serve: Serve) -> None:
    served = serve(echo)
    with served.connect() as wire:
        wire.send(ASKING % b"1.0")
        wire.send(b"hello")
        reply = wire.read()
    assert reply.informational == []
    assert reply.body == b"hello"


def test_unknown_expectation_is_refused(serve: Serve) -> None:
    calls: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["path"])
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\nexpect: 200-ok\r\n\r\n")
        assert wire.rest().startswith(b"HTTP/1.1 417 ")
    assert calls == []


def test_connection_is_kept_after_a_continued_request(serve: Serve) -> None:
    served = serve(echo)
    with served.connect() as wire:
        for _ in range(3):
            wire.send(ASKING % b"1.1")
            assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            wire.send(b"hello")
            assert wire.read().body == b"hello"
