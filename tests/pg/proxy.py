"""A TCP proxy that counts round trips, and cuts the line after so many bytes of the server."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class Proxy:
    """Passes bytes both ways; once armed, so many of the server's and then no more."""

    def __init__(self, host: str, port: int) -> None:
        self.port = 0
        self.passed = 0
        self.flights = 0
        self._answered = True
        self._backend = (host, port)
        self._left: int | None = None
        self._listener: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    def arm(self, count: int | None) -> None:
        """Cuts after `count` more bytes; never with None. Starts counting what passes."""
        self.passed = 0
        self.flights = 0
        self._answered = True
        self._left = count

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)
        try:
            from_server, to_server = await asyncio.open_connection(*self._backend)
        except OSError:
            writer.transport.abort()
            return
        there = asyncio.ensure_future(self._pass(reader, to_server))
        try:
            await self._pass_counted(from_server, writer)
        finally:
            there.cancel()
            writer.transport.abort()
            to_server.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                # What is sent behind an answer is another round trip.
                self.flights += self._answered
                self._answered = False
                writer.write(data)
        writer.close()

    async def _pass_counted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while self._left != 0 and (data := await reader.read(1 << 16)):
                if self._left is not None:
                    data = data[: self._left]
                    self._left -= len(data)
                self.passed += len(data)
                self._answered = True
                writer.write(data)
                await writer.drain()
