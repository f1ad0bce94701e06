"""How long a connection lives, and many requests on one."""

from __future__ import annotations

import asyncio

from applications import Notes, echo, hello, respond, where
from served import Receive, Scope, Send, Serve
from wire import request


def test_http_1_1_connection_is_kept(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        for _ in range(20):
            reply = wire.ask()
            assert reply.body == b"hello"
            assert reply.header(b"connection") is None


def test_http_1_1_connection_closes_when_the_client_says_so(serve: Serve) -> None:
    served = serve(hello)
    for value in (b"close", b"Close", b"keep-alive, close", b"x, CLOSE"):
        with served.connect() as wire:
            reply = wire.ask(headers=[(b"connection", value)])
            assert reply.header(b"connection") == b"close"
            assert wire.closed()


def test_http_1_0_connection_closes_unless_the_client_asks_to_keep_it(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        wire.send(request(version="1.0"))
        assert wire.rest().endswith(b"\r\n\r\nhello")


def test_http_1_0_connection_is_kept_when_both_sides_say_so(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        for _ in range(5):
            reply = wire.ask(version="1.0", headers=[(b"connection", b"Keep-Alive")])
            assert reply.body == b"hello"
            assert reply.header(b"connection") == b"keep-alive"


def test_application_may_close_the_connection(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"bye", headers=[(b"connection", b"close")])

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask(version=version, headers=[(b"connection", b"keep-alive")])
        assert reply.body == b"bye"
        assert reply.header(b"connection") == b"close"
        assert wire.closed()


def test_pipelined_requests_are_answered_in_order(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        number = int(scope["path"][1:])
        for _ in range(5 - number):
            await asyncio.sleep(0)  # the first is the slowest
        await respond(send, b"%d" % number)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"".join(request(target=f"/{number}") for number in range(5)))
        assert [wire.read().body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


def test_pipelined_requests_are_not_begun_before_the_one_ahead_is_answered(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope["path"])
        if scope["path"] == "/first":
            await go.wait()
        await respond(send, scope["path"].encode())

    served = serve(app)
    with served.connect() as wire:
        wire.send(request(target="/first") + request(target="/second"))
        assert notes.get() == "/first"
        served.settle()
        assert notes.empty()
        served.loop.call_soon_threadsafe(go.set)
        assert [wire.read().body, wire.read().body] == [b"/first", b"/second"]


def test_thousand_pipelined_requests_are_all_answered(serve: Serve) -> None:
    served = serve(where)
    with served.connect() as wire:
        wire.send(b"".join(request(target=f"/{number}") for number in range(1000)))
        assert [wire.read().body for _ in range(1000)] == [b"/%d" % number for number in range(1000)]


def test_pipelined_bodies_are_kept_apart(serve: Serve) -> None:
    served = serve(echo)
    bodies = [b"", b"a" * 10, b"b" * 70_000, b"c", b"d" * 200_000, b"e"]
    with served.connect() as wire:
        stream = b""
        for number, body in enumerate(bodies):
            if number % 2:
                chunks = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
                stream += request("POST", headers=[(b"transfer-encoding", b"chunked")]) + chunks + b"0\r\n\r\n"
            else:
                stream += request("POST", body=body)
        wire.send(stream[:50_000])
        wire.send(stream[50_000:])
        assert [wire.read().body for _ in bodies] == bodies


def test_requests_after_a_close_are_not_served(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope["path"])
        await respond(send, b"last")

    served = serve(app)
    with served.connect() as wire:
        wire.send(request(target="/one", headers=[(b"connection", b"close")]) + request(target="/two"))
        assert wire.rest().endswith(b"last")
    served.settle()
    assert notes.get() == "/one"
    assert notes.empty()


def test_bytes_of_the_next_request_may_come_while_one_is_served(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope["path"])
        if scope["path"] == "/first":
            await go.wait()
        await respond(send, scope["path"].encode())

    served = serve(app)
    with served.connect() as wire:
        wire.send(request(target="/first"))
        assert notes.get() == "/first"
        wire.send(request(target="/second")[:20])
        served.settle()
        served.loop.call_soon_threadsafe(go.set)
        assert wire.read().body == b"/first"
        wire.send(request(target="/second")[20:])
        assert wire.read().body == b"/second"


def test_one_client_that_pipelines_without_end_does_not_starve_another(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as greedy, served.connect() as modest:
        greedy.socket.setblocking(False)
        stream = request() * 20_000
        try:
            while stream:
                stream = stream[greedy.socket.send(stream) :]
        except BlockingIOError:
            pass
        for _ in range(10):
            assert modest.ask().body == b"hello"
