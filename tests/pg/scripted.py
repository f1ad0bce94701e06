"""A server that says what a test tells it to, for what no real one does."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pg.messages import message

HOST = "127.0.0.1"
TLS_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Runs the script for each connection, with TLS from the first byte where a context is given; the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass  # the client has left, as the test wants
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, HOST, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def startup(reader: asyncio.StreamReader) -> bytes:
    """The client's first message."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(length - 4)


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lets the client in without a question, and waits until it says that it leaves."""
    await startup(reader)
    key = message(b"K", b"\0\0\0\x07\0\0\0\x09")
    status = message(b"S", b"server_version\x0017.0\0")
    writer.write(message(b"R", b"\0\0\0\0") + status + key + message(b"Z", b"I"))
    await writer.drain()
    assert await reader.readexactly(5) == message(b"X")
