"""A server for the length of a block, as tests and notebooks need it: `python client_and_server.py`."""

import asyncio
from typing import Any

from fasterapi import Config, Server


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Sends a request's body back, piece by piece."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message.get("body", b""), "more_body": more})


async def ask(host: str, port: int, body: bytes) -> bytes:
    """One request over a plain connection."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def main() -> None:
    """Starts a server on a free port, asks it, and stops it."""
    async with Server(Config(app, port=0)) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print((await ask(host, port, b"hello")).decode())


if __name__ == "__main__":
    asyncio.run(main())
