"""`httpx-ws`: WebSockets on the connections of an httpx client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, converse, converse_async
from clients.room import COUNTED
from wire import PATIENCE

httpx_ws = pytest.importorskip("httpx_ws", reason="httpx-ws is installed for the newest interpreter only")

PROTOCOLS = ["chat.v1", "chat.v2"]


def head(session: Any) -> dict[str, Any]:
    response = session.response
    return {
        "status": response.status_code,
        "subprotocol": session.subprotocol,
        "extensions": response.headers.get("sec-websocket-extensions"),
        "x-room": response.headers.get("x-room"),
    }


HEAD = {"status": 101, "subprotocol": "chat.v2", "extensions": None, "x-room": "echo"}


def test_conversation(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with httpx.Client() as client:
            with httpx_ws.connect_ws(f"{server.http}/echo", client, subprotocols=PROTOCOLS) as session:
                kinds: list[type] = []

                def send(message: str | bytes) -> None:
                    kinds.append(type(message))
                    session.send_text(message) if isinstance(message, str) else session.send_bytes(message)

                def receive() -> Any:
                    text = kinds.pop(0) is str
                    return session.receive_text(PATIENCE) if text else session.receive_bytes(PATIENCE)

                yield "open", head(session)
                yield from converse(send, receive)
                yield "ping", session.ping(b"are you there").wait(PATIENCE)
                session.close(4000)
            yield "the application is told", server.notes.get()

    assert compare(walk) == {"open": HEAD, **CONVERSATION, "ping": True, "the application is told": (4000, "")}
