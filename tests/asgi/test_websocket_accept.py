"""Answers to a handshake: accepted, refused, denied with a response of the application's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from applications import Notes, accept
from frames import Socket, handshake, refused, text
from served import Receive, Scope, Send, Serve

Headers = list[tuple[bytes, bytes]]


def denying(*messages: dict[str, Any], notes: Notes | None = None) -> Any:
    """Sends these instead of an accept, then notes what it receives."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for message in messages:
            await send(message)
        if notes is not None:
            notes.put(await receive())

    return app


def accepting(**options: Any) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send, **options)
        await send({"type": "websocket.close"})

    return app


def test_accept_without_a_subprotocol_names_none(serve: Serve) -> None:
    served = serve(accepting())
    with served.connect() as wire, Socket(wire, protocols=["chat"]) as socket:
        assert socket.header(b"sec-websocket-protocol") is None
        assert socket.ended() == (1000, "")


@pytest.mark.parametrize("chosen", ["first", "second"])
def test_accept_names_the_subprotocol_the_application_chose(serve: Serve, chosen: str) -> None:
    served = serve(accepting(subprotocol=chosen))
    with served.connect() as wire, Socket(wire, protocols=["first", "second"]) as socket:
        assert socket.header(b"sec-websocket-protocol") == chosen.encode()
        socket.ended()


@pytest.mark.parametrize("subprotocol", [None, ""])
def test_subprotocol_of_none_is_none(serve: Serve, subprotocol: str | None) -> None:
    served = serve(accepting(subprotocol=subprotocol))
    with served.connect() as wire, Socket(wire, protocols=["chat"]) as socket:
        assert socket.header(b"sec-websocket-protocol") is None
        socket.ended()


def test_accept_carries_the_applications_headers(serve: Serve) -> None:
    fields: Headers = [(b"X-One", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-latin", b"caf\xe9")]
    served = serve(accepting(headers=fields))
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.header(b"x-one") == b"1"
        assert [value for name, value in socket.headers if name == b"set-cookie"] == [b"a=1", b"b=2"]
        assert socket.header(b"x-latin") == b"caf\xe9"
        socket.ended()


def test_accept_carries_the_servers_headers(serve: Serve) -> None:
    served = serve(accepting(), headers=[("x-everywhere", "yes")])
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.header(b"x-everywhere") == b"yes"
        assert socket.header(b"date") is not None
        assert socket.header(b"content-length") is None and socket.header(b"transfer-encoding") is None
        socket.ended()


def test_close_before_accept_is_a_403(serve: Serve) -> None:
    notes = Notes()
    served = serve(denying({"type": "websocket.close"}, notes=notes))
    with served.connect() as wire:
        reply = refused(wire, handshake())
    assert (reply.status, reply.body) == (403, b"")
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 1006)


def test_code_and_reason_of_a_close_before_accept_stay_inside(serve: Serve) -> None:
    served = serve(denying({"type": "websocket.close", "code": 4001, "reason": "secret"}))
    with served.connect() as wire:
        reply = refused(wire, handshake())
    assert reply.status == 403
    assert b"secret" not in reply.body and all(b"secret" not in value for _, value in reply.headers)


@pytest.mark.parametrize("fields", [{"reason": [{"type": "int_parsing"}]}, {"reason": "x" * 200}, {"code": "1008"}])
def test_code_and_reason_of_a_close_before_accept_may_be_anything(serve: Serve, fields: dict[str, Any]) -> None:
    served = serve(denying({"type": "websocket.close", "code": 1008, **fields}))
    with served.connect() as wire:
        assert refused(wire, handshake()).status == 403


def test_denial_response_reaches_the_client(serve: Serve) -> None:
    notes = Notes()
    app = denying(
        {"type": "websocket.http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Basic")]},
        {"type": "websocket.http.response.body", "body": b"who are you?"},
        notes=notes,
    )
    served = serve(app)
    with served.connect() as wire:
        reply = refused(wire, handshake())
    assert (reply.status, reply.body) == (401, b"who are you?")
    assert reply.header(b"www-authenticate") == b"Basic"
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 1006)


def test_denial_response_of_several_pieces_is_whole(serve: Serve) -> None:
    app = denying(
        {"type": "websocket.http.response.start", "status": 404, "headers": [(b"content-type", b"text/plain")]},
        {"type": "websocket.http.response.body", "body": b"no ", "more_body": True},
        {"type": "websocket.http.response.body", "body": b"such ", "more_body": True},
        {"type": "websocket.http.response.body", "body": b"room", "more_body": False},
    )
    served = serve(app)
    with served.connect() as wire:
        reply = refused(wire, handshake())
    assert (reply.status, reply.body, reply.header(b"content-type")) == (404, b"no such room", b"text/plain")


@pytest.mark.better("a denial response is held back until its end")
def test_denial_response_is_streamed(serve: Serve) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.http.response.start", "status": 503, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"first", "more_body": True})
        await go.wait()
        await send({"type": "websocket.http.response.body", "body": b"second"})
        notes.put("done")

    go = asyncio.Event()
    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake())
        assert b" 503 " in wire.until(b"first")
        served.loop.call_soon_threadsafe(go.set)
        assert b"second" in wire.rest()
    assert notes.get() == "done"


def test_denial_response_without_headers_or_body_is_one(serve: Serve) -> None:
    app = denying(
        {"type": "websocket.http.response.start", "status": 418},
        {"type": "websocket.http.response.body", "body": b""},
    )
    served = serve(app)
    with served.connect() as wire:
        reply = refused(wire, handshake())
    assert (reply.status, reply.body) == (418, b"")


def test_bytes_behind_a_refused_handshake_are_not_a_request(serve: Serve) -> None:
    served = serve(denying({"type": "websocket.close"}))
    with served.connect() as wire:
        refused(wire, handshake() + text("never mind") + b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")


BAD_ACCEPTS: dict[str, dict[str, Any]] = {
    "header with CR LF": {"headers": [(b"x-one", b"1\r\nevil: 1")]},
    "header name with a colon": {"headers": [(b"evil: 1", b"")]},
    "header of text": {"headers": [("x", "y")]},
    "subprotocol with CR LF": {"subprotocol": "chat\r\nevil: 1"},
    "subprotocol of bytes": {"subprotocol": b"evil"},
}


@pytest.mark.better("what is no field of HTTP may reach the client, or the answer fails without a line")
@pytest.mark.parametrize("options", BAD_ACCEPTS.values(), ids=BAD_ACCEPTS.keys())
def test_accept_that_no_handshake_can_carry_raises_and_is_a_500(serve: Serve, options: dict[str, Any]) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await accept(receive, send, **options)
        except Exception as error:
            notes.put(type(error))
            raise

    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake(protocols=["chat"]))
        reply = wire.read()
    assert reply.status == 500
    assert b"evil" not in reply.body and all(b"evil" not in name + value for name, value in reply.headers)
    assert notes.get() in (RuntimeError, ValueError, TypeError)
    served.errors.take()
