"""A server that says what a script tells it to: the wrong things."""

from __future__ import annotations

import asyncio
import contextlib
import struct

from pg.listening import Listening
from pg.messages import message

PROTOCOL_SSL = 80877103
PROTOCOL_CANCEL = 80877102


def row(*values: bytes | None) -> bytes:
    fields = b"".join(
        struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value for value in values
    )
    return message(b"D", struct.pack("!H", len(values)) + fields)


def columns(*oids: int) -> bytes:
    described = b"".join(b"c\0" + struct.pack("!IhIhih", 0, 0, oid, 4, -1, 1) for oid in oids)
    return message(b"T", struct.pack("!H", len(oids)) + described)


READY = message(b"Z", b"I")
KEY = message(b"K", struct.pack("!ii", 1, 2))
WELCOME = message(b"R", struct.pack("!i", 0)) + b"".join(
    message(b"S", name + b"\0" + value + b"\0")
    for name, value in {
        b"server_version": b"15.0", b"server_encoding": b"UTF8", b"client_encoding": b"UTF8", b"DateStyle": b"ISO, MDY",
        b"TimeZone": b"UTC", b"integer_datetimes": b"on", b"standard_conforming_strings": b"on",
    }.items()
) + KEY + READY  # fmt: skip
PARSED = message(b"1")
BOUND = message(b"2")
NO_PARAMETERS = message(b"t", b"\0\0")
INT4 = 23
TEXT = 25


class Hostile(Listening):
    """Answers the start with `start`, an SSLRequest with `tls`, and a statement with `description`. Each execution gets
    the next of `answers`; after the last it closes, or waits for the client if it is `patient`."""

    def __init__(
        self,
        *answers: bytes,
        description: bytes = b"",
        start: bytes = WELCOME,
        tls: bytes = b"N",
        patient: bool = False,
    ) -> None:
        super().__init__()
        self._answers = list(answers)
        self._description = description
        self._start = start
        self._tls = tls
        self._patient = patient

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._session(reader, writer)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        code = await self._opening(reader)
        if code == PROTOCOL_CANCEL:
            return
        if code == PROTOCOL_SSL:
            writer.write(self._tls)
            if self._tls != b"N":
                if self._tls:
                    await reader.read(1)  # the client begins its handshake, or gives up
                    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    await writer.drain()
                return
            await self._opening(reader)
        writer.write(self._start)
        await writer.drain()
        while self._answers or self._description:
            if not await self._answer(reader, writer):
                break
        if self._patient:
            await reader.read()
        else:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers what was asked up to a Sync, a Flush or a simple query; whether there is more to say."""
        kinds = b""
        while not kinds.endswith((b"S", b"H", b"Q")):
            kinds += await self._request(reader)
        if b"P" in kinds or b"D" in kinds:
            writer.write(self._description)
        executed = b"E" in kinds or b"Q" in kinds
        if executed and not self._answers:
            return False
        writer.write(self._answers.pop(0) if executed else READY)
        await writer.drain()
        return not executed or bool(self._answers)

    async def _opening(self, reader: asyncio.StreamReader) -> int:
        length, code = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(length - 8)
        return int(code)

    async def _request(self, reader: asyncio.StreamReader) -> bytes:
        kind = await reader.readexactly(1)
        (length,) = struct.unpack("!i", await reader.readexactly(4))
        await reader.readexactly(length - 4)
        return kind
