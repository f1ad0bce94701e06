"""The scope of a WebSocket, exact to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from applications import Notes, accept, hello
from frames import Socket, handshake
from served import Receive, Scope, Send, Serve
from wire import request


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def noting(notes: Notes) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope)
        await accept(receive, send)
        await send({"type": "websocket.close"})

    return app


def test_scope_of_a_websocket_has_these_values_and_no_others(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        client = wire.socket.getsockname()
        Socket(wire, "/room/a%20b?x=1&y=%20", headers=[(b"X-Twice", b"1"), (b"x-twice", b"2")]).ended()
    scope = notes.get()
    asgi = scope.pop("asgi")
    assert asgi["version"] == "3.0" and asgi["spec_version"] in ("2.4", "2.5")
    assert scope.pop("state", {}) == {}
    headers = scope.pop("headers")
    assert (b"host", b"test") in headers and (b"sec-websocket-version", b"13") in headers
    assert [value for name, value in headers if name.lower() == b"x-twice"] == [b"1", b"2"]
    assert dict(scope) == {
        "type": "websocket",
        "http_version": "1.1",
        "scheme": "ws",
        "server": ("127.0.0.1", served.address[1]),
        "client": client,
        "root_path": "",
        "path": "/room/a b",
        "raw_path": b"/room/a%20b",
        "query_string": b"x=1&y=%20",
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }


def test_scope_values_have_the_types_of_the_specification(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        Socket(wire, protocols=["a"]).ended()
    scope = notes.get()
    assert type(scope) is dict
    kinds: dict[str, type] = {
        "type": str,
        "asgi": dict,
        "http_version": str,
        "scheme": str,
        "path": str,
        "raw_path": bytes,
        "query_string": bytes,
        "root_path": str,
        "subprotocols": list,
        "extensions": dict,
        "state": dict,
    }
    assert {name: type(scope[name]) for name in kinds} == kinds
    for name in ("client", "server"):
        host, port = scope[name]
        assert type(host) is str and type(port) is int
    for name, value in scope["headers"]:
        assert type(name) is bytes and type(value) is bytes
    assert [type(protocol) for protocol in scope["subprotocols"]] == [str]


@pytest.mark.better("names keep the case in which they came")
def test_header_names_are_lower_case(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        Socket(wire, headers=[(b"X-Upper", b"Value")]).ended()
    assert (b"x-upper", b"Value") in notes.get()["headers"]


def test_header_values_beyond_ascii_come_as_they_are(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        Socket(wire, headers=[(b"x-name", b"caf\xe9")]).ended()
    assert (b"x-name", b"caf\xe9") in [(name.lower(), value) for name, value in notes.get()["headers"]]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([b"chat"], ["chat"]),
        ([b"chat, superchat"], ["chat", "superchat"]),
        ([b"chat,superchat ,  third"], ["chat", "superchat", "third"]),
        ([b"chat", b"superchat"], ["chat", "superchat"]),
        ([b"v1.chat, graphql-transport-ws"], ["v1.chat", "graphql-transport-ws"]),
    ],
)
def test_subprotocols_are_listed_in_the_clients_order(
    serve: Serve, noting: Any, notes: Notes, fields: list[bytes], expected: list[str]
) -> None:
    served = serve(noting)
    with served.connect() as wire:
        Socket(wire, headers=[(b"sec-websocket-protocol", value) for value in fields]).ended()
    assert notes.get()["subprotocols"] == expected


def test_root_path_stands_before_the_path(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting, root_path="/api")
    with served.connect() as wire:
        Socket(wire, "/chat").ended()
    scope = notes.get()
    assert (scope["root_path"], scope["path"]) == ("/api", "/api/chat")


def test_scopes_share_nothing_that_can_be_changed(serve: Serve) -> None:
    seen: list[Mapping[str, Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(dict(scope))
        scope["extensions"]["mine"] = {}
        scope["asgi"]["mine"] = "mine"
        await accept(receive, send)
        await send({"type": "websocket.close"})

    served = serve(app)
    for _ in range(2):
        with served.connect() as wire:
            Socket(wire).ended()
    first, second = seen
    assert first["extensions"] is not second["extensions"] and first["asgi"] is not second["asgi"]
    assert first["headers"] is not second["headers"]


def test_state_of_the_lifespan_is_given_as_a_copy(serve: Serve) -> None:
    notes = Notes()
    shared = object()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            scope["state"]["shared"] = shared
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        notes.put(dict(scope["state"]))
        scope["state"]["mine"] = 1
        await accept(receive, send)
        await send({"type": "websocket.close"})

    served = serve(app, lifespan="on")
    for _ in range(2):
        with served.connect() as wire:
            Socket(wire).ended()
        assert notes.get() == {"shared": shared}


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"upgrade", b"WebSocket"), (b"upgrade", b"WEBSOCKET"), (b"connection", b"keep-alive, Upgrade")],
)
def test_handshake_is_known_in_any_case_and_among_other_options(
    serve: Serve, noting: Any, notes: Notes, name: bytes, value: bytes
) -> None:
    served = serve(noting)
    plain = b"upgrade: websocket\r\n" if name == b"upgrade" else b"connection: Upgrade\r\n"
    with served.connect() as wire:
        wire.send(handshake().replace(plain, name + b": " + value + b"\r\n"))
        assert wire.head().startswith(b"HTTP/1.1 101 ")
    assert notes.get()["type"] == "websocket"


def test_request_without_the_upgrade_is_served_as_http(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        wire.send(request(headers=[(b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ==")]))
        assert wire.read().body == b"hello"


def test_websocket_follows_requests_on_the_same_connection(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await hello(scope, receive, send)
            return
        await accept(receive, send)
        await send({"type": "websocket.send", "text": "then"})
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"hello"
        socket = Socket(wire)
        assert socket.message() == "then"
        assert socket.ended() == (1000, "")
