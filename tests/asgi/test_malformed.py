"""Malformed bytes: the right 4xx, a closed connection, nothing parsed after it, an undisturbed neighbour."""

from __future__ import annotations

import pytest

from applications import echo, respond
from served import Receive, Scope, Send, Serve
from wire import request

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n"
GET = b"GET / HTTP/1.1\r\nhost: test\r\n"
POST = b"POST / HTTP/1.1\r\nhost: test\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"

HEADS: dict[str, tuple[bytes, set[int]]] = {
    "garbage": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "no target": (b"GET HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "no version": (b"GET /\r\nhost: test\r\n\r\n", {400}),
    "two spaces before target": (b"GET  / HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "two spaces before version": (b"GET /  HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "tab before target": (b"GET\t/ HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "space in front": (b" GET / HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "two empty lines in front": (b"\r\n\r\n" + GET + b"\r\n", {400}),
    "bare line feed in front": (b"\n" + GET + b"\r\n", {400}),
    "bad method": (b"G@T{} / HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "bad version": (b"GET / HTTP/1.x\r\nhost: test\r\n\r\n", {400, 505}),
    "lower case version": (b"GET / http/1.1\r\nhost: test\r\n\r\n", {400}),
    "version 0.9": (b"GET / HTTP/0.9\r\nhost: test\r\n\r\n", {400, 505}),
    "version 2.0": (b"GET / HTTP/2.0\r\nhost: test\r\n\r\n", {505}),
    "version 1.2": (b"GET / HTTP/1.2\r\nhost: test\r\n\r\n", {400, 505}),
    "http 2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    "control in target": (b"GET /\x01 HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "delete in target": (b"GET /\x7f HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "high byte in target": (b"GET /caf\xc3\xa9 HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "fragment in target": (b"GET /#top HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "target without slash": (b"GET index HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "asterisk for get": (b"GET * HTTP/1.1\r\nhost: test\r\n\r\n", {400}),
    "bare line feed after request line": (b"GET / HTTP/1.1\nhost: test\r\n\r\n", {400}),
    "bare line feed after header": (b"GET / HTTP/1.1\r\nhost: test\n\r\n", {400}),
    "bare line feeds only": (b"GET / HTTP/1.1\nhost: test\n\n", {400}),
    "bare carriage return in value": (GET + b"x: a\rb\r\n\r\n", {400}),
    "nul in value": (GET + b"x: a\x00b\r\n\r\n", {400}),
    "control in value": (GET + b"x: a\x0bb\r\n\r\n", {400}),
    "space before colon": (GET + b"x : a\r\n\r\n", {400}),
    "space before first header": (b"GET / HTTP/1.1\r\n host: test\r\n\r\n", {400}),
    "folded header": (GET + b"x: a\r\n b\r\n\r\n", {400}),
    "no colon": (GET + b"nonsense\r\n\r\n", {400}),
    "empty name": (GET + b": a\r\n\r\n", {400}),
    "bad name": (GET + b"x(y): a\r\n\r\n", {400}),
    "high byte in name": (GET + b"caf\xe9: a\r\n\r\n", {400}),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", {400}),
    "two hosts": (GET + b"host: test\r\n\r\n", {400}),
    "bad host": (b"GET / HTTP/1.1\r\nhost: a b\r\n\r\n", {400}),
    "host with slash": (b"GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", {400}),
    "length and chunked": (POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    "two lengths that differ": (POST + b"content-length: 4\r\ncontent-length: 5\r\n\r\nabcde", {400}),
    "two lengths that agree": (POST + b"content-length: 4\r\ncontent-length: 4\r\n\r\nabcd", {400}),
    "list of lengths": (POST + b"content-length: 4, 4\r\n\r\nabcd", {400}),
    "length with plus": (POST + b"content-length: +4\r\n\r\nabcd", {400}),
    "negative length": (POST + b"content-length: -1\r\n\r\n", {400}),
    "hexadecimal length": (POST + b"content-length: 0x4\r\n\r\nabcd", {400}),
    "length with underscore": (POST + b"content-length: 1_0\r\n\r\nabcdefghij", {400}),
    "length with space inside": (POST + b"content-length: 1 0\r\n\r\n", {400}),
    "empty length": (POST + b"content-length:\r\n\r\n", {400}),
    "length beyond 64 bits": (POST + b"content-length: 99999999999999999999999\r\n\r\n", {400, 413}),
    "unknown coding": (POST + b"transfer-encoding: gzip\r\n\r\n", {400, 501}),
    "chunked not last": (POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked twice": (POST + b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked in two headers": (
        POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        {400, 501},
    ),
    "chunked with vertical tab": (POST + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n", {400}),
    "identity": (POST + b"transfer-encoding: identity\r\n\r\n", {400, 501}),
    "xchunked": (POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", {400, 501}),
    "chunked on 1.0": (b"POST / HTTP/1.0\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
}

BODIES: dict[str, bytes] = {
    "size not hexadecimal": b"xyz\r\nabc\r\n0\r\n\r\n",
    "empty size": b"\r\nabc\r\n0\r\n\r\n",
    "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n",
    "negative size": b"-3\r\nabc\r\n0\r\n\r\n",
    "size with plus": b"+3\r\nabc\r\n0\r\n\r\n",
    "size beyond 64 bits": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    "space in front of size": b" 3\r\nabc\r\n0\r\n\r\n",
    "line feed after size": b"3\nabc\r\n0\r\n\r\n",
    "line feed after data": b"3\r\nabc\n0\r\n\r\n",
    "other bytes after data": b"3\r\nabcXX0\r\n\r\n",
    "longer data than said": b"3\r\nabcd\r\n0\r\n\r\n",
    "nul in extension": b"3;a\x00b\r\nabc\r\n0\r\n\r\n",
    "line feed in extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "carriage return in extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "bad trailer": b"3\r\nabc\r\n0\r\nbad trailer\r\n\r\n",
    "folded trailer": b"3\r\nabc\r\n0\r\nx: a\r\n b\r\n\r\n",
    "line feed ends trailers": b"3\r\nabc\r\n0\r\nx: a\n\n",
}


class Recorder:
    """Answers every request and keeps their paths."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        while (message := await receive())["type"] != "http.disconnect" and message["more_body"]:
            pass
        if message["type"] == "http.request":
            await respond(send, b"served")


@pytest.mark.parametrize("name", HEADS)
def test_malformed_head_is_answered_with_its_status_and_the_connection_closes(serve: Serve, name: str) -> None:
    raw, statuses = HEADS[name]
    recorder = Recorder()
    served = serve(recorder)
    with served.connect() as neighbour:
        assert neighbour.ask("GET", "/neighbour").body == b"served"
        with served.connect() as wire:
            wire.send(raw + SMUGGLED)
            answer = wire.rest()
        assert neighbour.ask("GET", "/neighbour").body == b"served"
    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split(b" ")[1]) in statuses, answer
    assert head.startswith(b"HTTP/1.1 ")
    assert b"\r\nconnection: close" in head
    assert answer.count(b"HTTP/1.1 ") == 1, "something was parsed after the error"
    assert len(body) < 200
    assert recorder.paths == ["/neighbour", "/neighbour"]


@pytest.mark.parametrize("name", BODIES)
def test_malformed_chunk_closes_the_connection_and_is_no_whole_body(serve: Serve, name: str) -> None:
    recorder = Recorder()
    served = serve(recorder)
    with served.connect() as neighbour:
        assert neighbour.ask("GET", "/neighbour").body == b"served"
        with served.connect() as wire:
            wire.send(CHUNKED + BODIES[name] + SMUGGLED)
            answer = wire.rest()
        assert neighbour.ask("GET", "/neighbour").body == b"served"
    assert b"served" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert "/smuggled" not in recorder.paths


@pytest.mark.parametrize("name", ["no host", "two hosts", "length and chunked", "bare line feed after header"])
def test_malformed_head_is_refused_alike_when_it_comes_byte_by_byte(serve: Serve, name: str) -> None:
    raw, statuses = HEADS[name]
    served = serve(echo)
    with served.connect() as wire:
        try:
            for byte in raw:
                wire.send(bytes([byte]))
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before its end
        assert int(wire.head().split(b" ")[1]) in statuses


@pytest.mark.parametrize("name", ["no host", "garbage"])
def test_malformed_request_behind_a_good_one_does_not_spoil_the_answer_to_the_good_one(serve: Serve, name: str) -> None:
    raw, statuses = HEADS[name]
    recorder = Recorder()
    served = serve(recorder)
    with served.connect() as wire:
        wire.send(request(target="/good") + raw + SMUGGLED)
        assert wire.read().body == b"served"
        assert int(wire.read().status) in statuses
        assert wire.closed()
    assert recorder.paths == ["/good"]


def test_malformed_requests_do_not_flood_the_log(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    served = serve(echo)
    for _ in range(200):
        with served.connect() as wire:
            wire.send(b"nonsense\r\n\r\n")
            assert wire.rest().startswith(b"HTTP/1.1 400 ")
    loud = [record for record in caplog.records if record.levelno >= 40]
    assert loud == []
    assert sum(len(record.getMessage()) for record in caplog.records) < 200 * 200


def test_every_high_byte_in_every_interpreted_header_is_survived(serve: Serve) -> None:
    served = serve(echo)
    names = (b"connection", b"content-length", b"transfer-encoding", b"expect", b"upgrade", b"host", b"keep-alive")
    for name in names:
        for byte in range(0x80, 0x100, 7):
            with served.connect() as wire:
                wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n" + name + b": a%cb\r\n\r\n" % byte)
                assert wire.head().startswith(b"HTTP/1.1 ")
    with served.connect() as wire:
        assert wire.ask("POST", body=b"well").body == b"well"
