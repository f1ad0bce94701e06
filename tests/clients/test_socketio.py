"""Socket.IO: its server as the application, its client over long-polling, by upgrade and over WebSocket alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
import pytest

from applications import Notes
from clients.comparison import Compare, Open, Step
from wire import PATIENCE

REASON = "python-socketio is installed where the frameworks are (pip install --group frameworks)"
socketio = pytest.importorskip("socketio", reason=REASON)
payload = pytest.importorskip("engineio.payload", reason=REASON)

LARGE = bytes(range(256)) * (1 << 12)
# aiohttp's advice to the client, which posts its polls from bytes.
pytestmark = pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")

SOCKETS = {"upgrade": ["polling", "websocket"], "WebSocket alone": ["websocket"]}
TRANSPORTS = {"long-polling": ["polling"], **SOCKETS}
HUGE = bytes(range(256)) * (1 << 15)
SAID = {
    "json": {"a": [1, None, "gr\u00fc\u00dfe"]},
    "binary": b"\x00\xff",
    "binary inside": {"file": LARGE, "name": "x"},
    "nothing": None,
}
LEFT = {"client disconnect", "transport close", "server disconnect"}
"""How the end is told: a client that says so closes its connection at once, and either may be seen first."""


@pytest.fixture(autouse=True)
def _long_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that polls takes 16 packets at once and gives up with more."""
    monkeypatch.setattr(payload.Payload, "max_decode_packets", 1000)


def rooms(notes: Notes) -> Any:
    """A server that answers calls, sends to rooms, and tells who came and went."""
    server = socketio.AsyncServer(async_mode="asgi", max_http_buffer_size=16 << 20)

    @server.event
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        if auth == {"token": "wrong"}:
            raise socketio.exceptions.ConnectionRefusedError("not you")
        await server.emit("welcome", {"auth": auth, "path": environ["PATH_INFO"]}, to=sid)

    @server.event
    async def disconnect(sid: str, reason: str) -> None:
        notes.put(reason)

    @server.event
    async def echo(sid: str, *data: Any) -> Any:
        return data

    @server.event
    async def join(sid: str, room: str) -> None:
        await server.enter_room(sid, room)

    @server.event
    async def shout(sid: str, room: str, words: Any) -> None:
        await server.emit("heard", words, room=room)

    @server.event
    async def count(sid: str, end: int) -> None:
        for number in range(end):
            await server.emit("number", number, to=sid)

    @server.event
    async def leave(sid: str) -> None:
        await server.eio.disconnect(server.manager.eio_sid_from_sid(sid, "/"))

    return socketio.ASGIApp(server)


class Listener:
    """One client in asyncio, whose events wait until they are asked for."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        options = {"reconnection": False, "websocket_extra_options": {"max_msg_size": 0}}
        self.client = socketio.AsyncClient(http_session=session, **options)
        self.events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        for name in ("welcome", "heard", "number", "connect_error", "disconnect"):
            self.client.on(name, self._noting(name))

    async def connect(self, server: Open, transports: list[str], **options: Any) -> Any:
        await self.client.connect(server.http, transports=transports, wait_timeout=PATIENCE, **options)
        return await self.next()

    async def next(self) -> tuple[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return await self.events.get()

    def _noting(self, name: str) -> Any:
        async def note(*data: Any) -> None:
            await self.events.put((name, *data))

        return note


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS)
def test_events_answers_and_rooms(compare: Compare, transports: list[str]) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with aiohttp.ClientSession() as one, aiohttp.ClientSession() as two:
            ann, bob = Listener(one), Listener(two)
            yield "welcome", await ann.connect(server, transports, auth={"token": "right"})
            yield "welcome, the other", await bob.connect(server, transports)
            yield "transport", ann.client.transport()
            for name, data in SAID.items():
                yield name, await ann.client.call("echo", data, timeout=PATIENCE)
            yield "8 MiB", await ann.client.call("echo", HUGE, timeout=PATIENCE) == HUGE
            await ann.client.emit("count", 200)
            yield "in order", [await ann.next() for _ in range(200)]
            for each in (ann, bob):
                await each.client.call("join", "lobby", timeout=PATIENCE)
            await ann.client.emit("shout", ("lobby", "hello"))
            yield "a room", [await ann.next(), await bob.next()]
            await ann.client.emit("leave")
            yield "sent away", await ann.next()
            yield "the server knows", server.notes.get()
            await (bob.client.emit("leave") if transports == ["polling"] else bob.client.disconnect())
            yield "left", (await bob.next())[0]
            yield "the server is told", server.notes.get() in LEFT
            if transports != ["polling"]:  # who polls would wait for the next packet to send, which never comes
                await ann.client.eio.wait()
                await bob.client.eio.wait()

    answers = compare(walk, app=rooms)
    assert answers == {
        "welcome": ("welcome", {"auth": {"token": "right"}, "path": "/socket.io/"}),
        "welcome, the other": ("welcome", {"auth": None, "path": "/socket.io/"}),
        "transport": transports[-1],
        **SAID,
        "8 MiB": True,
        "in order": [("number", number) for number in range(200)],
        "a room": [("heard", "hello"), ("heard", "hello")],
        "sent away": ("disconnect", "server disconnect"),
        "the server knows": "server disconnect",
        "left": "disconnect",
        "the server is told": True,
    }


@pytest.mark.parametrize("transports", SOCKETS.values(), ids=SOCKETS)
def test_client_without_a_loop(compare: Compare, transports: list[str]) -> None:
    def walk(server: Open) -> Iterator[Step]:
        with socketio.SimpleClient() as client:
            client.connect(server.http, transports=transports, wait_timeout=int(PATIENCE))
            yield "transport", client.transport
            yield "welcome", client.receive(PATIENCE)
            yield "json", client.call("echo", [1, "two"], timeout=int(PATIENCE))
            yield "binary", client.call("echo", LARGE, timeout=int(PATIENCE)) == LARGE
            client.emit("count", 200)
            yield "in order", [client.receive(PATIENCE) for _ in range(200)]
        yield "the server is told", server.notes.get() in LEFT

    assert compare(walk, app=rooms) == {
        "transport": transports[-1],
        "welcome": ["welcome", {"auth": None, "path": "/socket.io/"}],
        "json": [1, "two"],
        "binary": True,
        "in order": [["number", number] for number in range(200)],
        "the server is told": True,
    }


@pytest.mark.parametrize("transports", SOCKETS.values(), ids=SOCKETS)
def test_refused_client_is_told_why(compare: Compare, transports: list[str]) -> None:
    async def walk(server: Open) -> AsyncIterator[Step]:
        async with aiohttp.ClientSession() as session:
            listener = Listener(session)
            with pytest.raises(socketio.exceptions.ConnectionError):
                await listener.connect(server, transports, auth={"token": "wrong"})
            yield "refused", await listener.next()

    assert compare(walk, app=rooms) == {"refused": ("connect_error", {"message": "not you"})}


def test_long_polling_by_hand(compare: Compare) -> None:
    def walk(server: Open) -> Iterator[Step]:
        params = {"EIO": "4", "transport": "polling"}
        with httpx.Client(base_url=server.http, timeout=PATIENCE, params=params) as client:
            opened = client.get("/socket.io/")
            session = {**json.loads(opened.text[1:]), "sid": "..."}
            yield "open", (opened.status_code, opened.headers["content-type"], opened.text[0], session)
            client.params = client.params.set("sid", json.loads(opened.text[1:])["sid"])
            said = client.post("/socket.io/", content='40{"token":"wrong"}')
            yield "connect", (said.status_code, said.text)
            yield "refused", client.get("/socket.io/").text
            foreign = client.get("/socket.io/", params={"sid": "nobody"})
            yield "a session that is none", (foreign.status_code, foreign.json())

    assert compare(walk, app=rooms) == {
        "open": (200, "text/plain; charset=UTF-8", "0", {
            "sid": "...", "upgrades": ["websocket"], "pingTimeout": 20000, "pingInterval": 25000,
            "maxPayload": 16 << 20,
        }),
        "connect": (200, "OK"),
        "refused": '44{"message":"not you"}',
        "a session that is none": (400, "Invalid session nobody"),
    }  # fmt: skip
