"""An HTTP client by hand: raw bytes out, h11 reads what comes back."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h11

PATIENCE = 20.0
"""Seconds after which a silent peer fails the test."""

Address = tuple[str, int] | str
Fields = Iterable[tuple[bytes, bytes]]


@dataclass
class Reply:
    """One response as the client saw it."""

    status: int
    reason: bytes
    version: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    pieces: list[bytes] = field(default_factory=list)
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)
    informational: list[tuple[int, list[tuple[bytes, bytes]]]] = field(default_factory=list)

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: bytes) -> bytes | None:
        """The one value of a field, None where it is absent; twice is a failure."""
        values = self.all(name)
        assert len(values) <= 1, f"{name!r} came {len(values)} times"
        return values[0] if values else None


def request(
    method: str = "GET",
    target: str = "/",
    *,
    version: str = "1.1",
    headers: Fields = (),
    body: bytes | None = None,
    host: bool = True,
) -> bytes:
    """A whole request; a body brings its Content-Length."""
    lines = [f"{method} {target} HTTP/{version}".encode()]
    if host:
        lines.append(b"host: test")
    lines += [name + b": " + value for name, value in headers]
    if body is not None:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


class Wire:
    """One connection to a server."""

    def __init__(self, address: Address, *, receive_buffer: int | None = None, family: int | None = None) -> None:
        chosen = family or (socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self.socket = socket.socket(chosen, socket.SOCK_STREAM)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        if chosen != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._held = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def ask(self, method: str = "GET", target: str = "/", *, version: str = "1.1", headers: Fields = (),
            body: bytes | None = None) -> Reply:  # fmt: skip
        """Sends one request and reads its response."""
        self.send(request(method, target, version=version, headers=headers, body=body))
        return self.read(method)

    def read(self, method: str = "GET") -> Reply:
        """The next final response, with the informational ones before it."""
        reader = h11.Connection(h11.CLIENT)
        target = "test:1" if method == "CONNECT" else "/"
        reader.send(h11.Request(method=method, target=target, headers=[("host", "test")]))
        reader.send(h11.EndOfMessage())
        if self._held:
            reader.receive_data(self._held)
        reply: Reply | None = None
        informational: list[tuple[int, list[tuple[bytes, bytes]]]] = []
        while True:
            event = reader.next_event()
            if event is h11.NEED_DATA:
                reader.receive_data(self.socket.recv(65536))
            elif isinstance(event, h11.InformationalResponse):
                informational.append((event.status_code, list(event.headers)))
            elif isinstance(event, h11.Response):
                reply = Reply(event.status_code, event.reason, event.http_version, list(event.headers))
                reply.informational = informational
            elif isinstance(event, h11.Data):
                assert reply is not None
                reply.pieces.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert reply is not None
                reply.body = b"".join(reply.pieces)
                reply.trailers = list(event.headers)
                self._held = reader.trailing_data[0]
                return reply
            else:
                raise AssertionError(f"the server closed before it answered: {event!r}")

    def head(self) -> bytes:
        """The bytes up to the end of the next head, whatever follows it stays."""
        while b"\r\n\r\n" not in self._held:
            data = self.socket.recv(65536)
            assert data, f"the server closed inside a head: {self._held!r}"
            self._held += data
        head, _, self._held = self._held.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    def take(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        while len(self._held) < count:
            data = self.socket.recv(65536)
            assert data, f"the server closed after {len(self._held)} of {count} bytes"
            self._held += data
        taken, self._held = self._held[:count], self._held[count:]
        return taken

    def until(self, mark: bytes) -> bytes:
        """The bytes up to and with `mark`."""
        while mark not in self._held:
            data = self.socket.recv(65536)
            assert data, f"the server closed before {mark!r}: {self._held!r}"
            self._held += data
        end = self._held.index(mark) + len(mark)
        taken, self._held = self._held[:end], self._held[end:]
        return taken

    def rest(self) -> bytes:
        """Everything until the server closes in order; a reset is a failure."""
        data, self._held = bytearray(self._held), b""
        while piece := self.socket.recv(1 << 20):
            data += piece
        return bytes(data)

    def closed(self) -> bool:
        """Waits for the server's end of the connection; whether nothing came before it."""
        try:
            return not self._held and not self.socket.recv(65536)
        except ConnectionResetError:
            return True

    def pending(self) -> bytes:
        """What has come so far, without waiting."""
        self.socket.setblocking(False)
        try:
            self._held += self.socket.recv(1 << 20)
        except BlockingIOError:
            pass
        finally:
            self.socket.settimeout(PATIENCE)
        return self._held

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()
