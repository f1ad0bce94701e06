"""The end of a WebSocket: codes and reasons both ways, and what each side is told."""

from __future__ import annotations

import asyncio

import pytest

from applications import Notes, accept, echo_messages
from frames import Frame, Opcode, Socket, close, encode, handshake, text
from served import Message, Receive, Scope, Send, Serve
from wire import Wire


@pytest.fixture
def notes() -> Notes:
    return Notes()


async def end(receive: Receive) -> Message:
    """Reads up to the disconnect."""
    while (message := await receive())["type"] != "websocket.disconnect":
        pass
    return message


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (1000, ""),
        (1001, "going away"),
        (1003, ""),
        (1011, "failed"),
        (3000, "x" * 123),
        (4321, "gr\u00fc\u00dfe"),
        (4999, ""),
    ],
)
def test_clients_code_and_reason_reach_the_application(serve: Serve, notes: Notes, code: int, reason: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.leave(code, reason) == (code, reason)
    assert notes.get() == {"type": "websocket.disconnect", "code": code, "reason": reason}


def test_close_without_a_code_is_1005_to_the_application(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(close(None))
        assert socket.read() == Frame(Opcode.CLOSE, b"")
        assert wire.closed()
    assert notes.get() == {"type": "websocket.disconnect", "code": 1005, "reason": ""}


@pytest.mark.better("the code is 1005 and there is no reason")
@pytest.mark.parametrize("leave", [Wire.close, Wire.reset, Wire.half_close])
def test_client_that_goes_without_a_close_is_1006_to_the_application(serve: Serve, notes: Notes, leave: object) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))

    served = serve(app)
    wire = served.connect()
    Socket(wire)
    assert callable(leave)
    leave(wire)
    assert notes.get() == {"type": "websocket.disconnect", "code": 1006, "reason": ""}
    wire.close()


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "restarting"), (1008, "no"), (3001, "\u2603" * 41), (4000, "mine")]
)
def test_applications_code_and_reason_reach_the_client(serve: Serve, code: int, reason: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", "code": code, "reason": reason})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (code, reason)


@pytest.mark.parametrize("message", [{}, {"reason": None}, {"code": 1000, "reason": ""}])
def test_close_without_code_and_reason_is_1000(serve: Serve, message: Message) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", **message})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (1000, "")


def test_messages_sent_before_the_close_arrive_before_it(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        for number in range(100):
            await send({"type": "websocket.send", "text": f"{number}"})
        await send({"type": "websocket.send", "bytes": bytes(1 << 20)})
        await send({"type": "websocket.close", "code": 4000})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert [socket.message() for _ in range(100)] == [f"{number}" for number in range(100)]
        assert socket.message() == bytes(1 << 20)
        assert socket.ended() == (4000, "")


def test_own_close_is_told_to_the_application_as_its_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", "code": 4001, "reason": "mine"})
        notes.put(await receive())

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (4001, "mine")
    assert notes.get() == {"type": "websocket.disconnect", "code": 4001, "reason": "mine"}


@pytest.mark.better("the end of the connection is told as another disconnect, then receive() never returns")
def test_disconnect_is_told_once_and_a_receive_behind_it_raises(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))
        for _ in range(2):
            try:
                notes.put(await receive())
            except RuntimeError as error:
                notes.put(str(error))

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.leave(1001)
    assert notes.get()["code"] == 1001
    for _ in range(2):
        assert "websocket.disconnect" in notes.get()


@pytest.mark.parametrize("leave", ["in order", "by closing the connection"])
def test_send_after_the_client_left_raises_what_ends_the_application_quietly(
    serve: Serve, notes: Notes, leave: str
) -> None:
    """uvicorn's exception is an OSError, which frameworks turn into their own."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))
        await gone.wait()
        try:
            for _ in range(100):
                await send({"type": "websocket.send", "text": "too late"})
                await asyncio.sleep(0.001)
        except OSError as error:
            notes.put(isinstance(error, OSError))
            raise

    gone = asyncio.Event()
    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        if leave == "in order":
            socket.leave()
    assert notes.get()["type"] == "websocket.disconnect"
    served.wait_until_idle()
    served.loop.call_soon_threadsafe(gone.set)
    assert notes.get() is True
    served.settle()


def test_close_after_the_client_left_is_harmless_or_a_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put(await end(receive))
        await gone.wait()
        try:
            await send({"type": "websocket.close"})
        finally:
            notes.put("over")

    gone = asyncio.Event()
    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.leave()
    assert notes.get()["type"] == "websocket.disconnect"
    served.wait_until_idle()
    served.loop.call_soon_threadsafe(gone.set)
    assert notes.get() == "over"
    served.settle()


def test_messages_that_came_before_the_close_are_received_before_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await go.wait()
        while (message := await receive())["type"] == "websocket.receive":
            notes.put(message["text"])
        notes.put(message["code"])

    go = asyncio.Event()
    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("one"), text("two"), text("three"), close(4000))
        served.settle()
        served.loop.call_soon_threadsafe(go.set)
        assert [notes.get() for _ in range(4)] == ["one", "two", "three", 4000]


def test_messages_the_client_sends_after_the_applications_close_are_dropped(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", "code": 4000})
        notes.put(await receive())

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.read().closing == (4000, "")
        socket.send(text("crossed on the way"), close(4000))
        assert wire.rest() == b""
    assert notes.get()["type"] == "websocket.disconnect"


def test_nothing_behind_a_close_frame_is_read(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        while True:
            message = await receive()
            notes.put(message["type"])
            if message["type"] == "websocket.disconnect":
                return

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(close(1000) + text("behind") + encode(15, b"", rsv=7))
        assert socket.read().closing[0] == 1000
        assert wire.closed()
    assert notes.get() == "websocket.disconnect"
    served.settle()
    assert notes.empty()


@pytest.mark.better("the connection is cut without a Close frame")
def test_return_without_a_close_is_a_close_of_1000(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "done"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == "done"
        assert socket.ended() == (1000, "")


def test_client_that_leaves_before_the_accept_is_a_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put((await receive())["type"])
        notes.put(await receive())

    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake())
        assert notes.get() == "websocket.connect"
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 1006)
    served.settle()
    served.errors.seen.clear()


@pytest.mark.parametrize("closes", ["the server", "the client"])
def test_connections_are_given_up_when_both_have_closed(serve: Serve, closes: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        if closes == "the server":
            await send({"type": "websocket.close"})
        else:
            await end(receive)

    served = serve(app)
    for _ in range(20):
        with served.connect() as wire, Socket(wire) as socket:
            if closes == "the server":
                socket.ended()
            else:
                socket.leave()
    served.wait_until_idle()


def test_echo_survives_neighbours_that_come_and_go(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as lasting:
        for number in range(10):
            with served.connect() as other, Socket(other) as socket:
                socket.send(text(f"{number}"))
                assert socket.message() == f"{number}"
                if number % 2:
                    other.reset()
            lasting.send(text("still here"))
            assert lasting.message() == "still here"
