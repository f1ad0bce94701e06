"""permessage-deflate: what is negotiated, what is compressed, and what is refused."""

from __future__ import annotations

import os

import pytest

from applications import echo_messages
from frames import DEFLATE, Deflater, Opcode, Socket, encode, ping, text
from served import Serve


def parameters(socket: Socket) -> dict[str, str]:
    """What the server agreed to."""
    answer = (socket.header(b"sec-websocket-extensions") or b"").decode()
    name, *rest = (part.strip() for part in answer.split(";"))
    assert name == DEFLATE
    return {key.strip(): value.strip() for key, _, value in (part.partition("=") for part in rest)}


def codec(agreed: dict[str, str]) -> Deflater:
    takeover = "client_no_context_takeover" not in agreed and "server_no_context_takeover" not in agreed
    return Deflater(int(agreed.get("client_max_window_bits") or 15), takeover=takeover)


def received(socket: Socket, deflater: Deflater) -> bytes:
    """The next message, inflated where it is compressed."""
    frame = socket.read()
    data, rsv = frame.payload, frame.rsv
    assert frame.opcode in (Opcode.TEXT, Opcode.BINARY)
    while not frame.fin:
        frame = socket.read()
        assert (frame.opcode, frame.rsv) == (Opcode.CONTINUATION, 0)
        data += frame.payload
    return deflater.inflate(data) if rsv == 4 else data


@pytest.mark.parametrize(
    "offer",
    [
        DEFLATE,
        f"{DEFLATE}; client_max_window_bits",
        f"{DEFLATE}; client_max_window_bits=10; server_max_window_bits=10",
        f"{DEFLATE}; client_no_context_takeover; server_no_context_takeover",
        f"x-unknown, {DEFLATE}",
        f"{DEFLATE}; unknown_parameter, {DEFLATE}; client_max_window_bits",
    ],
)
def test_messages_round_trip_under_what_was_agreed(serve: Serve, offer: str) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=offer) as socket:
        deflater = codec(parameters(socket))
        for payload in (b"hello " * 100, b"hello " * 100, b"", b"\x00" * 100_000, "\u2603".encode() * 500):
            socket.send(encode(Opcode.TEXT, deflater.compress(payload), rsv=4))
            assert received(socket, deflater) == payload
        assert socket.leave() == (1000, "")


def test_server_compresses_what_it_sends(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        socket.send(text("compress me " * 500))
        frame = socket.read()
        assert frame.rsv == 4 and len(frame.payload) < 600
        assert Deflater().inflate(frame.payload) == b"compress me " * 500


def test_context_is_taken_over_from_message_to_message(serve: Serve) -> None:
    noise = os.urandom(1000)
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        deflater = Deflater()
        sizes = []
        for _ in range(2):
            socket.send(encode(Opcode.BINARY, deflater.compress(noise), rsv=4))
            frame = socket.read()
            sizes.append(len(frame.payload))
            assert (deflater.inflate(frame.payload) if frame.rsv else frame.payload) == noise
        assert sizes[1] < 100, "the second was in the window of the first"


def test_context_is_dropped_where_that_was_agreed(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=f"{DEFLATE}; server_no_context_takeover") as socket:
        assert "server_no_context_takeover" in parameters(socket)
        for _ in range(3):
            socket.send(text("the same " * 100))
            frame = socket.read()
            assert frame.rsv == 4
            assert Deflater().inflate(frame.payload) == b"the same " * 100


def test_uncompressed_messages_are_taken_between_compressed_ones(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        deflater = Deflater()
        for number in range(6):
            payload = f"message {number} ".encode() * 20
            compressed = number % 2 == 0
            data = deflater.compress(payload) if compressed else payload
            socket.send(encode(Opcode.TEXT, data, rsv=4 if compressed else 0))
            assert received(socket, deflater) == payload


def test_compressed_message_may_come_in_fragments_with_pings_between(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        deflater = Deflater()
        data = deflater.compress(b"in pieces " * 50)
        socket.send(encode(Opcode.TEXT, data[:5], rsv=4, fin=False), ping(b"?"))
        assert socket.read().payload == b"?"
        for byte in data[5:-1]:
            socket.send(encode(Opcode.CONTINUATION, bytes([byte]), fin=False))
        socket.send(encode(Opcode.CONTINUATION, data[-1:]))
        assert received(socket, deflater) == b"in pieces " * 50


BROKEN: dict[str, tuple[bytes, int]] = {
    "no deflate data": (encode(Opcode.TEXT, b"\xff\xff\xff\xff", rsv=4), 1007),
    "RSV1 on a continuation": (
        encode(Opcode.TEXT, b"x", fin=False) + encode(Opcode.CONTINUATION, b"y", rsv=4),
        1002,
    ),
    "RSV1 on a ping": (encode(Opcode.PING, b"x", rsv=4), 1002),
    "RSV2": (encode(Opcode.TEXT, b"x", rsv=2), 1002),
    "inflated text that is no UTF-8": (encode(Opcode.TEXT, Deflater().compress(b"\xff\xfe"), rsv=4), 1007),
    "code point cut at the end": (encode(Opcode.TEXT, Deflater().compress(b"ok\xe2\x98"), rsv=4), 1007),
}


@pytest.mark.better("some of these end without a Close frame")
@pytest.mark.parametrize(("frames", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_compression_ends_the_connection(serve: Serve, frames: bytes, code: int) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        socket.send(frames)
        assert socket.read().closing[0] == code


@pytest.mark.better("an offer of 8 bits is agreed to")
def test_window_of_8_bits_is_not_agreed_to_as_such(serve: Serve) -> None:
    served = serve(echo_messages)
    offer = f"{DEFLATE}; server_max_window_bits=8"
    with served.connect() as wire, Socket(wire, extensions=offer) as socket:
        assert b"server_max_window_bits=8" not in (socket.header(b"sec-websocket-extensions") or b"")
        socket.send(text("small window " * 100))
        frame = socket.read()
        assert (Deflater().inflate(frame.payload) if frame.rsv else frame.payload) == b"small window " * 100


def test_compression_can_be_turned_off(serve: Serve) -> None:
    served = serve(echo_messages, ws_per_message_deflate=False)
    with served.connect() as wire, Socket(wire, extensions=DEFLATE) as socket:
        assert socket.header(b"sec-websocket-extensions") is None
        socket.send(text("plain " * 100))
        assert socket.message() == "plain " * 100


def test_client_that_offers_nothing_gets_nothing_compressed(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.header(b"sec-websocket-extensions") is None
        socket.send(text("plain " * 100))
        assert socket.message() == "plain " * 100


def test_many_compressed_connections_keep_their_windows_apart(serve: Serve) -> None:
    """Codecs are shared; what one connection said never shows in another."""
    served = serve(echo_messages)
    clients = []
    for _ in range(40):
        wire = served.connect()
        clients.append((Socket(wire, extensions=DEFLATE), Deflater()))
    for turn in range(3):
        for number, (socket, deflater) in enumerate(clients):
            payload = f"client {number} in turn {turn} ".encode() * 30
            socket.send(encode(Opcode.TEXT, deflater.compress(payload), rsv=4))
        for number, (socket, deflater) in enumerate(clients):
            assert received(socket, deflater) == f"client {number} in turn {turn} ".encode() * 30
    for socket, _ in clients:
        socket.leave()
        socket.wire.close()
