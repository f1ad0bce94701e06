"""The `websockets` client, in asyncio and in threads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as connect_blocking

from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, converse, converse_async
from clients.room import COUNTED

PROTOCOLS = ["chat.v1", "chat.v2"]


def agreed(connection: Any) -> dict[str, Any]:
    """What the two sides agreed to in the handshake."""
    return {
        "status": connection.response.status_code,
        "subprotocol": connection.subprotocol,
        "extensions": [extension.name for extension in connection.protocol.extensions],
        "x-room": connection.response.headers["x-room"],
    }


def closed(connection: Any) -> tuple[int | None, str | None]:
    return connection.close_code, connection.close_reason


def opening(**changes: Any) -> dict[str, Any]:
    return {"status": 101, "subprotocol": "chat.v2", "extensions": [], "x-room": "echo", **changes}


@pytest.mark.parametrize("offered", [True, False], ids=["offered", "not offered"])
@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "disabled"])
def test_conversation_in_asyncio(compare: Compare, offered: bool, enabled: bool) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        compression = "deflate" if offered else None
        options: dict[str, Any] = {"subprotocols": PROTOCOLS, "compression": compression, "max_size": None}
        async with connect(f"{server.ws}/echo", **options) as connection:
            yield "open", agreed(connection)
            async for step in converse_async(connection.send, connection.recv):
                yield step
            await connection.send(["in ", "three ", "pieces"])
            yield "fragments", await connection.recv()
            yield "ping", await (await connection.ping(b"are you there")) >= 0
            await connection.close(4000)
            yield "close", closed(connection)
        yield "the application is told", server.notes.get()

    assert compare(walk, ws_per_message_deflate=enabled) == {
        "open": opening(extensions=["permessage-deflate"] if offered and enabled else []),
        **CONVERSATION,
        "fragments": "in three pieces",
        "ping": True,
        "close": (4000, ""),
        "the application is told": (4000, ""),
    }


@pytest.mark.parametrize("offered", [True, False], ids=["offered", "not offered"])
def test_conversation_in_threads(compare: Compare, offered: bool) -> None:
    def walk(server: Open) -> Iterator[Step]:
        compression = "deflate" if offered else None
        options: dict[str, Any] = {"subprotocols": PROTOCOLS, "compression": compression, "max_size": None}
        with connect_blocking(f"{server.ws}/echo", **options) as connection:
            yield "open", agreed(connection)
            yield from converse(connection.send, connection.recv)
            connection.send(["in ", "three ", "pieces"])
            yield "fragments", connection.recv()
            yield "ping", connection.ping(b"are you there").wait(20)
            connection.close(4000)
            yield "close", closed(connection)
        yield "the application is told", server.notes.get()

    assert compare(walk) == {
        "open": opening(extensions=["permessage-deflate"] if offered else []),
        **CONVERSATION,
        "fragments": "in three pieces",
        "ping": True,
        "close": (4000, ""),
        "the application is told": (4000, ""),
    }


def test_subprotocol_that_the_application_does_not_know_is_not_agreed_to(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        offers: dict[str, Any] = {"other": ["chat.v1"], "none": None}
        for name, offer in offers.items():
            async with connect(f"{server.ws}/echo", subprotocols=offer) as connection:
                yield name, connection.subprotocol
            yield f"{name}, the application is told", server.notes.get()

    answers = compare(walk)
    assert answers["other"] is None and answers["none"] is None


def test_applications_codes_and_reasons_reach_the_client(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        for code, reason in CLOSES:
            async with connect(f"{server.ws}/close?{urlencode({'code': code, 'reason': reason})}") as connection:
                yield f"{code}, the message before", await connection.recv()
                with pytest.raises(ConnectionClosed):
                    await connection.recv()
                yield f"{code}", closed(connection)
            yield f"{code}, the application is told", server.notes.get()

    answers = compare(walk)
    for code, reason in CLOSES:
        assert answers[f"{code}, the message before"] == "last words"
        assert answers[f"{code}"] == answers[f"{code}, the application is told"] == (code, reason)


def test_clients_codes_and_reasons_reach_the_application(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        for code, reason in CLOSES:
            with connect_blocking(f"{server.ws}/echo") as connection:
                connection.close(code, reason)
                yield f"{code}", connection.close_code
                yield f"{code}, reason", connection.close_reason
            yield f"{code}, the application is told", server.notes.get()

    answers = compare(walk)
    for code, reason in CLOSES:
        assert (answers[f"{code}"], answers[f"{code}, reason"]) == (code, reason)
        assert answers[f"{code}, the application is told"] == (code, reason)


def test_thousand_messages_and_the_close_behind_them_all_come(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with connect(f"{server.ws}/count") as connection:
            yield "messages", [message async for message in connection]
            yield "close", closed(connection)

    assert compare(walk) == {"messages": COUNTED, "close": (1000, "")}


def test_application_that_returns_closes_in_order(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with connect(f"{server.ws}/return") as connection:
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            yield "close", closed(connection)

    # uvicorn ends the connection without a Close frame: the client cannot tell it from a failure.
    assert compare(walk, differs={"close": (1006, "")}) == {"close": (1000, "")}


def test_refused_handshakes_say_why(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        for path in ("refuse", "deny"):
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"{server.ws}/{path}"):
                    pass
            response = refused.value.response
            yield f"{path}, status", response.status_code
            yield f"{path}, body", response.body
            yield f"{path}, content-type", response.headers.get("content-type")
            yield f"{path}, www-authenticate", response.headers.get("www-authenticate")

    # An empty body has no type.
    answers = compare(walk, differs={"refuse, content-type": "text/plain; charset=utf-8"})
    assert [answers[f"refuse, {what}"] for what in ("status", "body")] == [403, b""]
    assert [answers[f"deny, {what}"] for what in ("status", "body", "content-type", "www-authenticate")] == [
        401, b"no token", "text/plain", "Bearer"
    ]  # fmt: skip


def test_message_above_the_limit_ends_with_1009(compare: Compare) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        for name, compression in [("plain", None), ("compressed", "deflate")]:
            async with connect(f"{server.ws}/echo", compression=compression) as connection:
                await connection.send(bytes(1000))
                yield f"{name}, at the limit", await connection.recv()
                await connection.send(bytes(1001))
                with pytest.raises(ConnectionClosed):
                    await connection.recv()
                yield f"{name}, above it", connection.close_code
            yield f"{name}, the application is told", server.notes.get()[0]

    answers = compare(walk, ws_max_size=1000)
    for name in ("plain", "compressed"):
        assert answers[f"{name}, at the limit"] == bytes(1000)
        assert answers[f"{name}, above it"] == answers[f"{name}, the application is told"] == 1009
