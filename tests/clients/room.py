"""The application that the clients talk to."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from applications import Notes, accept, answer, respond
from served import Application, Message, Receive, Scope, Send
from wire import PATIENCE

COUNTED = [f"message {number}" for number in range(1000)]
PAGE = b'<!doctype html><title>Room</title><link rel="icon" href="data:,">'


def room(notes: Notes) -> Application:
    """Echoes on `/echo`; on the other paths WebSockets end, or never open, in all the ways there are."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        query = {key: values[0] for key, values in parse_qs(scope["query_string"].decode()).items()}
        match scope["path"]:
            case "/page":
                await respond(send, PAGE, headers=[(b"content-type", b"text/html")])
            case "/echo":
                chosen = "chat.v2" if "chat.v2" in scope["subprotocols"] else None
                await accept(receive, send, subprotocol=chosen, headers=[(b"x-room", b"echo")])
                while (message := await receive())["type"] == "websocket.receive":
                    await answer(message, send)
                notes.put(_told(message))
            case "/count":
                await accept(receive, send)
                for number in COUNTED:
                    await send({"type": "websocket.send", "text": number})
                await send({"type": "websocket.close"})
            case "/close":
                await accept(receive, send)
                await send({"type": "websocket.send", "text": "last words"})
                await send({"type": "websocket.close", "code": int(query["code"]), "reason": query.get("reason", "")})
                notes.put(_told(await _end(receive)))
            case "/return":
                await accept(receive, send)
            case "/refuse":
                await receive()
                await send({"type": "websocket.close"})
            case "/deny":
                await receive()
                headers = [(b"content-type", b"text/plain"), (b"www-authenticate", b"Bearer")]
                await send({"type": "websocket.http.response.start", "status": 401, "headers": headers})
                await send({"type": "websocket.http.response.body", "body": b"no token"})
            case path:
                raise AssertionError(f"no client asks for {path}")

    return app


async def _end(receive: Receive) -> Message:
    async with asyncio.timeout(PATIENCE):
        while (message := await receive())["type"] != "websocket.disconnect":
            pass
    return message


def _told(message: Message) -> tuple[int, str | None]:
    """Code and reason as the application was told them."""
    return message["code"], message.get("reason")
