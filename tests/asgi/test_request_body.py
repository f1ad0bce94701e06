"""Request bodies in both framings, whole and in pieces."""

from __future__ import annotations

import asyncio

import pytest

from applications import Notes, echo, read_body, respond
from served import Message, Receive, Scope, Send, Serve
from wire import Wire, request

CHUNKED = b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"


def test_body_with_length_arrives_whole(serve: Serve, version: str) -> None:
    served = serve(echo)
    for size in (0, 1, 100, 65_535, 65_536, 65_537, 1_000_000):
        body = bytes(index % 251 for index in range(size))
        with served.connect() as wire:
            assert wire.ask("POST", "/", version=version, body=body).body == body


@pytest.mark.parametrize("size", [1, 7, 4096, 70_000])
def test_chunked_body_arrives_whole_whatever_the_chunks(serve: Serve, size: int) -> None:
    served = serve(echo)
    body = bytes(index % 251 for index in range(200_000 if size > 7 else 3_000))
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    with served.connect() as wire:
        wire.send(CHUNKED, b"".join(b"%X\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks), b"0\r\n\r\n")
        assert wire.read().body == body
        assert wire.ask("POST", body=b"again").body == b"again"


def test_request_sent_byte_by_byte_is_the_same_request(serve: Serve) -> None:
    served = serve(echo)
    raw = CHUNKED + b"5;ext=1\r\nhello\r\n006\r\n world\r\n0\r\ntrailer: x\r\n\r\n"
    with served.connect() as wire:
        for byte in raw:
            wire.send(bytes([byte]))
        assert wire.read().body == b"hello world"


def test_trailers_of_a_request_are_ignored(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        messages: list[Message] = []
        while not messages or messages[-1].get("more_body"):
            messages.append(await receive())
        notes.put((scope["headers"], messages))
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(CHUNKED + b"1\r\na\r\n0\r\nx-trailer: 1\r\ncontent-length: 5\r\nhost: evil\r\n\r\n")
        assert wire.read().status == 200
        assert wire.ask().status == 200
    headers, messages = notes.get()
    assert headers == [(b"host", b"test"), (b"transfer-encoding", b"chunked")]
    assert b"".join(message["body"] for message in messages) == b"a"
    assert {message["type"] for message in messages} == {"http.request"}


def test_request_without_body_gives_one_empty_message_at_once(serve: Serve, version: str) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(await receive())
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.ask("GET", version=version)
    message = notes.get()
    assert message["type"] == "http.request"
    assert message.get("body", b"") == b""
    assert message.get("more_body", False) is False


def test_messages_have_the_types_of_the_specification(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            notes.put(message)
            if not message["more_body"]:
                break
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(CHUNKED + b"1\r\na\r\n")
        first = notes.get()
        wire.send(b"1\r\nb\r\n0\r\n\r\n")
        assert wire.read().status == 200
    assert first == {"type": "http.request", "body": b"a", "more_body": True}
    assert type(first) is dict and type(first["body"]) is bytes and type(first["more_body"]) is bool


def test_pieces_are_given_to_the_application_as_they_come(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            notes.put(message["body"])
            if not message["more_body"]:
                break
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\n")
        for piece in (b"abc", b"def", b"ghi"):
            wire.send(piece)
            got = b""
            while got != piece:
                got += notes.get()
        assert wire.read().status == 200


def test_body_that_comes_with_the_head_needs_no_second_read(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        step = receive()
        try:
            step.send(None)  # type: ignore[attr-defined]
        except StopIteration as done:
            notes.put(done.value)
        else:
            notes.put("waited")
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(request("POST", body=b"here"))
        assert wire.read().status == 200
    assert notes.get() == {"type": "http.request", "body": b"here", "more_body": False}


def test_response_may_begin_before_the_body_is_read(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            message = await receive()
            await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
            if not message["more_body"]:
                break

    served = serve(app)
    with served.connect() as wire:
        wire.send(CHUNKED, b"3\r\nabc\r\n")
        assert b"chunked" in wire.head()
        assert wire.until(b"abc\r\n") == b"3\r\nabc\r\n"
        wire.send(b"3\r\ndef\r\n")
        assert wire.until(b"def\r\n") == b"3\r\ndef\r\n"
        wire.send(b"0\r\n\r\n")
        assert wire.until(b"0\r\n\r\n") == b"0\r\n\r\n"


def test_small_unread_body_is_discarded_and_the_connection_kept(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, scope["path"].encode())

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", "/one", body=b"GET /smuggled HTTP/1.1\r\nhost: test\r\n\r\n").body == b"/one"
        wire.send(CHUNKED.replace(b"POST /", b"POST /two"), b"5\r\nhello\r\n")
        reply = wire.read()
        assert reply.body == b"/two"
        if reply.header(b"connection") != b"close":
            wire.send(b"0\r\n\r\n")
            assert wire.ask("GET", "/three").body == b"/three"


def test_large_unread_body_closes_the_connection_after_the_response(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"no thanks", 413)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10000000000\r\n\r\n", bytes(50_000))
        reply = wire.read()
        assert (reply.status, reply.body) == (413, b"no thanks")
        assert wire.closed()
    with served.connect() as wire:
        assert wire.ask().status == 413


def test_refusal_reaches_a_client_that_is_still_sending_its_body(serve: Serve) -> None:
    """The lingering close: an early response is not lost to a reset by the bytes that follow it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"too much", 413)

    served = serve(app)
    for _ in range(20):
        with served.connect() as wire:
            wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 4000000\r\n\r\n")
            try:
                for _ in range(64):
                    wire.send(bytes(62_500))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the server may stop listening; what it answered must still be there
            assert wire.read().body == b"too much"


def test_reads_by_one_after_the_end_wait_for_the_disconnect(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        notes.put(waiting.done())
        notes.put("ready")
        notes.put(await waiting)

    served = serve(app)
    wire = served.connect()
    wire.send(request("POST", body=b"x"))
    assert notes.get() is False
    assert notes.get() == "ready"
    wire.close()
    assert notes.get() == {"type": "http.disconnect"}


def test_body_is_echoed_over_many_connections_at_once(serve: Serve) -> None:
    served = serve(echo)
    wires: list[Wire] = [served.connect() for _ in range(50)]
    for index, wire in enumerate(wires):
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\n" + b"%03d" % index)
    for wire in wires:
        wire.send(b"x" * 997)
    for index, wire in enumerate(wires):
        assert wire.read().body == b"%03d" % index + b"x" * 997
        wire.close()
