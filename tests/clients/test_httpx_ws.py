"""`httpx-ws`: WebSockets on the connections of an httpx client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, converse, converse_async
from clients.room import COUNTED, PAGE
from wire import PATIENCE

httpx_ws = pytest.importorskip(
    "httpx_ws", reason="httpx-ws is installed where the frameworks are (pip install --group frameworks)"
)

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


def test_conversation_in_asyncio(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with httpx.AsyncClient() as client:
            async with httpx_ws.aconnect_ws(f"{server.http}/echo", client, subprotocols=PROTOCOLS) as session:
                kinds: list[type] = []

                async def send(message: str | bytes) -> None:
                    kinds.append(type(message))
                    await (session.send_text(message) if isinstance(message, str) else session.send_bytes(message))

                async def receive() -> Any:
                    text = kinds.pop(0) is str
                    return await (session.receive_text(PATIENCE) if text else session.receive_bytes(PATIENCE))

                yield "open", head(session)
                async for step in converse_async(send, receive):
                    yield step
                await (await session.ping(b"are you there")).wait()
                await session.close(4000)
            yield "the application is told", server.notes.get()

    assert compare(walk) == {"open": HEAD, **CONVERSATION, "the application is told": (4000, "")}


def test_codes_and_reasons_go_both_ways(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with httpx.Client() as client:
            for code, reason in CLOSES:
                query = urlencode({"code": code, "reason": reason})
                with httpx_ws.connect_ws(f"{server.http}/close?{query}", client) as session:
                    yield f"from the server, {code}, message", session.receive_text(PATIENCE)
                    with pytest.raises(httpx_ws.WebSocketDisconnect) as ended:
                        session.receive_text(PATIENCE)
                    yield f"from the server, {code}", (ended.value.code, ended.value.reason)
                yield f"from the server, {code}, the application is told", server.notes.get()
                with httpx_ws.connect_ws(f"{server.http}/echo", client) as session:
                    session.close(code, reason)
                yield f"from the client, {code}, the application is told", server.notes.get()

    answers = compare(walk)
    for code, reason in CLOSES:
        assert answers[f"from the server, {code}, message"] == "last words"
        assert answers[f"from the server, {code}"] == (code, reason)
        for side in ("server", "client"):
            assert answers[f"from the {side}, {code}, the application is told"] == (code, reason)


def test_thousand_messages_and_the_close_behind_them_all_come(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with httpx.Client() as client, httpx_ws.connect_ws(f"{server.http}/count", client) as session:
            yield "messages", [session.receive_text(PATIENCE) for _ in COUNTED]
            with pytest.raises(httpx_ws.WebSocketDisconnect) as ended:
                session.receive_text(PATIENCE)
            yield "close", ended.value.code

    assert compare(walk) == {"messages": COUNTED, "close": 1000}


def test_client_goes_on_after_a_refused_handshake(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with httpx.Client() as client:
            for path in ("refuse", "deny"):
                with pytest.raises(httpx_ws.WebSocketUpgradeError) as refused:
                    with httpx_ws.connect_ws(f"{server.http}/{path}", client):
                        pass
                yield path, refused.value.response.status_code
                yield f"a page after {path}", client.get(f"{server.http}/page").content

    assert compare(walk) == {"refuse": 403, "a page after refuse": PAGE, "deny": 401, "a page after deny": PAGE}
