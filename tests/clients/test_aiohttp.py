"""aiohttp's client: WebSockets on the connections of its session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, converse_async
from clients.room import COUNTED, PAGE


async def send(socket: ClientWebSocketResponse, message: str | bytes) -> None:
    await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))


async def receive(socket: ClientWebSocketResponse) -> str | bytes:
    message = await socket.receive()
    assert message.type in (WSMsgType.TEXT, WSMsgType.BINARY), f"{message} is no message"
    received: str | bytes = message.data
    return received


@pytest.mark.parametrize("offered", [True, False], ids=["offered", "not offered"])
@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "disabled"])
def test_conversation(compare: Compare, offered: bool, enabled: bool) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        options: dict[str, Any] = {"protocols": ("chat.v1", "chat.v2"), "compress": 15 * offered, "max_msg_size": 0}
        async with ClientSession() as session:
            async with session.ws_connect(f"{server.http}/echo", **options) as socket:
                yield "subprotocol", socket.protocol
                yield "compressed", socket.compress > 0
                async for step in converse_async(lambda it: send(socket, it), lambda: receive(socket)):
                    yield step
                await socket.send_json({"a": [1, None]})
                yield "json", await socket.receive_json()
                await socket.close(code=4000)
                yield "close", socket.close_code
            yield "the application is told", server.notes.get()

    assert compare(walk, ws_per_message_deflate=enabled) == {
        "subprotocol": "chat.v2",
        "compressed": offered and enabled,
        **CONVERSATION,
        "json": {"a": [1, None]},
        "close": 4000,
        "the application is told": (4000, ""),
    }


def test_codes_and_reasons_go_both_ways(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with ClientSession() as session:
            for code, reason in CLOSES:
                query = urlencode({"code": code, "reason": reason})
                async with session.ws_connect(f"{server.http}/close?{query}") as socket:
                    yield f"from the server, {code}, message", await socket.receive_str()
                    message = await socket.receive()
                    yield f"from the server, {code}", (message.type, message.data, message.extra)
                yield f"from the server, {code}, the application is told", server.notes.get()
                async with session.ws_connect(f"{server.http}/echo") as socket:
                    await socket.close(code=code, message=reason.encode())
                    yield f"from the client, {code}", socket.close_code
                yield f"from the client, {code}, the application is told", server.notes.get()

    answers = compare(walk)
    for code, reason in CLOSES:
        assert answers[f"from the server, {code}"] == (WSMsgType.CLOSE, code, reason)
        assert answers[f"from the client, {code}"] == code
        for side in ("server", "client"):
            assert answers[f"from the {side}, {code}, the application is told"] == (code, reason)


def test_thousand_messages_and_the_close_behind_them_all_come(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with ClientSession() as session, session.ws_connect(f"{server.http}/count") as socket:
            yield "messages", [message.data async for message in socket]
            yield "close", socket.close_code

    assert compare(walk) == {"messages": COUNTED, "close": 1000}


def test_session_goes_on_after_a_refused_handshake(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with ClientSession() as session:
            for path in ("refuse", "deny"):
                with pytest.raises(WSServerHandshakeError) as refused:
                    await session.ws_connect(f"{server.http}/{path}")
                yield path, refused.value.status
                async with session.get(f"{server.http}/page") as response:
                    yield f"a page after {path}", (response.status, await response.read())

    page = (200, PAGE)
    assert compare(walk) == {"refuse": 403, "a page after refuse": page, "deny": 401, "a page after deny": page}
