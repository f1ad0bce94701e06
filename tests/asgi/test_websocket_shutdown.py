"""Open WebSockets when the server ends: 1012 to the peers, a disconnect to the applications, and it ends."""

from __future__ import annotations

import asyncio

import pytest

from applications import Notes, accept, echo_messages
from frames import Socket, close, handshake, text
from served import Message, Receive, Scope, Send, Serve


@pytest.fixture
def notes() -> Notes:
    return Notes()


async def end(receive: Receive) -> Message:
    while (message := await receive())["type"] != "websocket.disconnect":
        pass
    return message


def test_open_websockets_are_closed_with_1012(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        message = await end(receive)
        notes.put((message["type"], message["code"]))

    served = serve(app)
    wires = [served.connect() for _ in range(5)]
    sockets = [Socket(wire) for wire in wires]
    served.server.should_exit = True
    for socket in sockets:
        assert socket.read().closing == (1012, "")
        socket.wire.close()
    assert [notes.get() for _ in sockets] == [("websocket.disconnect", 1012)] * 5
    served.join()


def test_server_ends_although_a_peer_never_answers_its_close(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("open"))
        assert socket.message() == "open"
        served.server.should_exit = True
        served.join()
        assert socket.read().closing == (1012, "")


def test_application_may_finish_its_work_after_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await end(receive)
        await asyncio.sleep(0.05)
        notes.put("saved")

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        served.server.should_exit = True
        assert socket.read().closing[0] == 1012
        assert notes.get() == "saved"
    served.join()


@pytest.mark.better("send() to a socket that was closed for the end is an error of the application's")
def test_send_after_the_1012_ends_the_application_quietly(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await end(receive)
        try:
            await send({"type": "websocket.send", "text": "goodbye"})
        except OSError:
            notes.put("gone")
            raise

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        served.server.should_exit = True
        assert socket.read().closing[0] == 1012
    assert notes.get() == "gone"
    served.join()


def test_websocket_that_closes_already_keeps_its_code(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.close", "code": 4000})
        notes.put("closed")

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert notes.get() == "closed"
        served.server.should_exit = True
        assert socket.read().closing == (4000, "")
        wire.send(close(4000))
        assert wire.rest() == b""
    served.join()


@pytest.mark.better("a handshake that waits for its answer gets a 500")
def test_handshake_under_way_is_answered_by_its_application(serve: Serve, notes: Notes) -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        notes.put("asked")
        await go.wait()
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake())
        assert notes.get() == "asked"
        served.server.should_exit = True
        served.loop.call_soon_threadsafe(lambda: served.loop.call_later(0.05, go.set))
        assert wire.read().status == 403
    served.join()


def test_new_handshakes_are_not_taken_while_the_server_ends(serve: Serve, notes: Notes) -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put("open")
        await end(receive)
        await go.wait()

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert notes.get() == "open"
        served.server.should_exit = True
        assert socket.read().closing[0] == 1012
        with pytest.raises((ConnectionError, AssertionError)):
            with served.connect() as late:
                Socket(late)
        served.loop.call_soon_threadsafe(go.set)
    served.join()
    assert notes.empty()
