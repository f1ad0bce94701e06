"""Quart: routes, streams both ways, a WebSocket and a broadcast."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from quart import Quart, Response, abort, jsonify, make_response, request, stream_with_context, websocket


def make_app() -> Quart:
    """A board with readers of its own."""
    app = Quart(__name__)
    readers: set[asyncio.Queue[str]] = set()
    app.config["STARTED"] = False

    @app.before_serving
    async def start() -> None:
        app.config["STARTED"] = True

    @app.get("/")
    async def index() -> dict[str, Any]:
        return {"started": app.config["STARTED"], "args": request.args.to_dict(), "scheme": request.scheme}

    @app.post("/echo")
    async def echo() -> Response:
        data = await request.get_json()
        return jsonify(data)

    @app.post("/count")
    async def count() -> dict[str, int]:
        read = 0
        async for piece in request.body:
            read += len(piece)
        return {"read": read}

    @app.get("/stream")
    async def stream() -> Any:
        @stream_with_context
        async def lines() -> AsyncIterator[bytes]:
            for number in range(100):
                yield f"{request.method} {number}\n".encode()

        response = await make_response(lines())
        assert isinstance(response, Response)
        response.timeout = None
        return response

    @app.post("/tell")
    async def tell() -> tuple[str, int]:
        text = (await request.get_data()).decode()
        for reader in readers:
            reader.put_nowait(text)
        return str(len(readers)), 202

    @app.websocket("/read")
    async def read() -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()
        readers.add(queue)
        try:
            await websocket.send("ready")
            while True:
                await websocket.send(await queue.get())
        finally:
            readers.discard(queue)

    @app.websocket("/ws/<name>")
    async def talk(name: str) -> None:
        await websocket.accept(headers={"x-name": name}, subprotocol=(websocket.requested_subprotocols or [None])[0])
        while True:
            message = await websocket.receive()
            if message == "bye":
                await websocket.close(4002, "bye yourself")
                return
            if isinstance(message, bytes):
                await websocket.send(message * 2)
            else:
                await websocket.send_json({name: message})

    @app.websocket("/closed")
    async def closed() -> None:
        abort(401)

    return app
