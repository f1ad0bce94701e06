"""Handshakes that open nothing: the right status, the connection ended, the application never called."""

from __future__ import annotations

import pytest

from applications import Notes, echo_messages, hello
from frames import Socket, handshake, refused, text
from served import Receive, Scope, Send, Serve

PLAIN = handshake()
KEY = b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
VERSION = b"sec-websocket-version: 13\r\n"


@pytest.fixture
def notes() -> Notes:
    return Notes()


def untouched(notes: Notes) -> object:
    """An application that notes being called for a WebSocket."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            notes.put("called")
        await hello(scope, receive, send)

    return app


def without(line: bytes, instead: bytes = b"") -> bytes:
    assert line in PLAIN
    return PLAIN.replace(line, instead)


BAD: dict[str, bytes] = {
    "no key": without(KEY),
    "empty key": without(KEY, b"sec-websocket-key:\r\n"),
    "short key": without(KEY, b"sec-websocket-key: c2hvcnQ=\r\n"),
    "key of 17 bytes": without(KEY, b"sec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Njc=\r\n"),
    "key that is no base64": without(KEY, b"sec-websocket-key: !!!!!!!!!!!!!!!!!!!!!!==\r\n"),
    "two keys": without(KEY, KEY + KEY),
}


@pytest.mark.parametrize("head", BAD.values(), ids=BAD.keys())
def test_handshake_with_a_wrong_key_is_a_400(serve: Serve, notes: Notes, head: bytes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        assert refused(wire, head).status == 400
    assert notes.empty()


@pytest.mark.better("some of these are a 400, without the version that is spoken")
@pytest.mark.parametrize("version", [b"12", b"8", b"0", b"130", b"x", b"13, 8", b"\xff"])
def test_other_versions_are_a_426_that_names_the_one_spoken(serve: Serve, notes: Notes, version: bytes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        reply = refused(wire, without(VERSION, b"sec-websocket-version: " + version + b"\r\n"))
    assert (reply.status, reply.header(b"sec-websocket-version")) == (426, b"13")
    assert notes.empty()


@pytest.mark.better("this is a 400, without the version that is spoken")
def test_handshake_without_a_version_is_a_426(serve: Serve, notes: Notes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        reply = refused(wire, without(VERSION))
    assert (reply.status, reply.header(b"sec-websocket-version")) == (426, b"13")
    assert notes.empty()


@pytest.mark.better("the body is taken for frames")
@pytest.mark.parametrize("field", [b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n"])
def test_handshake_with_a_body_is_refused_and_the_body_is_no_request(serve: Serve, notes: Notes, field: bytes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        reply = refused(wire, without(VERSION, VERSION + field) + b"GET / HTTP/1.1\r\nhost: smuggled\r\n\r\n")
    assert reply.status == 400
    assert notes.empty()


@pytest.mark.better("what is no GET and says Upgrade is a 400")
def test_handshake_by_post_is_served_as_a_request_or_refused_but_opens_nothing(serve: Serve, notes: Notes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        wire.send(PLAIN.replace(b"GET", b"POST", 1))
        assert wire.read().status in (200, 400, 405, 426)
    assert notes.empty()


@pytest.mark.better("HTTP/1.0 cannot upgrade, and opens a WebSocket all the same")
def test_handshake_by_http_1_0_opens_nothing(serve: Serve, notes: Notes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        wire.send(PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert wire.read().status in (200, 400, 426, 505)
        assert wire.closed()
    assert notes.empty()


@pytest.mark.parametrize("line", [b"upgrade: websocket\r\n", b"connection: Upgrade\r\n"])
def test_handshake_without_one_of_the_two_marks_is_a_plain_request(serve: Serve, notes: Notes, line: bytes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        wire.send(without(line))
        assert wire.read().body == b"hello"
    assert notes.empty()


@pytest.mark.parametrize("protocol", [b"h2c", b"TLS/1.0", b"websockets"])
def test_upgrade_to_something_else_is_ignored(serve: Serve, notes: Notes, protocol: bytes) -> None:
    served = serve(untouched(notes))
    with served.connect() as wire:
        wire.send(without(b"upgrade: websocket\r\n", b"upgrade: " + protocol + b"\r\n"))
        assert wire.read().body == b"hello"
    assert notes.empty()


def test_websockets_can_be_turned_off(serve: Serve, notes: Notes) -> None:
    """A handshake is then a request like any other."""
    served = serve(untouched(notes), ws="none")
    with served.connect() as wire:
        wire.send(PLAIN)
        assert wire.read().body == b"hello"
    assert notes.empty()


def test_refused_handshakes_leave_a_neighbour_alone(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire) as neighbour:
        for head in BAD.values():
            with served.connect() as bad:
                refused(bad, head)
            neighbour.send(text("well"))
            assert neighbour.message() == "well"


def test_unknown_extensions_are_declined_by_silence(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire, Socket(wire, extensions="x-webkit-deflate-frame, bbf-usp-protocol; a=1") as socket:
        assert socket.header(b"sec-websocket-extensions") is None
        socket.send(text("plain"))
        assert socket.message() == "plain"


def test_broken_extensions_open_nothing_compressed(serve: Serve) -> None:
    served = serve(echo_messages)
    with served.connect() as wire:
        wire.send(handshake(extensions="permessage-deflate; client_max_window_bits=99"))
        head = wire.head()
    assert b" 400 " in head or b"permessage-deflate" not in head
