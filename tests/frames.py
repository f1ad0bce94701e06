"""A WebSocket client by hand: any frame out, whole frames in."""

from __future__ import annotations

import base64
import enum
import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from wire import Fields, Reply, Wire, request

DEFLATE = "permessage-deflate"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TAIL = b"\x00\x00\xff\xff"
_MASK = b"\x37\xfa\x21\x3d"


class Opcode(enum.IntEnum):
    """What a frame is (RFC 6455, section 11.8)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


@dataclass(frozen=True)
class Frame:
    """One frame of the server's."""

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv: int = 0
    """The three reserved bits: 4 is RSV1."""

    @property
    def closing(self) -> tuple[int, str]:
        """Code and reason of a Close frame; 1005 where it has none."""
        assert self.opcode == Opcode.CLOSE, f"{self} is no Close frame"
        if not self.payload:
            return 1005, ""
        [code] = struct.unpack("!H", self.payload[:2])
        return code, self.payload[2:].decode()


def masked(payload: bytes, key: bytes = _MASK) -> bytes:
    """The payload under a mask, or out of it."""
    keys = (key * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload) ^ int.from_bytes(keys)).to_bytes(len(payload))


def encode(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True, length: int | None = None,
    width: int | None = None
) -> bytes:  # fmt: skip
    """One frame of a client's. `length` lies about the payload; `width` bytes (0, 2, 8) say it."""
    said = len(payload) if length is None else length
    chosen = width if width is not None else (0 if said < 126 else 2 if said < 1 << 16 else 8)
    short = {0: said, 2: 126, 8: 127}[chosen]
    extended = said.to_bytes(chosen) if chosen else b""
    head = bytes([fin << 7 | rsv << 4 | opcode, mask << 7 | short]) + extended
    return head + (_MASK + masked(payload) if mask else payload)


def text(payload: str) -> bytes:
    return encode(Opcode.TEXT, payload.encode())


def binary(payload: bytes) -> bytes:
    return encode(Opcode.BINARY, payload)


def ping(payload: bytes = b"") -> bytes:
    return encode(Opcode.PING, payload)


def pong(payload: bytes = b"") -> bytes:
    return encode(Opcode.PONG, payload)


def close(code: int | None = 1000, reason: str = "") -> bytes:
    body = b"" if code is None else struct.pack("!H", code) + reason.encode()
    return encode(Opcode.CLOSE, body)


def handshake(
    target: str = "/",
    *,
    key: bytes = b"dGhlIHNhbXBsZSBub25jZQ==",
    protocols: Sequence[str] = (),
    extensions: str | None = None,
    headers: Fields = (),
) -> bytes:
    """The request that opens a WebSocket."""
    fields = [
        (b"upgrade", b"websocket"),
        (b"connection", b"Upgrade"),
        (b"sec-websocket-key", key),
        (b"sec-websocket-version", b"13"),
        *headers,
    ]
    if protocols:
        fields.append((b"sec-websocket-protocol", ", ".join(protocols).encode()))
    if extensions is not None:
        fields.append((b"sec-websocket-extensions", extensions.encode()))
    return request(target=target, headers=fields)


class Socket:
    """A WebSocket on a connection: whoever made it sends any bytes, and reads frames."""

    def __init__(
        self,
        wire: Wire,
        target: str = "/",
        *,
        protocols: Sequence[str] = (),
        extensions: str | None = None,
        headers: Fields = (),
        behind: bytes = b"",
    ) -> None:
        """Opens it; `behind` are bytes that go out in one piece with the request."""
        self.wire = wire
        key = base64.b64encode(os.urandom(16))
        wire.send(handshake(target, key=key, protocols=protocols, extensions=extensions, headers=headers) + behind)
        self.status, self.headers = _head(wire.head())
        assert self.status == 101, f"the handshake was answered with {self.status}"
        expected = base64.b64encode(hashlib.sha1(key + _GUID).digest())
        assert self.header(b"sec-websocket-accept") == expected
        assert (self.header(b"upgrade") or b"").lower() == b"websocket"
        assert (self.header(b"connection") or b"").lower() == b"upgrade"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wire.close()

    def header(self, name: bytes) -> bytes | None:
        """The one value of a field of the answer, None where it is absent; twice is a failure."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, f"{name!r} came {len(values)} times"
        return values[0] if values else None

    def send(self, *frames: bytes) -> None:
        self.wire.send(*frames)

    def read(self) -> Frame:
        """The next frame, whatever it is."""
        first, second = self.wire.take(2)
        assert not second & 0x80, "the server masked a frame"
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self.wire.take(2 if length == 126 else 8))
        return Frame(first & 0x0F, self.wire.take(length), bool(first & 0x80), first >> 4 & 7)

    def message(self) -> str | bytes:
        """The next message, uncompressed; anything else on the way is a failure."""
        frame = self.read()
        kind, payload = frame.opcode, frame.payload
        assert kind in (Opcode.TEXT, Opcode.BINARY), f"{frame} begins no message"
        while not frame.fin:
            frame = self.read()
            assert frame.opcode == Opcode.CONTINUATION, f"{frame} inside a message"
            payload += frame.payload
        assert frame.rsv == 0
        return payload.decode() if kind == Opcode.TEXT else payload

    def ended(self) -> tuple[int, str]:
        """Reads the server's Close frame and answers it: code and reason. The server must then end the connection."""
        closing = self.read().closing
        self.send(close(closing[0] if closing[0] != 1005 else None))
        assert self.wire.rest() == b""
        return closing

    def failed(self) -> tuple[int, str]:
        """Reads the server's Close frame and the end behind it, without answering."""
        closing = self.read().closing
        assert self.wire.closed(), "bytes came behind the Close frame"
        return closing

    def leave(self, code: int | None = 1000, reason: str = "") -> tuple[int, str]:
        """Closes in order: what the server answers."""
        self.send(close(code, reason))
        closing = self.read().closing
        assert self.wire.closed(), "bytes came behind the Close frame"
        return closing


class Deflater:
    """One side's compression of permessage-deflate (RFC 7692, section 7.2)."""

    def __init__(self, bits: int = 15, *, takeover: bool = True) -> None:
        self._bits, self._takeover = bits, takeover
        self._renew()

    def compress(self, payload: bytes) -> bytes:
        """The payload of one message."""
        data = self._out.compress(payload) + self._out.flush(zlib.Z_SYNC_FLUSH)
        assert data.endswith(_TAIL)
        if not self._takeover:
            self._renew()
        return data[: -len(_TAIL)]

    def inflate(self, payload: bytes) -> bytes:
        """What was compressed on the other side."""
        data = self._in.decompress(payload + _TAIL)
        if not self._takeover:
            self._renew()
        return data

    def _renew(self) -> None:
        self._out = zlib.compressobj(wbits=-self._bits)
        self._in = zlib.decompressobj(wbits=-self._bits)


def refused(wire: Wire, head: bytes) -> Reply:
    """Sends what should open no WebSocket: the answer, behind which the server must end the connection."""
    wire.send(head)
    reply = wire.read()
    assert wire.closed(), "the connection stayed open behind a refused handshake"
    return reply


def _head(data: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    first, *lines = data.removesuffix(b"\r\n\r\n").split(b"\r\n")
    fields = [line.partition(b":") for line in lines]
    return int(first.split(b" ")[1]), [(name.lower(), value.strip()) for name, _, value in fields]
