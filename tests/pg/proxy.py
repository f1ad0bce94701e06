"""A TCP proxy that counts round trips, and cuts the line after so many bytes of the server."""

from __future__ import annotations

import asyncio
import contextlib

from pg.listening import Listening


class Proxy(Listening):
    """Passes bytes both ways; once armed, so many of the server's and then no more."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__()
        self.passed = 0
        self.flights = 0
        self._answered = True
        self._backend = (host, port)
        self._left: int | None = None

    def arm(self, count: int | None) -> None:
        """Cuts after `count` more bytes; never with None. Starts counting what passes."""
        self.passed = 0
        self.flights = 0
        self._answered = True
        self._left = count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(*self._backend)
        except OSError:
            return
        there = asyncio.ensure_future(self._pass(reader, to_server))
        try:
            await self._pass_counted(from_server, writer)
        finally:
            there.cancel()
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
