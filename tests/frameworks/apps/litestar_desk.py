"""Litestar: handlers with data of their own types, streams, a listener and a handler of WebSockets, dependencies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Litestar, WebSocket, get, post, websocket, websocket_listener
from litestar.exceptions import NotAuthorizedException, WebSocketDisconnect
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import ServerSentEvent, Stream


@dataclass
class Ticket:
    title: str
    priority: int = 1


@dataclass
class Sum:
    total: int


@get("/")
async def index(name: FromQuery[str] = "world") -> str:
    return f"hello {name}"


@get("/tickets/{number:int}", sync_to_thread=True)
def ticket(number: FromPath[int], x_desk: Annotated[str, HeaderParameter(name="X-Desk")]) -> dict[str, Any]:
    return {"number": number, "desk": x_desk}


@post("/tickets")
async def create(data: JSONBody[Ticket]) -> Ticket:
    return Ticket(data.title.title(), data.priority + 1)


@get("/numbers")
async def numbers() -> Stream:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(100):
            yield b"%d\n" % number

    return Stream(lines(), media_type="text/plain")


@get("/events", sync_to_thread=False)
def events() -> ServerSentEvent:
    async def happening() -> AsyncIterator[dict[str, Any]]:
        for number in range(3):
            yield {"data": str(number), "event": "count", "id": str(number)}

    return ServerSentEvent(happening())


@websocket_listener("/add")
async def add(data: list[int]) -> Sum:
    return Sum(sum(data))


@websocket("/talk/{name:str}")
async def talk(socket: WebSocket[Any, Any, Any], name: FromPath[str]) -> None:
    await socket.accept(subprotocols="talk" if "talk" in socket.scope["subprotocols"] else None)
    try:
        async for text in socket.iter_data():
            if text == "bye":
                await socket.close(4002, "bye yourself")
                return
            await socket.send_text(f"{name}: {text}")
    except WebSocketDisconnect:
        return


@websocket("/members")
async def members(socket: WebSocket[Any, Any, Any]) -> None:
    raise NotAuthorizedException("members only")


def make_app() -> Litestar:
    """An application with all of it."""
    return Litestar([index, ticket, create, numbers, events, add, talk, members], logging_config=None)
