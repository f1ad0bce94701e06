"""The floor under PostgreSQL's clients: a client's bytes by bare send, poll and recv, with nothing decoded.

`database_floor.py PORT FOLDER` answers the commands of database_work.py; FOLDER has what was recorded of each row.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 16
PATIENCE = 10.0

Exchanges = list[tuple[bytes, int]]
"""What is sent, and how many bytes are then waited for."""


class Line:
    """One connection, which says one thing again and again."""

    def __init__(self, port: int, before: Exchanges, work: Exchanges) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.poll = select.epoll()
        self.poll.register(self.socket, select.EPOLLIN)
        self.left: Iterator[tuple[bytes, int]] = iter(())
        self.missing = 0
        self.work = before
        self.run(1)
        self.work = work

    def run(self, count: int) -> None:
        """With nothing between the system calls that could be left out: this is what is measured."""
        work, poll, send, recv = self.work, self.poll.poll, self.socket.send, self.socket.recv
        for _ in range(count):
            for sent, missing in work:
                try:
                    gone = send(sent)
                except BlockingIOError:
                    gone = 0
                if gone < len(sent):
                    self.send_rest(sent[gone:])
                while missing > 0:
                    if not poll(PATIENCE):
                        raise TimeoutError(f"the server owes {missing} bytes")
                    if not (chunk := recv(CHUNK)):
                        raise ConnectionError("the server closed the connection")
                    missing -= len(chunk)

    def send_rest(self, rest: bytes) -> None:
        self.poll.modify(self.socket, select.EPOLLOUT)
        while rest:
            if not self.poll.poll(PATIENCE):
                raise TimeoutError(f"the server does not take {len(rest)} bytes")
            rest = rest[self.socket.send(rest) :]
        self.poll.modify(self.socket, select.EPOLLIN)

    def proceed(self) -> bool:
        """Sends what is next; false where nothing is left."""
        if (exchange := next(self.left, None)) is None:
            return False
        sent, self.missing = exchange
        if (gone := self.socket.send(sent)) < len(sent):
            self.send_rest(sent[gone:])
        return True


class Lines:
    """Several connections at once, which say what they have to say until all have said it."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.by_descriptor = {line.socket.fileno(): line for line in lines}
        self.poll = select.epoll()
        for descriptor in self.by_descriptor:
            self.poll.register(descriptor, select.EPOLLIN)

    def run(self, count: int) -> None:
        for _ in range(count):
            for line in self.lines:
                line.left = iter(line.work)
            busy = sum(line.proceed() for line in self.lines)
            while busy:
                if not (ready := self.poll.poll(PATIENCE)):
                    raise TimeoutError(f"the server owes bytes on {busy} connections")
                for descriptor, _ in ready:
                    line = self.by_descriptor[descriptor]
                    if not (chunk := line.socket.recv(CHUNK)):
                        raise ConnectionError("the server closed the connection")
                    line.missing -= len(chunk)
                    if line.missing <= 0 and not line.proceed():
                        busy -= 1


def opened(port: int, recorded: Path) -> Line | Lines:
    def exchanges(each: list[tuple[str, int]]) -> Exchanges:
        return [(bytes.fromhex(sent), received) for sent, received in each]

    found = json.loads(recorded.read_text())
    lines = [Line(port, exchanges(each["before"]), exchanges(each["work"])) for each in found]
    return lines[0] if len(lines) == 1 else Lines(lines)


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    rows: dict[str, Line | Lines] = {}
    print("ready", flush=True)
    for line in sys.stdin:
        command, row, *count = line.split()
        try:
            if command == "open":
                rows[row] = opened(port, folder / f"{row}.json")
                print("0", flush=True)
                continue
            cpu, wall = time.process_time_ns(), time.perf_counter_ns()
            rows[row].run(int(*count))
            print(time.process_time_ns() - cpu, time.perf_counter_ns() - wall, flush=True)
        except (OSError, LookupError) as error:
            print(f"- {type(error).__name__}: {error}", flush=True)


main()
