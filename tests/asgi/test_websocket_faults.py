"""Frames that break the protocol: the RFC's close code, nothing behind them read, no neighbour harmed."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import pytest

from applications import Notes, accept, echo_messages
from frames import Opcode, Socket, binary, close, encode, ping, text
from served import Receive, Scope, Send, Serve

CODE_1002: dict[str, bytes] = {
    "RSV1 without an extension": encode(Opcode.TEXT, b"x", rsv=4),
    "RSV2": encode(Opcode.TEXT, b"x", rsv=2),
    "RSV3": encode(Opcode.BINARY, b"x", rsv=1),
    "RSV1 on a ping": encode(Opcode.PING, b"x", rsv=4),
    **{f"opcode {code}": encode(code, b"x") for code in (3, 7, 11, 15)},
    "unmasked text": encode(Opcode.TEXT, b"x", mask=False),
    "unmasked ping": encode(Opcode.PING, mask=False),
    "unmasked close": encode(Opcode.CLOSE, mask=False),
    "ping of 126 bytes": ping(bytes(126)),
    "fragmented ping": encode(Opcode.PING, b"x", fin=False),
    "fragmented close": encode(Opcode.CLOSE, b"", fin=False),
    "continuation of nothing": encode(Opcode.CONTINUATION, b"x"),
    "open continuation of nothing": encode(Opcode.CONTINUATION, b"x", fin=False),
    "message within a message": encode(Opcode.TEXT, b"x", fin=False) + text("y"),
    "close of one byte": encode(Opcode.CLOSE, b"\x03"),
    "close of 126 bytes": encode(Opcode.CLOSE, struct.pack("!H", 1000) + bytes(124)),
}

CODE_1007: dict[str, bytes] = {
    "lone continuation byte": encode(Opcode.TEXT, b"ok\x80"),
    "overlong slash": encode(Opcode.TEXT, b"\xc0\xaf"),
    "surrogate": encode(Opcode.TEXT, b"\xed\xa0\x80"),
    "beyond Unicode": encode(Opcode.TEXT, b"\xf4\x90\x80\x80"),
    "cut code point": encode(Opcode.TEXT, b"\xe2\x98"),
    "broken over fragments": encode(Opcode.TEXT, b"\xe2", fin=False) + encode(Opcode.CONTINUATION, b"\x28\xa1"),
}


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


def check(serve: Serve, notes: Notes, frames: bytes, code: int) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(text("before") + frames + text("behind"))
        assert socket.failed()[0] == code
    assert notes.get() == {"type": "websocket.receive", "text": "before"}
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", code)
    served.settle()
    assert notes.empty()


@pytest.mark.better("messages that came in one piece with the fault are lost")
@pytest.mark.parametrize("frames", CODE_1002.values(), ids=CODE_1002.keys())
def test_frame_that_breaks_the_protocol_ends_the_connection_with_1002(
    serve: Serve, notes: Notes, frames: bytes
) -> None:
    check(serve, notes, frames, 1002)


@pytest.mark.better("a length is taken in any form, its highest bit included")
@pytest.mark.parametrize(
    "frame",
    [encode(Opcode.TEXT, b"x", width=2), encode(Opcode.TEXT, b"x", width=8), encode(2, b"x", length=1 << 63, width=8)],
    ids=["125 in two bytes", "125 in eight bytes", "highest bit"],
)
def test_length_must_have_its_shortest_form(serve: Serve, notes: Notes, frame: bytes) -> None:
    check(serve, notes, frame, 1002)


@pytest.mark.parametrize("frames", CODE_1007.values(), ids=CODE_1007.keys())
@pytest.mark.better("text is decoded when it is whole, and the failure may be told as a crash")
def test_text_that_is_no_utf8_ends_the_connection_with_1007(serve: Serve, notes: Notes, frames: bytes) -> None:
    check(serve, notes, frames, 1007)


@pytest.mark.better("text is decoded when it is whole")
def test_broken_text_is_refused_before_its_frame_is_whole(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.TEXT, b"fine\xff", length=100_000))
        assert socket.failed()[0] == 1007
    assert notes.get()["code"] == 1007


@pytest.mark.better("this is told as 1002")
def test_reason_that_is_no_utf8_ends_the_connection_with_1007(serve: Serve, notes: Notes) -> None:
    check(serve, notes, encode(Opcode.CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007)


@pytest.mark.better("messages that came in one piece with the fault are lost")
@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
def test_code_that_may_not_be_sent_ends_the_connection_with_1002(serve: Serve, notes: Notes, code: int) -> None:
    check(serve, notes, close(code), 1002)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
def test_code_that_may_be_sent_is_answered_with_itself(serve: Serve, notes: Notes, code: int) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.leave(code)[0] == code
    assert notes.get()["code"] == code


def test_fault_arrives_although_its_sender_goes_on_sending(serve: Serve, notes: Notes) -> None:
    """A connection cut at once would be reset, and the Close frame lost with it."""
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(3) + binary(bytes(1 << 16)) * 8)
        assert socket.read().closing[0] == 1002
    assert notes.get()["code"] == 1002


def test_faults_leave_a_neighbour_alone(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as neighbour:
        for frames in (*CODE_1002.values(), *CODE_1007.values()):
            with served.connect() as other, Socket(other) as socket:
                socket.send(frames)
                assert socket.read().closing[0] in (1002, 1007)
            neighbour.send(text("well"))
            assert neighbour.message() == "well"
    served.settle()


def test_faults_are_not_logged_one_by_one_as_errors(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes))
    for _ in range(50):
        with served.connect() as wire, Socket(wire) as socket:
            socket.send(encode(3))
            assert socket.read().closing[0] == 1002
        assert notes.get()["code"] == 1002
    served.settle()
    assert not served.errors.seen


@pytest.mark.better("nothing bounds control frames")
def test_flood_of_pings_is_bounded(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send(ping(b"flood") * 20_000)
        while (frame := socket.read()).opcode == Opcode.PONG:
            pass
        assert frame.closing[0] == 1008
    assert notes.get()["code"] == 1008


@pytest.mark.better("nothing bounds empty fragments")
def test_fragments_without_content_and_without_end_are_bounded(serve: Serve, notes: Notes) -> None:
    served = serve(noting(notes))
    with served.connect() as wire, Socket(wire) as socket:
        socket.send(encode(Opcode.TEXT, b"x", fin=False))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            socket.send(encode(Opcode.CONTINUATION, b"", fin=False) * 20_000)
        assert socket.read().closing[0] == 1008
    assert notes.get()["code"] == 1008
