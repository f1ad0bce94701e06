"""The engine's protocol, with what is not worth being fast in Python."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final, TypeAlias

from fasterapi._engine import PgProtocol, PgSettings, PgStatement, PgTypes, _create_record
from fasterapi.pg.protocol.builtin import BUILTIN_TYPE_NAME_MAP, BUILTIN_TYPE_OID_MAP
from fasterapi.pg.protocol.record import Record
from fasterapi.pg.protocol.scram import SCRAMAuthentication
from fasterapi.pg.protocol.transport import SessionTransport

__all__ = [
    "BUILTIN_TYPE_NAME_MAP",
    "BUILTIN_TYPE_OID_MAP",
    "NO_TIMEOUT",
    "_create_record",
    "ConnectionSettings",
    "Protocol",
    "Record",
    "SCRAMAuthentication",
    "StatementState",
    "Types",
]

ConnectionSettings: TypeAlias = PgSettings
StatementState: TypeAlias = PgStatement
Types: TypeAlias = PgTypes

# Given as a timeout: not even the connection's own.
NO_TIMEOUT: Final = object()

# How much is gathered before it is sent, and how many rows are encoded in one go.
COPY_BUFFER: Final = 256 * 1024
COPY_ROWS: Final = 512

_COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_TRAILER: Final = b"\xff\xff"


class Protocol(PgProtocol):
    """One session with a server."""

    @property
    def transport(self) -> SessionTransport:
        """What stands for its transport."""
        return SessionTransport(self)

    @cached_property
    def _copying(self) -> asyncio.Lock:
        """Held by the COPY under way: its data go one way, and nothing else can go that way."""
        return asyncio.Lock()

    @property
    def backend_pid(self) -> int | None:
        """The server's process."""
        return self.get_server_pid()

    @property
    def backend_secret(self) -> bytes | None:
        """What a request to cancel must show."""
        return self.get_server_secret()

    async def copy_out(
        self, copy_stmt: str, sink: "Callable[[bytes], Awaitable[object]]", timeout: float | None
    ) -> str:
        """Runs a COPY that gives data, and hands these to `sink` piece by piece."""
        async with asyncio.timeout(timeout), self._copying:
            try:
                await self._copy_begin(copy_stmt, None)
                while (data := await self._copy_read()) is not None:
                    await sink(data)
                return await self._copy_done()
            except BaseException:
                self._give_up("the reader of the data failed")
                raise

    async def copy_in(
        self,
        copy_stmt: str,
        reader: AsyncIterable[bytes] | None,
        data: bytes | None,
        records: "Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]] | None",
        record_stmt: "StatementState | None",
        timeout: float | None,
    ) -> str:
        """Runs a COPY that takes data: of `reader`, `data` itself, or `records` of the types of `record_stmt`."""
        async with asyncio.timeout(timeout), self._copying:
            try:
                await self._copy_begin(copy_stmt, None)
                if record_stmt is not None and records is not None:
                    await self._write_records(records, record_stmt)
                elif reader is not None:
                    async for piece in reader:
                        await self._copy_write(piece)
                elif data is not None:
                    await self._copy_write(data)
            except BaseException as error:
                self._give_up(_reason(error))
                raise
            return await self._copy_done()

    async def _write_records(
        self, records: "Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]]", statement: "StatementState"
    ) -> None:
        pending = _COPY_HEADER
        if isinstance(records, AsyncIterable):
            batch: list[Sequence[Any]] = []
            async for row in records:
                batch.append(row)
                if len(batch) == COPY_ROWS:
                    pending = await self._write_rows(pending, iter(batch), statement)
                    batch.clear()
            pending = await self._write_rows(pending, iter(batch), statement)
        else:
            pending = await self._write_rows(pending, iter(records), statement)
        await self._copy_write(pending + _COPY_TRAILER)

    async def _write_rows(self, pending: bytes, rows: Iterator[Sequence[Any]], statement: "StatementState") -> bytes:
        """Sends what stands before the rows and the rows, in pieces that are worth it; what stays to be sent."""
        while len(encoded := statement._encode_copy_rows(rows, COPY_BUFFER)) >= COPY_BUFFER:
            await self._copy_write(pending + encoded)
            pending = b""
        pending += encoded
        if len(pending) < COPY_BUFFER:
            return pending
        await self._copy_write(pending)
        return b""

    def _give_up(self, reason: str) -> None:
        if self.is_connected():
            self._copy_fail(reason)


def _reason(error: BaseException) -> str:
    """What the server is told of an error, which its log may show; of any length, and of any origin."""
    try:
        text = str(error)
    except Exception:
        text = ""
    kind = type(error).__name__
    return f"{kind}: {text[:1000]}".replace("\0", "") if text else kind
