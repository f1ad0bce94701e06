"""Memory stays flat when a client reads slowly or sends much."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from applications import Notes, respond
from served import Receive, Scope, Send, Serve
from wire import request

PIECE = 64 << 10
ALLOWANCE = 24 << 20
"""How much the process may grow while it moves much more."""


def resident() -> int:
    """Bytes of memory in use by this process, client and server together."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_send_waits_for_a_client_that_does_not_read(serve: Serve) -> None:
    notes = Notes()
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while sent < 1 << 30:
            step = asyncio.ensure_future(send({"type": "http.response.body", "body": bytes(PIECE), "more_body": True}))
            await asyncio.wait([step], timeout=0.5)
            if not step.done():
                notes.put("waits")
                step.cancel()
                return
            sent += PIECE
        notes.put("never waited")

    served = serve(app)
    with served.connect(receive_buffer=4096) as wire:
        wire.send(request())
        assert notes.get() == "waits"
        assert sent < 16 << 20, "that much only the kernel's buffers may hold"
    served.settle()
    served.errors.seen.clear()


def test_small_messages_are_held_back_too(serve: Serve) -> None:
    notes = Notes()
    count = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal count
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            async with asyncio.timeout(2):
                while True:
                    await send({"type": "http.response.body", "body": b"x" * 100, "more_body": True})
                    count += 1
        except TimeoutError:
            notes.put("waits")

    served = serve(app)
    with served.connect(receive_buffer=4096) as wire:
        wire.send(request())
        assert notes.get() == "waits"
        assert count * 100 < 16 << 20
    served.settle()
    served.errors.seen.clear()


@pytest.mark.slow
def test_memory_is_flat_while_a_slow_client_reads_a_large_response(serve: Serve) -> None:
    total = 128 << 20
    piece = bytes(PIECE)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        length = (b"content-length", b"%d" % total)
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        for _ in range(total // PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect(receive_buffer=16384) as wire:
        wire.send(request())
        wire.head()
        before, peak = resident(), 0
        for count in range(total // PIECE):
            assert wire.take(PIECE) == piece
            if count % 128 == 0:
                peak = max(peak, resident())
    assert peak - before < ALLOWANCE


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_memory_is_flat_while_a_client_sends_much_and_the_application_reads_it(
    serve: Serve, bulk: int, framing: str
) -> None:
    peak = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal peak
        size = count = 0
        while True:
            message = await receive()
            size += len(message["body"])
            count += 1
            assert len(message["body"]) <= 1 << 20
            if count % 256 == 0:
                peak = max(peak, resident())
            if not message["more_body"]:
                break
        await respond(send, b"%d" % size)

    served = serve(app)
    before = resident()
    piece = bytes(1 << 20)
    with served.connect() as wire:
        if framing == "length":
            wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % bulk)
            for _ in range(bulk >> 20):
                wire.send(piece)
        else:
            wire.send(request("POST", headers=[(b"transfer-encoding", b"chunked")]))
            chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
            for _ in range(bulk >> 20):
                wire.send(chunk)
            wire.send(b"0\r\n\r\n")
        assert wire.read().body == b"%d" % bulk
    assert peak - before < ALLOWANCE


def test_client_that_sends_is_held_back_while_the_application_does_not_read(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await go.wait()
        size = 0
        while True:
            message = await receive()
            size += len(message["body"])
            if not message["more_body"]:
                break
        await respond(send, b"%d" % size)

    served = serve(app)
    total = 64 << 20
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: %d\r\n\r\n" % total)
        assert notes.get() == "begun"
        wire.socket.settimeout(1)
        sent = 0
        try:
            while sent < total:
                sent += wire.socket.send(bytes(min(PIECE, total - sent)))
        except TimeoutError:
            pass
        assert sent < 32 << 20, "that much only the kernel's buffers may hold"
        wire.socket.settimeout(20)
        served.loop.call_soon_threadsafe(go.set)
        while sent < total:
            sent += wire.socket.send(bytes(min(PIECE, total - sent)))
        assert wire.read().body == b"%d" % total


def test_slow_reader_does_not_hold_up_its_neighbours(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/small":
            await respond(send, b"small")
        else:
            await respond(send, bytes(32 << 20))

    served = serve(app)
    wires = [served.connect(receive_buffer=4096) for _ in range(8)]
    for wire in wires:
        wire.send(request(target="/large"))
    with served.connect() as wire:
        for _ in range(50):
            assert wire.ask("GET", "/small").body == b"small"
    for wire in wires:
        wire.close()
    served.settle()


def test_body_in_flight_is_exact_under_a_reader_with_tiny_steps(serve: Serve) -> None:
    body = bytes(index * 7 % 256 for index in range(1 << 20))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        for start in range(0, len(body), 50_001):
            await send({"type": "http.response.body", "body": body[start : start + 50_001], "more_body": True})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect(receive_buffer=4096) as wire:
        wire.send(request())
        wire.head()
        got = bytearray(wire.take(0))
        while len(got) < len(body):
            got += wire.take(min(len(body) - len(got), 1013))
        assert bytes(got) == body
