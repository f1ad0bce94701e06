"""Limits of a WebSocket and back-pressure both ways: messages, the queue, a peer that is slow to read."""

from __future__ import annotations

import asyncio
import socket as sockets
from typing import Any

import pytest

from applications import Notes, accept, echo_messages
from frames import DEFLATE, Deflater, Opcode, Socket, binary, encode, text
from served import Receive, Scope, Send, Serve

PIECE = 64 << 10


@pytest.fixture
def notes() -> Notes:
    return Notes()


def noting(notes: Notes) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        while True:
            message = await receive()
            notes.put(message)
            if message["type"] == "websocket.disconnect":
                return

    return app


def test_message_of_the_limit_is_taken(serve: Serve) -> None:
    served = serve(echo_messages, ws_max_size=1000)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(binary(bytes(1000)))
        assert socket.message() == bytes(1000)
        socket.send(encode(Opcode.TEXT, b"x" * 500, fin=False), encode(Opcode.CONTINUATION, b"y" * 500))
        assert socket.message() == "x" * 500 + "y" * 500


@pytest.mark.parametrize("fragments", [1, 2, 11])
def test_message_over_the_limit_ends_the_connection_with_1009(serve: Serve, notes: Notes, fragments: int) -> None:
    served = serve(noting(notes), ws_max_size=1000)
    with served.connect() as wire, Socket(wire) as socket:
        size = 1001 // fragments + 1
        for number in range(fragments):
            opcode = Opcode.CONTINUATION if number else Opcode.BINARY
            socket.send(encode(opcode, bytes(size), fin=number == fragments - 1))
        assert socket.read().closing[0] == 1009
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 1009)


def test_length_over_the_limit_is_refused_before_a_byte_of_it_comes(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes), ws_max_size=1 << 20)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.BINARY, b"", length=(1 << 62)))
        assert socket.read().closing[0] == 1009
    assert notes.get()["code"] == 1009


def test_limit_counts_what_is_inflated(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes), ws_max_size=1 << 20)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        bomb = Deflater().compress(bytes(64 << 20))
        assert len(bomb) < 1 << 20
        socket.send(encode(Opcode.BINARY, bomb, rsv=4))
        assert socket.read().closing[0] == 1009
    assert notes.get()["code"] == 1009


def test_default_limit_is_16_mebibytes(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.BINARY, b"", length=(16 << 20) + 1))
        assert socket.read().closing[0] == 1009
    assert notes.get()["code"] == 1009


def test_application_that_does_not_receive_stops_the_reading(serve: Serve, notes: Notes) -> None:
    """What the client can send is then bounded by the buffers, and nothing is lost when it goes on."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await go.wait()
        while (message := await receive())["type"] == "websocket.receive":
            notes.put(len(message["bytes"]))
        notes.put(message["code"])

    go = asyncio.Event()
    served = serve(app, ws_max_queue=4)
    with served.connect() as wire, Socket(wire) as socket:
        wire.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 1 << 16)
        wire.socket.setblocking(False)
        frame = binary(bytes(PIECE))
        pending, sent = b"", 0
        stalls = 0
        while stalls < 3 and sent < 64 << 20:
            pending = pending or frame
            try:
                count = wire.socket.send(pending)
                pending, sent, stalls = pending[count:], sent + count, 0
            except BlockingIOError:
                # The server has had every chance to read on when its loop has turned a few times.
                served.settle()
                stalls += 1
        assert sent < 64 << 20, "the server read without end"
        wire.socket.setblocking(True)
        wire.socket.settimeout(20)
        served.loop.call_soon_threadsafe(go.set)
        wire.send(pending)
        messages = (sent + len(pending)) // len(frame)
        assert [notes.get() for _ in range(messages)] == [PIECE] * messages
        socket.leave(4000)
    assert notes.get() == 4000


def test_small_messages_nobody_receives_stop_the_reading_too(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await go.wait()
        while (message := await receive())["type"] == "websocket.receive":
            notes.put(message["text"])

    go = asyncio.Event()
    served = serve(app, ws_max_queue=2)
    with served.connect() as wire, Socket(wire) as socket:
        expected = [f"{number}" for number in range(2000)]
        socket.send(b"".join(map(text, expected)))
        served.settle()
        served.loop.call_soon_threadsafe(go.set)
        assert [notes.get() for _ in expected] == expected


def test_send_waits_for_a_client_that_does_not_read(serve: Serve, notes: Notes) -> None:
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await accept(receive, send)
        while sent < 1 << 30:
            step = asyncio.ensure_future(send({"type": "websocket.send", "bytes": bytes(PIECE)}))
            await asyncio.wait([step], timeout=0.5)
            if not step.done():
                notes.put("waits")
                await step
                notes.put("goes on")
                return
            sent += PIECE
        notes.put("never waited")

    served = serve(app, ws_per_message_deflate=False)
    with served.connect(receive_buffer=4096) as wire, Socket(wire) as socket:
        assert notes.get() == "waits"
        assert sent < 16 << 20, "that much only the kernel's buffers may hold"
        for _ in range(sent // PIECE):
            assert socket.message() == bytes(PIECE)
        assert notes.get() == "goes on"
    served.settle()


@pytest.mark.better("a loop that only sends starves uvicorn's, which then never learns that the client left")
def test_send_that_waits_ends_when_the_client_leaves(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        try:
            while True:
                await send({"type": "websocket.send", "bytes": bytes(PIECE)})
        except OSError:
            notes.put("gone")
            raise

    served = serve(app)
    with served.connect(receive_buffer=4096) as wire, Socket(wire) as socket:
        socket.read()
        wire.reset()
    assert notes.get() == "gone"
    served.settle()


def test_cancelled_send_leaves_whole_messages(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        while True:
            try:
                async with asyncio.timeout(0.2):
                    await send({"type": "websocket.send", "bytes": bytes(PIECE)})
            except TimeoutError:
                break
        notes.put("cancelled")
        await send({"type": "websocket.send", "text": "after"})
        await send({"type": "websocket.close"})

    served = serve(app, ws_per_message_deflate=False)
    with served.connect(receive_buffer=4096) as wire, Socket(wire) as socket:
        assert notes.get() == "cancelled"
        while (message := socket.message()) != "after":
            assert message == bytes(PIECE)
        assert socket.ended() == (1000, "")


def test_client_that_sends_and_never_reads_is_served_no_more_than_the_buffers_hold(serve: Serve, notes: Notes) -> None:
    """An echo to a client that does not read stops reading, instead of gathering what it cannot send."""
    served = serve(echo_messages, ws_per_message_deflate=False)
    with served.connect(receive_buffer=4096) as wire, Socket(wire):
        wire.socket.setblocking(False)
        frame, sent, stalls = binary(bytes(PIECE)), 0, 0
        pending = b""
        while stalls < 3 and sent < 128 << 20:
            pending = pending or frame
            try:
                count = wire.socket.send(pending)
                pending, sent, stalls = pending[count:], sent + count, 0
            except BlockingIOError:
                served.settle()
                stalls += 1
        assert sent < 128 << 20, "the server read without end"
        wire.reset()
    served.settle()
    served.errors.seen.clear()
