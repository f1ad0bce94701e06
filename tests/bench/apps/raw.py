"""The raw ASGI application: the least that an application can do, so that what is measured is the server."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

HELLO = b"Hello, World!"
DOWNLOAD = bytes(range(256)) * 4096

HELLO_HEADERS = [(b"content-type", b"text/plain"), (b"content-length", str(len(HELLO)).encode())]
DOWNLOAD_HEADERS = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(DOWNLOAD)).encode())]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await ROUTES[scope["path"]](receive, send)
    elif scope["type"] == "websocket":
        await websocket_echo(receive, send)
    elif scope["type"] == "lifespan":
        await lifespan(receive, send)


async def hello(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": HELLO_HEADERS})
    await send({"type": "http.response.body", "body": HELLO})


async def download(receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": DOWNLOAD_HEADERS})
    await send({"type": "http.response.body", "body": DOWNLOAD})


async def echo(receive: Receive, send: Send) -> None:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(b"".join(parts), send)


async def upload(receive: Receive, send: Send) -> None:
    received = 0
    more = True
    while more:
        message = await receive()
        received += len(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(str(received).encode(), send)


async def answer(body: bytes, send: Send) -> None:
    headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def websocket_echo(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        # Servers name the kind that it is not with None, or leave it out.
        if (text := message.get("text")) is not None:
            await send({"type": "websocket.send", "text": text})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})


async def lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


ROUTES = {"/hello": hello, "/download": download, "/echo": echo, "/upload": upload}
