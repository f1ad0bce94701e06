"""The peers take turns: every round asks every server the same, so that a slow minute of the machine hits all alike."""

import statistics
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from environments import Environment, Unavailable
from generator import loading
from peers import Launch, Peer
from rows import Row
from server import Server, free_port, serving


@dataclass(frozen=True)
class Setting:
    """What one run of the program keeps the same for everybody."""

    rounds: int
    seconds: float
    server_core: int
    client_core: int
    load: Path
    scratch: Path


@dataclass
class Cell:
    """One server at one row and number of connections; a list has one value per round."""

    cpu_us: list[float] = field(default_factory=list[float])
    per_second: list[float] = field(default_factory=list[float])
    p50_us: list[float] = field(default_factory=list[float])
    p99_us: list[float] = field(default_factory=list[float])
    grown_bytes: list[float] = field(default_factory=list[float])
    """How far resident memory has risen at its peak above what it was before the first request."""
    fault: str | None = None

    @property
    def valid(self) -> bool:
        return self.fault is None and bool(self.cpu_us)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_us)

    @property
    def spread(self) -> float:
        """How far the rounds lie apart, as a share of the median."""
        return (max(self.cpu_us) - min(self.cpu_us)) / self.cpu

    def ratio(self, other: "Cell") -> float:
        """CPU against another server's: the median of the rounds' ratios."""
        return statistics.median(mine / theirs for mine, theirs in zip(self.cpu_us, other.cpu_us, strict=True))


Cells = dict[tuple[str, int, str], Cell]
"""By row, connections and peer."""


@dataclass
class Turns:
    setting: Setting
    environments: dict[str, Environment]
    cells: Cells = field(default_factory=Cells)
    headers: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """The names of the headers each server sends with raw hello."""
    missing: dict[str, str] = field(default_factory=dict[str, str])
    """Servers that could not be measured, with the reason."""

    def take(self, peers: Sequence[Peer], rows: Sequence[Row]) -> None:
        """Measures rows that share an application and its settings, with all servers up at once."""
        with ExitStack() as stack:
            servers: dict[str, Server] = {}
            for peer in peers:
                asked = [row for row in rows if row.served_by(peer)]
                if not asked:
                    continue
                try:
                    servers[peer.name] = stack.enter_context(self.serving(peer, asked[0]))
                except Unavailable as reason:
                    self.missing[f"{peer.name} ({asked[0].title})"] = str(reason)
            for number in range(self.setting.rounds):
                order = list(servers)
                shift = number % max(len(order), 1)
                for row in rows:
                    for connections in row.connections:
                        print(
                            f"round {number + 1}: {row.title}, {connections} connections", file=sys.stderr, flush=True
                        )
                        for name in order[shift:] + order[:shift]:
                            if row.served_by(next(peer for peer in peers if peer.name == name)):
                                self.turn(name, servers[name], row, connections)

    def serving(self, peer: Peer, row: Row) -> AbstractContextManager[Server]:
        port = free_port()
        launch = Launch(
            bin=self.environments[peer.name].bin,
            app=row.app,
            port=port,
            scratch=self.setting.scratch,
            access_log=row.access_log,
            websocket=row.websocket,
        )
        log = self.setting.scratch / f"{peer.name}-{row.name}.log"
        return serving(peer.command(launch), port, log, self.setting.server_core, row.probe)

    def turn(self, name: str, server: Server, row: Row, connections: int) -> None:
        cell = self.cells.setdefault((row.name, connections, name), Cell())
        if cell.fault is not None:
            return
        setting = self.setting
        try:
            if row.name == "hello" and name not in self.headers:
                self.headers[name] = server.header_names(row.method, row.path, row.body)
            arguments = row.arguments(server.port, connections, setting.seconds, setting.scratch)
            with loading(setting.load, arguments, setting.client_core) as load:
                load.line()
                before = server.cpu_ns()
                load.go()
                answers = load.answers()
                spent = server.cpu_ns() - before
        except Unavailable as reason:
            cell.fault = str(reason)
            return
        if not answers.right:
            cell.fault = f"{answers.errors} errors, {answers.wrong} wrong answers, first: {answers.fault}"
            return
        cell.cpu_us.append(spent / answers.requests / 1000)
        cell.per_second.append(answers.requests / answers.seconds)
        cell.p50_us.append(answers.p50_us)
        cell.p99_us.append(answers.p99_us)
        cell.grown_bytes.append(server.tree.peak_bytes() - server.resident_at_start)
