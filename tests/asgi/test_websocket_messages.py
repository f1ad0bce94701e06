"""Messages of a WebSocket: what goes in and out, whole and in pieces."""

from __future__ import annotations

import pytest

from applications import Notes, accept, answer, echo_messages
from frames import Frame, Opcode, Socket, binary, close, encode, ping, pong, text
from served import Message, Receive, Scope, Send, Serve


async def note_all(notes: Notes, receive: Receive) -> None:
    """Notes every message up to and with the disconnect."""
    while True:
        message = await receive()
        notes.put(message)
        if message["type"] == "websocket.disconnect":
            return


@pytest.mark.parametrize(
    "payload",
    ["", "a", "hello", "gr\u00fc\u00dfe \u2603 \U0001f600", *("x" * n for n in (125, 126, 65535, 65536))],
    ids=len,
)
def test_text_comes_back_as_it_was(serve: Serve, payload: str) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text(payload))
        assert socket.message() == payload
        assert socket.leave() == (1000, "")


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 1 << 20, (16 << 20)])
def test_bytes_come_back_as_they_were(serve: Serve, length: int) -> None:
    payload = bytes(range(256)) * (length // 256) + bytes(length % 256)
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(binary(payload))
        assert socket.message() == payload
        assert socket.leave() == (1000, "")


def test_application_gets_text_as_str_and_binary_as_bytes(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await note_all(notes, receive)

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("one") + binary(b"two"))
        first, second = notes.get(), notes.get()
        socket.leave()
    assert first == {"type": "websocket.receive", "text": "one"} and type(first["text"]) is str
    assert second == {"type": "websocket.receive", "bytes": b"two"} and type(second["bytes"]) is bytes
    assert notes.get()["type"] == "websocket.disconnect"


def test_connect_comes_first_and_once(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(await receive())
        await send({"type": "websocket.accept"})
        notes.put(await receive())

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("first"))
        assert notes.get() == {"type": "websocket.connect"}
        assert notes.get() == {"type": "websocket.receive", "text": "first"}


def test_connect_can_be_left_unread(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "hello"})
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == "hello"
        assert socket.ended() == (1000, "")


@pytest.mark.better("they wait for more bytes to come")
def test_messages_sent_behind_the_handshake_wait_for_the_accept(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, behind=text("early") + binary(b"bird")) as socket:
        assert [socket.message(), socket.message()] == ["early", b"bird"]
        assert socket.leave() == (1000, "")


def test_messages_come_in_order_however_the_bytes_are_cut(serve: Serve) -> None:
    served = serve(echo_messages)
    payloads = ["", "a", "\u00fc" * 70, "b" * 300]
    with served.connect() as wire, Socket(wire) as socket:
        for byte in b"".join(map(text, payloads)):
            socket.send(bytes([byte]))
        assert [socket.message() for _ in payloads] == payloads


def test_many_messages_in_one_piece_all_come_back(serve: Serve) -> None:
    served = serve(echo_messages)
    payloads = [f"message {number}" for number in range(1000)]
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(b"".join(map(text, payloads)))
        assert [socket.message() for _ in payloads] == payloads
        assert socket.leave() == (1000, "")


def test_fragments_are_one_message_to_the_application(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.TEXT, b"one ", fin=False))
        socket.send(encode(Opcode.CONTINUATION, b"two ", fin=False), encode(Opcode.CONTINUATION, b"three"))
        assert socket.message() == "one two three"
        socket.send(encode(Opcode.BINARY, b"\xff", fin=False), encode(Opcode.CONTINUATION, b""))
        assert socket.message() == b"\xff"


def test_code_point_may_be_cut_between_fragments(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        pieces = [bytes([byte]) for byte in "\U0001f600\u20ac".encode()]
        socket.send(encode(Opcode.TEXT, pieces[0], fin=False))
        socket.send(*(encode(Opcode.CONTINUATION, piece, fin=False) for piece in pieces[1:-1]))
        socket.send(encode(Opcode.CONTINUATION, pieces[-1]))
        assert socket.message() == "\U0001f600\u20ac"


def test_control_frames_may_stand_between_fragments(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.TEXT, b"in ", fin=False), ping(b"between"))
        assert socket.read() == Frame(Opcode.PONG, b"between")
        socket.send(pong(b"unasked"), encode(Opcode.CONTINUATION, b"pieces"))
        assert socket.message() == "in pieces"


def test_ping_is_answered_with_its_payload_while_the_application_does_nothing(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await note_all(notes, receive)

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        for payload in (b"", b"x", bytes(125)):
            socket.send(ping(payload))
            assert socket.read() == Frame(Opcode.PONG, payload)
        socket.leave()
    assert notes.get()["type"] == "websocket.disconnect", "a ping is no message"


def test_pong_that_nobody_asked_for_is_no_message(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(pong(b"here I am"), text("after"))
        assert socket.message() == "after"


def test_text_key_that_is_none_gives_way_to_bytes(serve: Serve) -> None:
    """Frameworks give both keys, one of them None."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await send({"type": "websocket.send", "text": None, "bytes": b"b"})
        await send({"type": "websocket.send", "text": "t", "bytes": None})
        await send({"type": "websocket.send", "text": "", "bytes": None})
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert [socket.message(), socket.message(), socket.message()] == [b"b", "t", ""]
        assert socket.ended() == (1000, "")


@pytest.mark.better("bytearray and memoryview are sent, as here, but what was changed after the send may be, too")
@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_buffers_are_sent_as_they_were_when_send_was_called(serve: Serve, kind: type) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        data = bytearray(b"before")
        await send({"type": "websocket.send", "bytes": kind(data)})
        data[:] = b"after!"
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == b"before"
        socket.ended()


def test_received_message_can_be_kept_and_changed(serve: Serve) -> None:
    kept: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        for _ in range(2):
            kept.append(await receive())
            await answer(kept[-1], send)
            kept[-1]["mine"] = True
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("one"), text("two"))
        assert [socket.message(), socket.message()] == ["one", "two"]
        socket.ended()
    assert [message["text"] for message in kept] == ["one", "two"]


def test_message_and_close_in_one_piece_both_arrive(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        await note_all(notes, receive)

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("last words") + close(1000, "bye"))
        assert socket.failed()[0] == 1000
    assert notes.get() == {"type": "websocket.receive", "text": "last words"}
    assert notes.get() == {"type": "websocket.disconnect", "code": 1000, "reason": "bye"}
