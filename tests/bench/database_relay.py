"""A relay between a client of PostgreSQL and the server, which keeps what each side said: the floor says it again."""

import json
import selectors
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

CHUNK = 1 << 18


@dataclass
class Conversation:
    """What went through one connection."""

    said: list[tuple[bool, bytes]] = field(default_factory=list[tuple[bool, bytes]])
    """Whether the client said it, and what."""
    mark: int = 0

    def recorded(self) -> dict[str, list[tuple[str, int]]]:
        return {"before": exchanges(self.said[: self.mark]), "work": exchanges(self.said[self.mark :])}


def exchanges(said: Sequence[tuple[bool, bytes]]) -> list[tuple[str, int]]:
    """Each as what the client sends, in hexadecimal, and how many bytes it then waits for."""
    found: list[tuple[bytes, int]] = []
    for client, chunk in said:
        sent, received = found.pop() if found else (b"", 0)
        if not client:
            found.append((sent, received + len(chunk)))
        elif received:
            found += [(sent, received), (chunk, 0)]
        else:
            found.append((sent + chunk, 0))
    return [(sent.hex(), received) for sent, received in found]


class Relay:
    """Runs in a thread of its own until the block ends."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.conversations: list[Conversation] = []
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.waker, self.woken = socket.socketpair()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.waker.close()
        self.thread.join()

    def mark(self) -> None:
        """What follows is the work; what came before leads up to it."""
        for conversation in self.conversations:
            conversation.mark = len(conversation.said)

    def keep(self, path: Path) -> None:
        """Writes what was said since the mark, with what led up to it, on the connections that did some of it."""
        working = [each for each in self.conversations if len(each.said) > each.mark]
        path.write_text(json.dumps([each.recorded() for each in working]))

    def run(self) -> None:
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.woken, selectors.EVENT_READ)
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.woken:
                    return self.end()
                if key.fileobj is self.listener:
                    self.accept()
                else:
                    self.pass_on(key)

    def accept(self) -> None:
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.server_port))
        conversation = Conversation()
        self.conversations.append(conversation)
        for side, other in ((client, server), (server, client)):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(side, selectors.EVENT_READ, (other, side is client, conversation))

    def pass_on(self, key: selectors.SelectorKey) -> None:
        side = key.fileobj
        assert isinstance(side, socket.socket)
        other, client, conversation = key.data
        if chunk := side.recv(CHUNK):
            conversation.said.append((client, chunk))
            other.sendall(chunk)
        else:
            self.selector.unregister(side)
            other.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self.selector.close()
