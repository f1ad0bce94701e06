"""Lifespan 2.0 with state."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

import fasterapi
from applications import Notes, respond
from fasterapi import StartupError
from served import Mode, Receive, Scope, Send, Serve


def lifespan_app(notes: Notes, state: dict[str, Any] | None = None) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            notes.put(("scope", {**scope}))
            message = await receive()
            notes.put(message)
            scope["state"].update(state or {})
            await send({"type": "lifespan.startup.complete"})
            notes.put(await receive())
            await send({"type": "lifespan.shutdown.complete"})
            notes.put("stopped")
        else:
            notes.put(scope["state"])
            await respond(send)

    return app


def test_lifespan_scope_startup_and_shutdown_come_in_order(serve: Serve) -> None:
    notes = Notes()
    served = serve(lifespan_app(notes), lifespan="on")
    name, scope = notes.get()
    assert name == "scope"
    assert scope == {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    assert notes.get() == {"type": "lifespan.startup"}
    with served.connect() as wire:
        assert wire.ask().status == 200
    notes.get()
    served.server.should_exit = True
    served.join()
    assert notes.get() == {"type": "lifespan.shutdown"}
    assert notes.get() == "stopped"


def test_state_of_the_lifespan_is_copied_shallowly_into_each_request(serve: Serve) -> None:
    notes = Notes()
    shared: list[int] = []
    served = serve(lifespan_app(notes, {"shared": shared, "count": 1}), lifespan="on")
    notes.get(), notes.get()
    with served.connect() as wire:
        wire.ask()
        first = notes.get()
        assert first == {"shared": [], "count": 1}
        assert first["shared"] is shared
        first["count"] = 2
        first["mine"] = True
        wire.ask()
    second = notes.get()
    assert second == {"shared": [], "count": 1}
    assert second is not first


def test_application_without_lifespan_is_served_under_auto(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        await respond(send, b"yes")

    served = serve(app, lifespan="auto")
    with served.connect() as wire:
        assert wire.ask().body == b"yes"


def test_application_is_not_asked_under_off(serve: Serve) -> None:
    kinds: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        kinds.append(scope["type"])
        await respond(send)

    served = serve(app, lifespan="off")
    with served.connect() as wire:
        assert wire.ask().status == 200
    assert kinds == ["http"]


def test_messages_sent_by_the_lifespan_task_later_do_not_disturb(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await respond(send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        notes.put(asyncio.current_task())
        notes.put(await receive())
        await send({"type": "lifespan.shutdown.complete"})

    served = serve(app, lifespan="on")
    notes.get()
    with served.connect() as wire:
        assert wire.ask().status == 200
        assert wire.ask().status == 200
    assert notes.empty()


@pytest.mark.parametrize("lifespan", ["on", "auto"])
def test_failed_startup_ends_the_server_before_it_accepts(mode: Mode, lifespan: Any) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    server = fasterapi.Server(fasterapi.Config(app, port=0, lifespan=lifespan, log_config=None))
    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        with pytest.raises(StartupError):
            runner.run(server.serve())
    assert not server.started


def test_exception_in_startup_ends_the_server_under_on(mode: Mode) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("no lifespan here")

    server = fasterapi.Server(fasterapi.Config(app, port=0, lifespan="on", log_config=None))
    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        with pytest.raises(StartupError):
            runner.run(server.serve())
    assert not server.started


def test_context_variables_set_by_one_request_are_not_seen_by_the_next(serve: Serve) -> None:
    notes = Notes()
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(variable.get())
        variable.set("by a request")
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.ask()
        wire.ask()
    assert [notes.get(), notes.get()] == ["unset", "unset"]
