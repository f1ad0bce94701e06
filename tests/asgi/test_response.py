"""How a response is framed."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from applications import hello, respond
from served import Receive, Scope, Send, Serve


def answering(body: bytes = b"", status: int = 200, headers: list[tuple[bytes, bytes]] | None = None) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, body, status, headers or [])

    return app


def test_single_body_gets_its_length(serve: Serve, version: str) -> None:
    served = serve(answering(b"hello"))
    with served.connect() as wire:
        reply = wire.ask(version=version)
    assert reply.body == b"hello"
    assert reply.header(b"content-length") == b"5"
    assert reply.header(b"transfer-encoding") is None


def test_empty_single_body_gets_length_zero(serve: Serve, version: str) -> None:
    served = serve(answering())
    with served.connect() as wire:
        reply = wire.ask(version=version)
    assert reply.body == b""
    assert reply.header(b"content-length") == b"0"


def test_status_line_is_http_1_1_for_both_versions(serve: Serve, version: str) -> None:
    served = serve(hello)
    with served.connect() as wire:
        wire.send(f"GET / HTTP/{version}\r\nhost: test\r\n\r\n".encode())
        assert wire.head().startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("status", "line"), [(200, b"200 OK"), (404, b"404 Not Found"), (418, b"418 "), (599, b"599 ")]
)
def test_status_line_has_the_code_and_its_phrase(serve: Serve, status: int, line: bytes) -> None:
    served = serve(answering(b"x", status))
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert wire.head().startswith(b"HTTP/1.1 " + line)


def test_headers_keep_their_order_and_duplicates(serve: Serve) -> None:
    sent = [(b"x-b", b"1"), (b"set-cookie", b"a=1"), (b"x-a", b"2"), (b"set-cookie", b"b=2"), (b"x-empty", b"")]
    served = serve(answering(b"x", headers=sent))
    with served.connect() as wire:
        reply = wire.ask()
    assert [pair for pair in reply.headers if pair in sent] == sent


def test_header_names_are_sent_in_lower_case(serve: Serve) -> None:
    served = serve(answering(b"x", headers=[(b"X-Mixed", b"Value")]))
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        assert b"\r\nx-mixed: Value\r\n" in wire.head()


@pytest.mark.parametrize("pairs", [list, tuple, iter])
@pytest.mark.parametrize("pair", [list, tuple])
def test_headers_may_be_any_iterable_of_pairs(serve: Serve, pairs: Any, pair: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = pairs([pair((b"x-one", b"1")), pair((b"x-two", b"2"))])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask()
    assert (reply.header(b"x-one"), reply.header(b"x-two")) == (b"1", b"2")


def test_start_without_headers_is_legal(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().status == 200


def test_status_may_be_an_http_status_member(serve: Serve) -> None:
    from http import HTTPStatus

    served = serve(answering(b"x", HTTPStatus.CREATED))
    with served.connect() as wire:
        assert wire.ask().status == 201


def test_server_and_date_are_added(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        reply = wire.ask()
    assert reply.header(b"server") == b"fasterapi"
    date = reply.header(b"date")
    assert date is not None
    assert re.fullmatch(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", date)
    assert parsedate_to_datetime(date.decode()).tzinfo is not None


def test_server_and_date_can_be_left_out(serve: Serve) -> None:
    served = serve(hello, server_header=False, date_header=False)
    with served.connect() as wire:
        reply = wire.ask()
    assert reply.header(b"server") is None
    assert reply.header(b"date") is None


def test_server_and_date_of_the_application_win(serve: Serve) -> None:
    mine = [(b"server", b"mine"), (b"date", b"Thu, 01 Jan 1970 00:00:00 GMT")]
    served = serve(answering(b"x", headers=mine))
    with served.connect() as wire:
        reply = wire.ask()
    assert reply.header(b"server") == b"mine"
    assert reply.header(b"date") == b"Thu, 01 Jan 1970 00:00:00 GMT"


def test_configured_headers_are_added_to_every_response(serve: Serve) -> None:
    served = serve(hello, headers=[("x-one", "1"), ("x-two", "2")])
    with served.connect() as wire:
        for _ in range(2):
            reply = wire.ask()
            assert (reply.header(b"x-one"), reply.header(b"x-two")) == (b"1", b"2")


def test_head_has_the_head_of_get_and_no_body(serve: Serve, version: str) -> None:
    served = serve(answering(b"hello", headers=[(b"content-length", b"5")]), date_header=False)
    with served.connect() as wire:
        got = wire.ask("GET", version=version, headers=[(b"connection", b"keep-alive")])
        head = wire.ask("HEAD", version=version, headers=[(b"connection", b"keep-alive")])
        assert (head.headers, head.body) == (got.headers, b"")
        assert wire.ask("GET", version=version).body == b"hello"


def test_head_of_a_single_body_names_its_length(serve: Serve) -> None:
    served = serve(answering(b"hello"))
    with served.connect() as wire:
        reply = wire.ask("HEAD")
        assert reply.header(b"content-length") == b"5"
        assert wire.ask("GET").body == b"hello"


def test_head_answered_with_a_stream_sends_no_body_byte(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"a", b"b", b"c"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"HEAD / HTTP/1.1\r\nhost: test\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
        assert wire.head().startswith(b"HTTP/1.1 200")
        assert wire.head().startswith(b"HTTP/1.1 200")
        assert wire.rest() == b"1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n"


@pytest.mark.parametrize("status", [204, 304])
def test_response_that_has_no_body_sends_none(serve: Serve, status: int) -> None:
    served = serve(answering(b"", status))
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n" * 2)
        for _ in range(2):
            head = wire.head()
            assert head.startswith(b"HTTP/1.1 %d " % status)
            assert b"transfer-encoding" not in head
            if status == 204:
                assert b"content-length" not in head


def test_not_modified_keeps_the_length_the_application_gave(serve: Serve) -> None:
    served = serve(answering(b"", 304, [(b"content-length", b"1000"), (b"etag", b'"x"')]))
    with served.connect() as wire:
        reply = wire.ask()
        assert reply.header(b"etag") == b'"x"'
        assert reply.header(b"content-length") in (b"1000", None)
        assert wire.ask().status == 304


def test_stream_without_length_is_chunked_on_1_1(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"one", b"", b"two" * 1000, b"three"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    served = serve(app)
    with served.connect() as wire:
        for _ in range(2):
            reply = wire.ask()
            assert reply.header(b"transfer-encoding") == b"chunked"
            assert reply.header(b"content-length") is None
            assert reply.body == b"one" + b"two" * 1000 + b"threeend"


def test_stream_without_length_ends_with_the_connection_on_1_0(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in (b"one", b"two"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        head = wire.head()
        assert b"transfer-encoding" not in head
        assert b"connection: close\r\n" in head
        assert wire.rest() == b"onetwoend"


def test_stream_with_length_is_sent_as_it_is(serve: Serve, version: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
        for piece in (b"ab", b"cd", b"ef"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask(version=version)
    assert reply.header(b"transfer-encoding") is None
    assert reply.body == b"abcdef"


def test_chunked_asked_for_by_the_application_is_applied_once(serve: Serve) -> None:
    served = serve(answering(b"hello", headers=[(b"transfer-encoding", b"chunked")]))
    with served.connect() as wire:
        reply = wire.ask()
        assert reply.all(b"transfer-encoding") == [b"chunked"]
        assert reply.header(b"content-length") is None
        assert reply.body == b"hello"


def test_body_may_be_any_bytes_like_object_python_servers_take(serve: Serve) -> None:
    pieces: list[Any] = [b"bytes ", bytearray(b"bytearray "), memoryview(b"memoryview")]

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"bytes bytearray memoryview"


def test_bytearray_changed_after_send_does_not_change_what_is_sent(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        buffer = bytearray(b"a" * 60_000)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"120000")]})
        await send({"type": "http.response.body", "body": buffer, "more_body": True})
        buffer[:] = b"b" * 60_000
        await send({"type": "http.response.body", "body": buffer})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"a" * 60_000 + b"b" * 60_000


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 65_536, 65_537, 1_048_576, 5_000_000])
def test_body_of_any_size_is_delivered(serve: Serve, size: int, version: str) -> None:
    body = bytes(range(256)) * (size // 256) + bytes(size % 256)
    served = serve(answering(body))
    with served.connect() as wire:
        assert wire.ask(version=version).body == body


def test_head_waits_for_the_first_body_message_and_leaves_with_it(serve: Serve) -> None:
    """Applications may still fail after the start: nothing has been said by then, so the answer is a 500."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("after the start, before the body")

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        answer = wire.rest()
    assert answer == b"" or answer.startswith((b"HTTP/1.1 500 ", b"HTTP/1.1 200 "))
    assert not answer.startswith(b"HTTP/1.1 200") or b"0\r\n\r\n" not in answer
    assert "after the start" in served.errors.take()[0]
