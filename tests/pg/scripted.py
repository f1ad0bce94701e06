"""A server that says what a test tells it to, for what no real one does."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pg.listening import Listening
from pg.messages import message

TLS_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Scripted(Listening):
    """Runs the script for each connection."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        super().__init__(tls)
        self._script = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The client leaves, as the test wants.
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            await self._script(reader, writer)


@asynccontextmanager
async def scripted(script: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that runs the script, with TLS from the first byte where a context is given."""
    async with Scripted(script, tls) as listening:
        yield listening.port


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
