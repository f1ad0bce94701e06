"""Each request runs in a context of its own."""

from __future__ import annotations

import asyncio
import contextvars

from applications import Notes, read_body, respond
from served import Receive, Scope, Send, Serve
from wire import request

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")


def test_request_does_not_see_what_another_on_its_connection_set(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(variable.get("unset"))
        variable.set(scope["path"])
        await asyncio.sleep(0)
        notes.put(variable.get())
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        for path in ("/one", "/two"):
            wire.ask("GET", path)
            assert [notes.get(), notes.get()] == ["unset", path]


def test_context_stays_the_same_over_every_await(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        variable.set(scope["path"])
        await read_body(receive)
        notes.put((scope["path"], variable.get()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(10):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
            notes.put((scope["path"], variable.get()))
        await send({"type": "http.response.body"})
        await asyncio.sleep(0)
        notes.put((scope["path"], variable.get()))

    served = serve(app)
    wires = [served.connect() for _ in range(5)]
    for index, wire in enumerate(wires):
        wire.send(b"POST /%d HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\na" % index)
    served.settle()
    for wire in wires:
        wire.send(b"b")
    for wire in wires:
        assert len(wire.read().body) == 1_000_000
        wire.close()
    for _ in range(5 * 12):
        path, seen = notes.get()
        assert seen == path


def test_context_of_a_request_is_not_the_one_of_whoever_delivered_its_bytes(serve: Serve) -> None:
    """A waiter that is resumed inside another task's step must not run in that task's context."""
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        variable.set(scope["path"])
        if scope["path"] == "/waits":
            await read_body(receive)
            notes.put(variable.get())
            assert asyncio.current_task() is not None
        await respond(send)

    served = serve(app)
    with served.connect() as waiting, served.connect() as other:
        waiting.send(b"POST /waits HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\n")
        served.settle()
        other.send(request(target="/other"))
        waiting.send(b"x")
        assert other.read().status == 200
        assert waiting.read().status == 200
    assert notes.get() == "/waits"


def test_tasks_of_a_request_inherit_its_context(serve: Serve) -> None:
    notes = Notes()

    async def child() -> None:
        notes.put(variable.get())
        variable.set("by the child")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        variable.set("by the request")
        await asyncio.create_task(child())
        notes.put(variable.get())
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.ask()
    assert [notes.get(), notes.get()] == ["by the request", "by the request"]
