"""A listener on loopback whose sessions end with it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Listening(ABC):
    """Serves each connection by `serve()`, with TLS from the first byte where a context is given, and ends it without
    another byte."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self._encryption = tls
        self._listener: asyncio.Server | None = None
        self._sessions: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talks with one client."""

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._encryption)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = asyncio.current_task()
        assert session is not None
        self._sessions.add(session)
        session.add_done_callback(self._sessions.discard)
        try:
            # asyncio up to 3.12.1 takes a handler that was cancelled for one that has failed.
            with contextlib.suppress(asyncio.CancelledError):
                await self.serve(reader, writer)
        finally:
            writer.transport.abort()
