"""Graceful shutdown: what is under way is finished, what is idle is closed, and it ends."""

from __future__ import annotations

import asyncio

from applications import Notes, hello, read_body, respond, until_disconnect
from served import Receive, Scope, Send, Serve
from wire import request


def test_request_under_way_is_finished_and_its_connection_closed(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await go.wait()
        await respond(send, b"finished")

    served = serve(app)
    with served.connect() as wire:
        wire.send(request())
        assert notes.get() == "begun"
        served.server.should_exit = True
        served.loop.call_soon_threadsafe(lambda: served.loop.call_later(0.05, go.set))
        reply = wire.read()
        assert reply.body == b"finished"
        assert wire.closed()
    served.join()


def test_response_whose_head_is_not_sent_says_close(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        while served.server.started:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        await respond(send, b"finished")

    served = serve(app)
    with served.connect() as wire:
        wire.send(request())
        assert notes.get() == "begun"
        served.server.should_exit = True
        assert wire.read().header(b"connection") == b"close"
    served.join()


def test_idle_connections_are_closed_at_once(serve: Serve) -> None:
    served = serve(hello)
    wires = [served.connect() for _ in range(10)]
    for wire in wires[:5]:
        assert wire.ask().body == b"hello"
    served.settle()
    served.server.should_exit = True
    for wire in wires:
        assert wire.rest() == b""
        wire.close()
    served.join()


def test_request_that_arrived_is_answered_although_the_server_has_not_read_it(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as fresh, served.connect() as used:
        assert used.ask().body == b"hello"
        served.settle()

        async def arrive_and_close() -> None:
            fresh.send(request())
            used.send(request())
            assert served.server.service is not None
            served.server.service.close()

        served.call(arrive_and_close)
        for wire in (fresh, used):
            reply = wire.read()
            assert (reply.body, reply.header(b"connection")) == (b"hello", b"close")
            assert wire.closed()


def test_pipelined_requests_that_were_not_begun_are_not_begun(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope["path"])
        await go.wait()
        await respond(send, scope["path"].encode())

    served = serve(app)
    with served.connect() as wire:
        wire.send(request(target="/one") + request(target="/two"))
        assert notes.get() == "/one"
        served.server.should_exit = True
        served.loop.call_soon_threadsafe(lambda: served.loop.call_later(0.05, go.set))
        assert wire.read().body == b"/one"
        assert wire.closed()
    served.join()
    assert notes.empty()


def test_stream_under_way_is_delivered_whole(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for index in range(100):
            await send({"type": "http.response.body", "body": b"%04d" % index * 5000, "more_body": True})
            if index == 0:
                notes.put("begun")
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect(receive_buffer=4096) as wire:
        wire.send(request())
        assert notes.get() == "begun"
        served.server.should_exit = True
        assert wire.read().body == b"".join(b"%04d" % index * 5000 for index in range(100))
    served.join()


def test_upload_under_way_is_received_whole(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await respond(send, b"%d" % len(await read_body(receive)))

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n")
        assert notes.get() == "begun"
        served.server.should_exit = True
        wire.send(bytes(1_000_000))
        assert wire.read().body == b"1000000"
    served.join()


def test_request_that_does_not_end_is_cancelled_after_the_graceful_time(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        try:
            await asyncio.Event().wait()
        finally:
            notes.put("cleaned up")

    served = serve(app, timeout_graceful_shutdown=0.2)
    with served.connect() as wire:
        wire.send(request())
        assert notes.get() == "begun"
        served.server.should_exit = True
        assert notes.get() == "cleaned up"
        assert wire.closed()
    served.join()
    assert "graceful shutdown exceeded" in "".join(served.errors.take())


def test_force_ends_a_request_at_once(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        try:
            await asyncio.Event().wait()
        finally:
            notes.put("cleaned up")

    served = serve(app, timeout_graceful_shutdown=None)
    with served.connect() as wire:
        wire.send(request())
        assert notes.get() == "begun"
        served.server.should_exit = True
        served.server.force_exit = True
        assert notes.get() == "cleaned up"
        assert wire.closed()
    served.join()


def test_request_that_was_disconnected_but_goes_on_is_waited_for(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await until_disconnect(receive)
        notes.put("gone")
        await go.wait()
        notes.put("finished")

    served = serve(app)
    wire = served.connect()
    wire.send(request())
    wire.close()
    assert notes.get() == "gone"
    served.server.should_exit = True
    served.loop.call_soon_threadsafe(lambda: served.loop.call_later(0.05, go.set))
    served.join()
    assert notes.get() == "finished"


def test_background_work_after_the_response_is_waited_for(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"answered")
        await go.wait()
        notes.put("worked")

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"answered"
        served.server.should_exit = True
        served.loop.call_soon_threadsafe(lambda: served.loop.call_later(0.05, go.set))
        served.join()
    assert notes.get() == "worked"


def test_nothing_stays_behind(serve: Serve) -> None:
    served = serve(hello)
    for _ in range(20):
        with served.connect() as wire:
            wire.ask()
    served.server.should_exit = True
    served.join()
    assert served.loop.is_closed()
