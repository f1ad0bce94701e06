"""Pings of the server's, and peers that do not answer them."""

from __future__ import annotations

import asyncio

import pytest

from applications import Notes, accept, echo_messages
from frames import Frame, Opcode, Socket, encode, pong, text
from served import Receive, Scope, Send, Serve


@pytest.fixture
def notes() -> Notes:
    return Notes()


def until_ping(socket: Socket) -> Frame:
    while (frame := socket.read()).opcode != Opcode.PING:
        pass
    return frame


def test_server_pings_again_and_again_while_it_is_answered(serve: Serve) -> None:
    served = serve(echo_messages, ws_ping_interval=0.05, ws_ping_timeout=20.0)
    with served.connect() as wire, Socket(wire) as socket:
        for _ in range(3):
            frame = until_ping(socket)
            assert frame.fin and frame.rsv == 0 and len(frame.payload) <= 125
            socket.send(pong(frame.payload))
        socket.send(text("alive"))
        while (frame := socket.read()).opcode == Opcode.PING:
            socket.send(pong(frame.payload))
        assert frame.payload == b"alive"


def test_peer_that_answers_no_ping_ends_the_handler(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await receive())

    served = serve(app, ws_ping_interval=0.05, ws_ping_timeout=0.1)
    with served.connect() as wire, Socket(wire) as socket:
        until_ping(socket)
        assert socket.read().closing == (1011, "keepalive ping timeout")
        message = notes.get()
    assert message["type"] == "websocket.disconnect"


@pytest.mark.better("the application is told 1005 without a reason")
def test_application_is_told_of_the_ping_timeout(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await receive())

    served = serve(app, ws_ping_interval=0.05, ws_ping_timeout=0.1)
    with served.connect() as wire, Socket(wire):
        message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 1011)


@pytest.mark.parametrize("interval", [None, 0])
def test_pings_can_be_turned_off(serve: Serve, interval: float | None) -> None:
    served = serve(echo_messages, ws_ping_interval=interval, ws_ping_timeout=0.01)

    async def pause() -> None:
        await asyncio.sleep(0.2)

    with served.connect() as wire, Socket(wire) as socket:
        served.call(pause)
        assert wire.pending() == b""
        socket.send(text("still here"))
        assert socket.message() == "still here"


@pytest.mark.better("a peer in the middle of a long message is cut off")
def test_peer_in_the_middle_of_a_message_is_alive(serve: Serve) -> None:
    """It cannot answer before its frame is whole."""
    served = serve(echo_messages, ws_ping_interval=0.05, ws_ping_timeout=0.3)
    payload = bytes(40)
    frame = encode(Opcode.BINARY, payload)

    async def pause() -> None:
        await asyncio.sleep(0.02)

    with served.connect() as wire, Socket(wire) as socket:
        for byte in frame:
            socket.send(bytes([byte]))
            served.call(pause)
        while (answer := socket.read()).opcode == Opcode.PING:
            socket.send(pong(answer.payload))
        assert answer == Frame(Opcode.BINARY, payload)


@pytest.mark.better("a peer whose pong waits behind messages nobody receives is cut off")
def test_peer_whose_pong_waits_behind_unread_messages_is_not_to_blame(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await asyncio.sleep(0.5)
        while (message := await receive())["type"] == "websocket.receive":
            notes.put(message["text"])
        notes.put(message["code"])

    served = serve(app, ws_ping_interval=0.05, ws_ping_timeout=0.15, ws_max_queue=1)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(*(text(f"{number}") for number in range(5)))
        for _ in range(5):
            notes.get()
        while (frame := socket.read()).opcode == Opcode.PING:
            socket.send(pong(frame.payload))
            socket.send(encode(Opcode.CLOSE, b"\x0f\xa0"))
        assert frame.closing[0] == 4000
    assert notes.get() == 4000


def test_peer_that_takes_nothing_is_not_excused_by_its_own_unread_messages(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await receive()
        try:
            while True:
                await send({"type": "websocket.send", "bytes": bytes(1 << 20)})
        except OSError:
            notes.put("ended")

    served = serve(app, ws_ping_interval=0.05, ws_ping_timeout=0.15, ws_max_queue=1, ws_per_message_deflate=False)
    with served.connect(receive_buffer=4096) as wire, Socket(wire) as socket:
        socket.send(*(text(f"{number}") for number in range(5)))
        assert notes.get() == "ended"
