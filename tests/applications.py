"""Small ASGI applications the suites are run with."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from typing import Any

from served import Message, Receive, Scope, Send
from wire import PATIENCE


async def respond(
    send: Send, body: bytes = b"", status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """A whole response in two messages."""
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive: Receive) -> bytes:
    """The request's body; a disconnect before its end is a failure."""
    body = bytearray()
    while True:
        message = await receive()
        assert message["type"] == "http.request", f"{message['type']} inside a body"
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers "hello", reads nothing."""
    await respond(send, b"hello", headers=[(b"content-type", b"text/plain"), (b"content-length", b"5")])


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the request's body."""
    await respond(send, await read_body(receive))


async def where(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers the request's path."""
    await respond(send, scope["path"].encode())


async def accept(receive: Receive, send: Send, **options: Any) -> None:
    """Opens the WebSocket."""
    message = await receive()
    assert message == {"type": "websocket.connect"}, f"{message} before websocket.connect"
    await send({"type": "websocket.accept", **options})


async def answer(message: Message, send: Send) -> None:
    """Sends a received message back as it came."""
    kind = "text" if message.get("text") is not None else "bytes"
    await send({"type": "websocket.send", kind: message[kind]})


async def echo_messages(scope: Scope, receive: Receive, send: Send) -> None:
    """Sends every message of a WebSocket back."""
    await accept(receive, send)
    while (message := await receive())["type"] == "websocket.receive":
        await answer(message, send)


class Notes:
    """What an application saw, handed to the test's thread in order."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def put(self, note: Any) -> None:
        self._queue.put(note)

    def get(self) -> Any:
        """The next note; fails the test where none comes."""
        try:
            return self._queue.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError("the application told nothing more") from None

    def empty(self) -> bool:
        return self._queue.empty()


async def until_disconnect(receive: Receive) -> list[Message]:
    """Every message up to and with the disconnect."""
    messages: list[Message] = []
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] == "http.disconnect":
            return messages
