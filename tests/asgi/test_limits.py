"""Each limit and each deadline, at its edge."""

from __future__ import annotations

import pytest

from applications import echo, hello, respond
from served import Receive, Scope, Send, Serve
from wire import request


def fields(count: int, size: int = 1) -> list[tuple[bytes, bytes]]:
    return [(b"x-%d" % index, b"v" * size) for index in range(count)]


def test_request_line_up_to_8_kib_is_served_and_a_longer_one_is_414(serve: Serve) -> None:
    served = serve(hello)
    line = len(b"GET  HTTP/1.1")
    with served.connect() as wire:
        assert wire.ask("GET", "/" + "a" * (8000 - line - 1)).status == 200
    with served.connect() as wire:
        wire.send(request(target="/" + "a" * 8300))
        reply = wire.read()
        assert reply.status == 414
        assert wire.closed()


def test_endless_request_line_is_refused_before_its_end(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        wire.send(b"GET /" + b"a" * 20_000)
        assert wire.read().status == 414


def test_one_field_up_to_8_kib_is_served_and_a_longer_one_is_431(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        assert wire.ask(headers=[(b"x", b"v" * 8000)]).status == 200
    with served.connect() as wire:
        wire.send(request(headers=[(b"x", b"v" * 8300)]))
        assert wire.read().status == 431
        assert wire.closed()


def test_endless_field_is_refused_before_its_end(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\nx: " + b"v" * 20_000)
        assert wire.read().status == 431


def test_hundred_fields_are_served_and_more_are_431(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        assert wire.ask(headers=fields(99)).status == 200
    with served.connect() as wire:
        wire.send(request(headers=fields(101)))
        assert wire.read().status == 431
        assert wire.closed()


def test_header_block_up_to_64_kib_is_served_and_a_longer_one_is_431(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        assert wire.ask(headers=fields(30, 2000)).status == 200
    with served.connect() as wire:
        wire.send(request(headers=fields(40, 2000)))
        assert wire.read().status == 431
        assert wire.closed()


def test_limits_can_be_set(serve: Serve) -> None:
    served = serve(hello, max_request_line=100, max_field=200, max_header_block=400, max_fields=4)
    with served.connect() as wire:
        assert wire.ask("GET", "/" + "a" * 60, headers=fields(3, 50)).status == 200
    for refused, status in (
        (request(target="/" + "a" * 120), 414),
        (request(headers=fields(1, 250)), 431),
        (request(headers=fields(3, 150)), 431),
        (request(headers=fields(5)), 431),
    ):
        with served.connect() as wire:
            wire.send(refused)
            assert wire.read().status == status


def test_limits_of_chunked_bodies_can_be_set(serve: Serve) -> None:
    limits = {"max_chunk_extension": 10, "max_chunk_extensions": 15, "max_trailer_block": 40, "max_trailers": 2}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["type"] == "http.request":
            if not message["more_body"]:
                await respond(send, b"whole")
                return

    served = serve(app, **limits)
    head = b"POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n"
    with served.connect() as wire:
        wire.send(head + b"1;abc=def\r\nx\r\n0;a=b\r\nt: 1\r\nu: 2\r\n\r\n")
        assert wire.read().status == 200
    for refused, status in (
        (b"1;abcdef=ghij\r\nx\r\n0\r\n\r\n", 413),
        (b"1;abc=def\r\nx\r\n1;abc=def\r\ny\r\n0\r\n\r\n", 413),
        (b"0\r\nt: " + b"v" * 50 + b"\r\n\r\n", 431),
        (b"0\r\nt: 1\r\nu: 2\r\nv: 3\r\n\r\n", 431),
    ):
        with served.connect() as wire:
            wire.send(head + refused)
            assert wire.read().status == status


def test_chunk_extensions_are_limited(serve: Serve) -> None:
    served = serve(echo)
    head = request("POST", headers=[(b"transfer-encoding", b"chunked")])
    with served.connect() as wire:
        wire.send(head, b"1;" + b"e" * 200 + b"\r\na\r\n0\r\n\r\n")
        assert wire.read().body == b"a"
    with served.connect() as wire:
        wire.send(head, b"1;" + b"e" * 300 + b"\r\na\r\n0\r\n\r\n")
        assert not wire.rest().startswith(b"HTTP/1.1 200 ")
    with served.connect() as wire:
        try:
            wire.send(head, *[b"1;" + b"e" * 200 + b"\r\na\r\n"] * 100, b"0\r\n\r\n")
            answer = wire.rest()
        except (BrokenPipeError, ConnectionResetError):
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 200 ")
    assert len(served.errors.take(2)) == 2, "the application was told that its body broke off, and raised"


def test_trailers_are_limited(serve: Serve) -> None:
    served = serve(echo)
    head = request("POST", headers=[(b"transfer-encoding", b"chunked")])
    with served.connect() as wire:
        wire.send(head, b"0\r\n" + b"".join(b"x-%d: y\r\n" % index for index in range(30)) + b"\r\n")
        assert wire.read().status == 200
    for trailers in (b"".join(b"x-%d: y\r\n" % index for index in range(40)), b"x: " + b"y" * 9000 + b"\r\n"):
        with served.connect() as wire:
            wire.send(head, b"0\r\n" + trailers + b"\r\n")
            assert not wire.rest().startswith(b"HTTP/1.1 200 ")
    assert len(served.errors.take(2)) == 2, "the application was told that its body broke off, and raised"


def test_half_a_head_is_408_after_the_deadline(serve: Serve) -> None:
    served = serve(hello, header_timeout=0.2)
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: te")
        reply = wire.read()
        assert reply.status == 408
        assert reply.header(b"connection") == b"close"
        assert wire.closed()


def test_head_that_trickles_in_does_not_move_the_deadline(serve: Serve) -> None:
    served = serve(hello, header_timeout=0.3)
    with served.connect() as wire:
        wire.send(b"GET / HTTP/1.1\r\nhost: test\r\nx: ")
        wire.socket.settimeout(0.02)
        answer = b""
        for _ in range(1000):
            try:
                wire.socket.send(b"y")
                answer = wire.socket.recv(1000)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_connection_that_says_nothing_is_closed_without_a_word(serve: Serve) -> None:
    served = serve(hello, header_timeout=0.2, timeout_keep_alive=0.2)
    with served.connect() as wire:
        assert wire.rest() == b""


def test_idle_connection_is_closed_without_a_word_after_its_time(serve: Serve) -> None:
    served = serve(hello, timeout_keep_alive=0.2)
    with served.connect() as wire:
        for _ in range(3):
            assert wire.ask().body == b"hello"
        assert wire.rest() == b""


def test_second_head_has_its_own_deadline(serve: Serve) -> None:
    served = serve(hello, header_timeout=0.2, timeout_keep_alive=5)
    with served.connect() as wire:
        assert wire.ask().body == b"hello"
        wire.send(b"GET / HT")
        assert wire.read().status == 408


def test_deadlines_of_head_and_idling_do_not_touch_a_request_under_way(serve: Serve) -> None:
    import asyncio

    async def app(scope: object, receive: object, send: object) -> None:
        await asyncio.sleep(0.6)
        await hello(scope, receive, send)  # type: ignore[arg-type]

    served = serve(app, header_timeout=0.2, timeout_keep_alive=0.2)
    with served.connect() as wire:
        assert wire.ask().body == b"hello"


def test_body_may_take_longer_than_the_deadline_of_the_head(serve: Serve) -> None:
    served = serve(echo, header_timeout=0.2, timeout_keep_alive=0.2)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\nabc")
        with served.connect() as idle:
            assert idle.rest() == b"", "longer than the deadlines"
        served.settle()
        wire.send(b"def")
        assert wire.read().body == b"abcdef"


@pytest.mark.parametrize("count", [200])
def test_many_slow_clients_cost_their_neighbour_nothing(serve: Serve, count: int) -> None:
    served = serve(hello)
    slow = [served.connect() for _ in range(count)]
    for index, wire in enumerate(slow):
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-le"[: index % 40])
    with served.connect() as wire:
        for _ in range(20):
            assert wire.ask().body == b"hello"
    for wire in slow:
        wire.close()
    served.wait_until_idle()


def test_slow_clients_are_all_ended_by_the_deadline(serve: Serve) -> None:
    served = serve(hello, header_timeout=0.3)
    slow = [served.connect() for _ in range(100)]
    for wire in slow:
        wire.send(b"GET / HT")
    for wire in slow:
        assert wire.rest().startswith(b"HTTP/1.1 408 ")
        wire.close()
    served.wait_until_idle()


def test_client_that_never_reads_its_refusal_is_let_go(serve: Serve) -> None:
    served = serve(hello)
    wires = [served.connect() for _ in range(20)]
    for wire in wires:
        wire.send(b"nonsense\r\n\r\n")
    served.wait_until_idle()
    for wire in wires:
        assert wire.rest().startswith(b"HTTP/1.1 400 ")
        wire.close()
