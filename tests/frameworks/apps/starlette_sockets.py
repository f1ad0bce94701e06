"""Starlette's WebSockets: routes, an endpoint class, subprotocols, denial, a broadcast."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import JSONResponse
from starlette.routing import Mount, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def greet(websocket: WebSocket) -> None:
    await websocket.accept(headers=[(b"x-greeted", b"yes")])
    await websocket.send_json(
        {
            "path": websocket.url.path,
            "name": websocket.path_params["name"],
            "query": dict(websocket.query_params),
            "cookies": websocket.cookies,
            "x-mine": websocket.headers.get("x-mine"),
        }
    )
    await websocket.close(4001, "greeted")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"Message text was: {text}")


async def echo_binary(websocket: WebSocket) -> None:
    await websocket.accept()
    async for data in websocket.iter_bytes():
        await websocket.send_bytes(data)


async def negotiate(websocket: WebSocket) -> None:
    offered = websocket.scope["subprotocols"]
    await websocket.accept(subprotocol=offered[-1] if offered else None)
    await websocket.send_json(offered)
    await websocket.close()


async def deny(websocket: WebSocket) -> None:
    body = {"detail": "members only"}
    await websocket.send_denial_response(JSONResponse(body, 403, headers={"x-reason": "membership"}))


async def turn_down(websocket: WebSocket) -> None:
    await websocket.close(1008)


async def crash(websocket: WebSocket) -> None:
    raise RuntimeError("before accept")


async def crash_open(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive_text()
    raise RuntimeError("while open")


class Counter(WebSocketEndpoint):
    """Counts in JSON."""

    encoding = "json"

    async def on_connect(self, websocket: WebSocket) -> None:
        self.total = 0
        await websocket.accept()

    async def on_receive(self, websocket: WebSocket, data: Any) -> None:
        self.total += data["add"]
        await websocket.send_json({"total": self.total})


class Room:
    """Tells everyone what one says, and who left with which code."""

    def __init__(self) -> None:
        self._members: list[WebSocket] = []

    async def __call__(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self._members.append(websocket)
        await websocket.send_text(f"{len(self._members)} here")
        try:
            while True:
                await self._tell(await websocket.receive_text())
        except WebSocketDisconnect as left:
            self._members.remove(websocket)
            await self._tell(f"left with {left.code} {left.reason}")

    async def _tell(self, text: str) -> None:
        for member in self._members:
            await member.send_text(text)


def make_app() -> Starlette:
    """An application with a room of its own."""
    return Starlette(
        routes=[
            WebSocketRoute("/greet/{name}", greet),
            Mount("/echo", routes=[WebSocketRoute("/text", echo), WebSocketRoute("/binary", echo_binary)]),
            WebSocketRoute("/negotiate", negotiate),
            WebSocketRoute("/deny", deny),
            WebSocketRoute("/turn-down", turn_down),
            WebSocketRoute("/crash", crash),
            WebSocketRoute("/crash-open", crash_open),
            WebSocketRoute("/count", Counter),
            WebSocketRoute("/room", Room().__call__),
        ]
    )
