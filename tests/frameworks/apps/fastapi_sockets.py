"""FastAPI's WebSockets: dependencies that may refuse, a connection manager, models as messages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, Header, Query, WebSocket, WebSocketDisconnect, WebSocketException, status
from pydantic import BaseModel


class Order(BaseModel):
    item: str
    count: int = 1


async def session_or_token(
    websocket: WebSocket,
    session: Annotated[str | None, Cookie()] = None,
    token: Annotated[str | None, Query()] = None,
) -> str:
    if session is None and token is None:
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "no session and no token")
    return session or token or ""


async def known_agent(x_agent: Annotated[str | None, Header()] = None) -> str:
    if x_agent != "known":
        raise WebSocketException(4003, "unknown agent")
    return x_agent


class ConnectionManager:
    """The connections that are open, by the client's number."""

    def __init__(self) -> None:
        self.active: dict[int, WebSocket] = {}

    async def connect(self, number: int, websocket: WebSocket) -> None:
        await websocket.accept()
        self.active[number] = websocket

    def disconnect(self, number: int) -> None:
        del self.active[number]

    async def broadcast(self, message: str) -> None:
        for _, connection in sorted(self.active.items()):
            await connection.send_text(message)


def make_app() -> FastAPI:
    """An application with a connection manager of its own."""
    app = FastAPI()
    manager = ConnectionManager()

    @app.websocket("/items/{item_id}/ws")
    async def items(
        websocket: WebSocket,
        item_id: int,
        credential: Annotated[str, Depends(session_or_token)],
        q: int | None = None,
    ) -> None:
        await websocket.accept()
        while True:
            text = await websocket.receive_text()
            await websocket.send_text(f"Session cookie or query token value is: {credential}")
            if q is not None:
                await websocket.send_text(f"Query parameter q is: {q}")
            await websocket.send_text(f"Message text was: {text}, for item ID: {item_id}")

    @app.websocket("/ws/{client_id}")
    async def chat(websocket: WebSocket, client_id: int) -> None:
        await manager.connect(client_id, websocket)
        try:
            while True:
                said = await websocket.receive_text()
                await websocket.send_text(f"You wrote: {said}")
                await manager.broadcast(f"Client #{client_id} says: {said}")
        except WebSocketDisconnect as left:
            manager.disconnect(client_id)
            await manager.broadcast(f"Client #{client_id} left the chat with {left.code}")

    @app.websocket("/agents")
    async def agents(websocket: WebSocket, agent: Annotated[str, Depends(known_agent)]) -> None:
        await websocket.accept()
        await websocket.send_json({"agent": agent})
        await websocket.receive_text()
        raise WebSocketException(4010, "enough of it")

    @app.websocket("/orders")
    async def orders(websocket: WebSocket) -> None:
        await websocket.accept()
        async for data in websocket.iter_json():
            order = Order.model_validate(data)
            await websocket.send_json(order.model_dump(), mode="binary")

    @app.get("/active")
    async def active() -> dict[str, Any]:
        return {"clients": sorted(manager.active)}

    return app
