"""`wsproto` on a plain socket: what a client without a network of its own sees."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, converse
from clients.room import COUNTED
from wire import PATIENCE


class Talk:
    """One WebSocket: events out, events in."""

    def __init__(self, server: Open, target: str, *, deflate: bool = False, protocols: tuple[str, ...] = ()) -> None:
        self._socket = socket.create_connection(server.address, PATIENCE)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events = self._read()
        extensions = [PerMessageDeflate()] if deflate else []
        self.send(Request(host="test", target=target, extensions=extensions, subprotocols=list(protocols)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, event: Event) -> None:
        self._socket.sendall(self._connection.send(event))

    def say(self, message: str | bytes) -> None:
        self.send(TextMessage(message) if isinstance(message, str) else BytesMessage(message))

    def event(self) -> Any:
        """The next event; where the server ends the connection without a Close frame, a close with 1006."""
        return next(self._events)

    def hear(self) -> str | bytes:
        """The next message, all its pieces."""
        pieces: list[Any] = []
        while True:
            event = self.event()
            assert isinstance(event, Message), f"{event} is no message"
            pieces.append(event.data)
            if event.message_finished:
                return b"".join(pieces) if isinstance(event, BytesMessage) else "".join(pieces)

    def ended(self) -> bool:
        """Whether the server ends the connection and says nothing more."""
        return next(self._events, None) is None

    def _read(self) -> Iterator[Event]:
        while True:
            yield from self._connection.events()
            data = self._socket.recv(1 << 20)
            if not data:
                return
            self._connection.receive_data(data)


def opened(talk: Talk) -> dict[str, Any]:
    event = talk.event()
    assert isinstance(event, AcceptConnection)
    return {
        "subprotocol": event.subprotocol,
        "extensions": [extension.name for extension in event.extensions],
        "headers": sorted((bytes(name), bytes(value)) for name, value in event.extra_headers if name == b"x-room"),
    }


@pytest.mark.parametrize("offered", [True, False], ids=["offered", "not offered"])
@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "disabled"])
def test_conversation(compare: Compare, offered: bool, enabled: bool) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with Talk(server, "/echo", deflate=offered, protocols=("chat.v1", "chat.v2")) as talk:
            yield "open", opened(talk)
            yield from converse(talk.say, talk.hear)
            talk.send(TextMessage("in ", message_finished=False))
            talk.send(Ping(b"between"))
            yield "ping inside a message", talk.event()
            talk.send(TextMessage("pieces"))
            yield "fragments", talk.hear()
            talk.send(CloseConnection(4000))
            yield "close", talk.event()
            yield "end", talk.ended()
        yield "the application is told", server.notes.get()

    assert compare(walk, ws_per_message_deflate=enabled) == {
        "open": {
            "subprotocol": "chat.v2",
            "extensions": ["permessage-deflate"] if offered and enabled else [],
            "headers": [(b"x-room", b"echo")],
        },
        **CONVERSATION,
        "ping inside a message": Pong(b"between"),
        "fragments": "in pieces",
        "close": CloseConnection(4000, ""),
        "end": True,
        "the application is told": (4000, ""),
    }


def test_codes_and_reasons_go_both_ways(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        for code, reason in CLOSES:
            with Talk(server, f"/close?{urlencode({'code': code, 'reason': reason})}") as talk:
                opened(talk)
                yield f"from the server, {code}, message", talk.hear()
                event = talk.event()
                yield f"from the server, {code}", event
                talk.send(event.response())
                yield f"from the server, {code}, end", talk.ended()
            yield f"from the server, {code}, the application is told", server.notes.get()
            with Talk(server, "/echo") as talk:
                opened(talk)
                talk.send(CloseConnection(code, reason))
                yield f"from the client, {code}", talk.event().code
                yield f"from the client, {code}, end", talk.ended()
            yield f"from the client, {code}, the application is told", server.notes.get()

    answers = compare(walk)
    for code, reason in CLOSES:
        for side, answer in [("server", CloseConnection(code, reason)), ("client", code)]:
            assert answers[f"from the {side}, {code}"] == answer
            assert answers[f"from the {side}, {code}, end"] is True
            assert answers[f"from the {side}, {code}, the application is told"] == (code, reason)


def test_thousand_messages_and_the_close_behind_them_all_come(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with Talk(server, "/count") as talk:
            opened(talk)
            yield "messages", [talk.hear() for _ in COUNTED]
            yield "close", talk.event()

    assert compare(walk) == {"messages": COUNTED, "close": CloseConnection(1000, "")}


def test_denial_response_comes_whole(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with Talk(server, "/deny") as talk:
            event = talk.event()
            assert isinstance(event, RejectConnection)
            yield "status", event.status_code
            kept = (b"content-type", b"content-length", b"www-authenticate", b"connection")
            yield "headers", sorted((bytes(name), bytes(value)) for name, value in event.headers if name in kept)
            body = b""
            while not (piece := talk.event()).body_finished:
                assert isinstance(piece, RejectData)
                body += piece.data
            yield "body", body + piece.data
            yield "end", talk.ended()

    assert compare(walk) == {
        "status": 401,
        "headers": [
            (b"connection", b"close"),
            (b"content-length", b"8"),
            (b"content-type", b"text/plain"),
            (b"www-authenticate", b"Bearer"),
        ],
        "body": b"no token",
        "end": True,
    }
