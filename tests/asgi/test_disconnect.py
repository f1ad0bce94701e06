"""What an application learns of a client that leaves, and what the client still gets."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from applications import Notes, read_body, respond, until_disconnect
from served import Receive, Scope, Send, Serve
from wire import request


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def waiting(notes: Notes) -> Any:
    """Reads all, waits for the disconnect, then answers nevertheless."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        notes.put((await until_disconnect(receive))[-1])
        await respond(send, b"late")
        notes.put("ended")

    return app


def test_receive_gives_the_disconnect_when_the_client_closes(
    serve: Serve, waiting: Any, notes: Notes, version: str
) -> None:
    served = serve(waiting)
    wire = served.connect()
    wire.send(request(version=version))
    assert notes.get() == "begun"
    wire.close()
    assert notes.get() == {"type": "http.disconnect"}
    assert notes.get() == "ended"


def test_receive_gives_the_disconnect_when_the_client_resets(serve: Serve, waiting: Any, notes: Notes) -> None:
    served = serve(waiting)
    wire = served.connect()
    wire.send(request())
    assert notes.get() == "begun"
    wire.reset()
    assert notes.get() == {"type": "http.disconnect"}
    assert notes.get() == "ended"


def test_every_receive_after_the_disconnect_gives_it_again(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await until_disconnect(receive)
        notes.put([await receive() for _ in range(3)])

    served = serve(app)
    wire = served.connect()
    wire.send(request())
    assert notes.get() == "begun"
    wire.reset()
    assert notes.get() == [{"type": "http.disconnect"}] * 3


def test_disconnect_comes_inside_a_body(serve: Serve, waiting: Any, notes: Notes) -> None:
    served = serve(waiting)
    wire = served.connect()
    wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhalf")
    assert notes.get() == "begun"
    wire.close()
    assert notes.get() == {"type": "http.disconnect"}
    assert notes.get() == "ended"


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_disconnect_arrives_while_a_large_body_is_unread(serve: Serve, notes: Notes, leave: str) -> None:
    """Nobody calls receive() while the body's bytes fill the buffers, and the client's end behind them is seen."""
    left = threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        notes.put("read once")
        await asyncio.to_thread(left.wait)
        while (await receive())["type"] != "http.disconnect":
            pass
        notes.put("gone")

    served = serve(app)
    wire = served.connect()
    wire.socket.setblocking(False)
    wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 100000000000\r\n\r\n")
    try:
        while wire.socket.send(bytes(65536)):
            pass
    except BlockingIOError:
        pass
    assert notes.get() == "read once"
    getattr(wire, leave)()
    left.set()
    assert notes.get() == "gone"


def test_reset_ends_a_stream_although_the_body_was_never_read(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        notes.put("gone")

    served = serve(app)
    wire = served.connect()
    wire.socket.setblocking(False)
    wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 100000000\r\n\r\n")
    assert notes.get() == "begun"
    try:
        while wire.socket.send(bytes(65536)):
            pass
    except BlockingIOError:
        pass
    wire.reset()
    assert notes.get() == "gone"


def test_end_of_sending_after_a_whole_request_is_a_disconnect_and_the_response_is_still_delivered(
    serve: Serve, waiting: Any, notes: Notes, version: str
) -> None:
    served = serve(waiting)
    with served.connect() as wire:
        wire.send(request("POST", version=version, body=b"x"))
        assert notes.get() == "begun"
        wire.half_close()
        assert notes.get() == {"type": "http.disconnect"}
        assert wire.rest().endswith(b"late")
    assert notes.get() == "ended"


def test_request_and_end_of_sending_that_come_together_are_both_seen(serve: Serve, waiting: Any, notes: Notes) -> None:
    served = serve(waiting)
    for _ in range(20):
        with served.connect() as wire:
            wire.send(request())
            wire.half_close()
            assert notes.get() == "begun"
            assert notes.get() == {"type": "http.disconnect"}
            assert wire.rest().endswith(b"late")
        assert notes.get() == "ended"


def test_data_and_end_that_wait_in_the_backlog_together_are_both_seen(serve: Serve, waiting: Any, notes: Notes) -> None:
    """The loop is busy while a client connects, sends and half-closes: one event brings all three."""
    served = serve(waiting)
    with served.connect() as wire:

        async def while_busy() -> None:
            wire.send(request())
            wire.half_close()

        served.call(while_busy)
        assert notes.get() == "begun"
        assert notes.get() == {"type": "http.disconnect"}
        assert wire.rest().endswith(b"late")
    assert notes.get() == "ended"


def test_large_response_is_delivered_to_a_client_that_ended_its_sending(serve: Serve) -> None:
    body = bytes(5_000_000)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        await respond(send, body)

    served = serve(app)
    with served.connect() as wire:
        wire.send(request())
        wire.half_close()
        head, _, rest = wire.rest().partition(b"\r\n\r\n")
        assert b"content-length: 5000000" in head
        assert rest == body


def test_pipelined_requests_before_the_end_of_sending_are_all_answered(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0)
        await respond(send, scope["path"].encode())

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"".join(request(target=f"/{number}") for number in range(10)))
        wire.half_close()
        assert [wire.read().body for _ in range(10)] == [b"/%d" % number for number in range(10)]
        assert wire.rest() == b""


def test_half_a_request_then_the_end_is_never_given_to_the_application(serve: Serve) -> None:
    calls: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["path"])
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"GET /half HTTP/1.1\r\nhost: te")
        wire.half_close()
        answer = wire.rest()
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert calls == []


def test_send_after_a_reset_does_nothing_under_2_3(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await until_disconnect(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
        await send({"type": "http.response.body"})
        notes.put("no exception")

    served = serve(app)
    wire = served.connect()
    wire.send(request())
    assert notes.get() == "begun"
    wire.reset()
    assert notes.get() == "no exception"


def test_send_after_a_reset_raises_os_error_under_2_4(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        await until_disconnect(receive)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x"})
        except OSError as error:
            notes.put(error)
        else:
            notes.put(None)

    served = serve(app, asgi_spec="2.4")
    wire = served.connect()
    wire.send(request())
    assert notes.get() == "begun"
    wire.reset()
    assert isinstance(notes.get(), OSError)


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
def test_send_that_waits_for_a_client_that_resets_is_released(serve: Serve, notes: Notes, spec: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            for count in range(10_000):
                if count == 1:
                    notes.put("sending")
                await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
        except OSError as error:
            notes.put(type(error).__name__)
            raise
        notes.put("all sent")

    served = serve(app, asgi_spec=spec)
    wire = served.connect(receive_buffer=4096)
    wire.send(request())
    assert notes.get() == "sending"
    served.settle()
    wire.reset()
    outcome = notes.get()
    if spec == "2.3":
        assert outcome == "all sent"
    else:
        assert outcome != "all sent"


def test_idle_streaming_response_of_starlette_ends_when_the_client_leaves(serve: Serve, notes: Notes) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def idle() -> Any:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            notes.put("ended")

    async def endpoint(request: Request) -> StreamingResponse:
        return StreamingResponse(idle())

    served = serve(Starlette(routes=[Route("/", endpoint)]))
    for leave in ("close", "reset"):
        wire = served.connect()
        wire.send(request())
        assert wire.until(b"first\r\n").endswith(b"first\r\n")
        getattr(wire, leave)()
        assert notes.get() == "ended"


def test_connection_of_a_client_that_left_is_forgotten(serve: Serve, waiting: Any, notes: Notes) -> None:
    served = serve(waiting)
    for leave in ("close", "reset", "half_close") * 5:
        with served.connect() as wire:
            wire.send(request())
            assert notes.get() == "begun"
            getattr(wire, leave)()
            assert notes.get() == {"type": "http.disconnect"}
            assert notes.get() == "ended"
    served.wait_until_idle()


def test_client_that_connects_and_leaves_without_a_word_disturbs_nobody(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"fine")

    served = serve(app)
    for leave in ("close", "reset", "half_close"):
        wire = served.connect()
        getattr(wire, leave)()
        with served.connect() as other:
            assert other.ask().body == b"fine"
        wire.close()


def test_receive_after_the_whole_response_gives_the_disconnect_at_once(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        await respond(send, b"whole")
        notes.put(await receive())

    served = serve(app)
    with served.connect() as wire:
        for _ in range(2):
            assert wire.ask().body == b"whole"
            assert notes.get() == {"type": "http.disconnect"}


def test_receive_that_waits_while_the_response_ends_gives_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await respond(send, b"whole")
        notes.put(await waiting)

    served = serve(app)
    with served.connect() as wire:
        for _ in range(2):
            assert wire.ask().body == b"whole"
            assert notes.get() == {"type": "http.disconnect"}


def test_receive_that_outlives_its_request_ends_with_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def left_behind(receive: Receive) -> None:
        notes.put(await receive())

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        kept.append(asyncio.ensure_future(left_behind(receive)))
        await asyncio.sleep(0)
        if scope["path"] == "/raises":
            raise ValueError("no response")
        if scope["path"] == "/answers":
            await respond(send)

    kept: list[asyncio.Future[None]] = []
    served = serve(app)
    for path in ("/answers", "/raises", "/forgets"):
        with served.connect() as wire:
            wire.ask("GET", path)
            assert notes.get() == {"type": "http.disconnect"}
    served.errors.take(2)
