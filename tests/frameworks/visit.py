"""One script, run against the package and against uvicorn: what both answer is the same, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from frames import Frame, Opcode, Socket, close, handshake, refused
from reference import Reference
from served import Served
from wire import Fields, Reply, Wire

# The server's own, and what a random key makes different every time. Socket has checked the key's answer.
_OWN = {b"date", b"server", b"sec-websocket-accept"}
_TOKENS = {b"connection", b"upgrade"}

Script = Callable[["Visit"], None]


def on_both(make_application: Callable[[], Any], **options: Any) -> Callable[[Script], Callable[[], None]]:
    """Makes a script a test: each server serves an application of its own, and the answers are compared."""
    # With a lifespan, the end of the server waits for what an application still does behind its last answer.
    options = {"lifespan": "auto", **options}

    def decorate(script: Script) -> Callable[[], None]:
        def run() -> None:
            ours = _visited(Served(make_application(), **options), script)
            theirs = _visited(Reference(make_application(), **options), script)
            compare(ours, theirs)

        # Not functools.wraps: pytest would take the script's argument for a fixture.
        run.__name__, run.__doc__, run.__module__ = script.__name__, script.__doc__, script.__module__
        return run

    return decorate


def compare(ours: Sequence[object], theirs: Sequence[object]) -> None:
    """Fails at the first step at which two servers differ."""
    for number, (mine, reference) in enumerate(zip(ours, theirs, strict=True), 1):
        assert mine == reference, f"step {number} differs: the package {mine!r}, uvicorn {reference!r}"


class Visit:
    """A client at one server, which keeps every answer as a step."""

    def __init__(self, address: tuple[str, int], served: Served | Reference | None = None) -> None:
        self.address = address
        self.steps: list[object] = []
        self.ours = isinstance(served, Served)
        self._served = served

    def ask(self, method: str = "GET", target: str = "/", *, headers: Fields = (), body: bytes | None = None) -> Reply:
        """One request on a connection of its own."""
        with Wire(self.address) as wire:
            reply = wire.ask(method, target, headers=headers, body=body)
        return self._keep(reply)

    def get(self, target: str = "/", *, headers: Fields = ()) -> Reply:
        return self.ask("GET", target, headers=headers)

    def post(self, target: str, body: bytes, kind: str = "application/json", *, headers: Fields = ()) -> Reply:
        return self.ask("POST", target, headers=[(b"content-type", kind.encode()), *headers], body=body)

    def turned_away(self, target: str, *, protocols: Sequence[str] = (), headers: Fields = ()) -> Reply:
        """A handshake that the application refuses."""
        with Wire(self.address) as wire:
            reply = refused(wire, handshake(target, protocols=protocols, headers=headers))
        # uvicorn gives its own empty answer a type.
        said = [field for field in reply.headers if reply.body or field[0] != b"content-type"]
        self.steps.append((reply.status, reply.reason, _visible(said), reply.body))
        return reply

    @contextmanager
    def socket(
        self, target: str, *, protocols: Sequence[str] = (), headers: Fields = ()
    ) -> Iterator[Conversation]:  # fmt: skip
        """A WebSocket, open until the end of the block."""
        with Socket(Wire(self.address), target, protocols=protocols, headers=headers) as socket:
            self.steps.append((socket.status, _visible(socket.headers)))
            yield Conversation(socket, self.steps)

    def failed(self) -> str:
        """The error that the server logged at the application's account; fails where none was."""
        assert self._served is not None
        return self._served.errors.take()[0]

    def _keep(self, reply: Reply) -> Reply:
        self.steps.append((reply.status, reply.reason, _visible(reply.headers), reply.body))
        return reply


class Conversation:
    """An open WebSocket whose frames are steps of the visit."""

    def __init__(self, socket: Socket, steps: list[object]) -> None:
        self.raw = socket
        self._steps = steps

    @property
    def subprotocol(self) -> bytes | None:
        return self.raw.header(b"sec-websocket-protocol")

    def send(self, *frames: bytes) -> None:
        self.raw.send(*frames)

    def receive(self) -> str | bytes:
        """The payload of the next message."""
        frame = self._keep(self.raw.read())
        assert frame.fin and frame.opcode in (Opcode.TEXT, Opcode.BINARY), f"{frame} is no message"
        return frame.payload.decode() if frame.opcode == Opcode.TEXT else frame.payload

    def ended(self) -> tuple[int, str]:
        """Reads the server's Close frame and answers it; code and reason."""
        closing = self._keep(self.raw.read()).closing
        self.send(close(None if closing[0] == 1005 else closing[0]))
        assert self.raw.wire.rest() == b""
        return closing

    def leave(self, code: int | None = 1000, reason: str = "") -> int:
        """Closes in order: the code that the server answers."""
        self.send(close(code, reason))
        answered = self.raw.read().closing
        self._steps.append(("answered", answered))
        assert self.raw.wire.closed(), "bytes came behind the Close frame"
        return answered[0]

    def cut(self) -> bool:
        """Waits for an end of the connection without a Close frame."""
        return self.raw.wire.closed()

    def _keep(self, frame: Frame) -> Frame:
        self._steps.append(frame)
        return frame


def _visited(served: Served | Reference, script: Script) -> list[object]:
    visit = Visit(served.address, served)
    with served:
        try:
            script(visit)
        except BaseException as error:
            error.add_note(f"served by {'the package' if isinstance(served, Served) else 'uvicorn'}")
            raise
    return visit.steps


def _visible(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    fields = [(name, value.lower() if name in _TOKENS else value) for name, value in headers if name not in _OWN]
    # What the application says of the connection is the server's to say, and this is HTTP/1.1's default.
    return sorted(field for field in fields if field != (b"connection", b"keep-alive"))
