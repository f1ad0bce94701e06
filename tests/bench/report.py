"""Turns a measurement into tables: the figures, and beside each ratio its goal."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import database_tables
import foreign
import idle
from measurement import Measurement
from peers import NGINX, OURS, PEERS
from rows import LATENCY_GOAL, ROWS, Row
from table import ABSENT, Table, judged, met
from turns import Cell
from websocket_rows import WEBSOCKET_ROWS

AnyRow = TypeVar("AnyRow", bound=Row)


class Report:
    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        self.peers = self.with_figures(ROWS)
        self.python_peers = [peer.name for peer in PEERS if peer.python and peer.name in set(self.peers) - {OURS}]
        self.websocket_peers = self.with_figures(WEBSOCKET_ROWS)
        self.all_peers = self.with_figures((*ROWS, *WEBSOCKET_ROWS))

    def head(self) -> list[str]:
        of = self.measurement
        loads = " to ".join(f"{load:.1f}" for load in of.load_average)
        placed = f"measured on core {of.server_core}, the other side on core {of.client_core}; load average {loads}"
        return [
            f"Interpreter: {of.interpreter.name} ({of.interpreter.build})",
            f"Machine: {of.machine.processor}, {of.machine.cores} cores, Linux {of.machine.kernel}; {placed}",
            f"Run: {of.began}, commit {of.commit}, {of.rounds} rounds of {of.seconds:g} s",
            *(f"{peer}: {named(shown)}" for peer, shown in of.versions.items()),
        ]

    def tables(self) -> list[Table]:
        tables = [self.cpu(), self.rate(), self.latency()] if self.peers else []
        if self.websocket_peers:
            tables += [self.websocket_cpu(), self.websocket_rate(), *self.peaks()]
        if self.measurement.foreign:
            tables.append(self.foreign())
        if self.measurement.idle:
            tables.append(self.idle())
        if self.measurement.database:
            tables += database_tables.tables(self.measurement.database)
        return tables

    def notes(self) -> list[str]:
        """What could not be measured, and what is not quite the same for all."""
        of = self.measurement
        notes = [f"{name}: not measured: {reason}" for name, reason in of.missing.items()]
        for (row, connections, peer), cell in of.cells.items():
            if cell.fault is not None:
                notes.append(f"{peer}, {row} at {connections}: not counted: {cell.fault}")
        usual = {"content-length", "content-type", "date", "server"}
        for peer, names in of.headers.items():
            if set(names) != usual:
                changes = [f"+{name}" for name in sorted(set(names) - usual)]
                changes += [f"-{name}" for name in sorted(usual - set(names))]
                notes.append(f"{peer}: headers differ from the others': {' '.join(changes)}")
        notes += database_tables.notes(of.database)
        spreads = [cell.spread for cell in of.cells.values() if cell.valid]
        spreads += [spread for result in of.database for spread in result.spreads()]
        if spreads:
            usual_spread, worst = statistics.median(spreads), max(spreads)
            notes.append(f"spread of the rounds, (max - min) / median: usually {usual_spread:.0%}, worst {worst:.0%}")
        return notes

    def with_figures(self, rows: Sequence[Row]) -> list[str]:
        """The peers that have a figure in one of these rows."""
        names = {row.name for row in rows}
        found = {peer for (row, _, peer), cell in self.measurement.cells.items() if row in names and cell.valid}
        return [peer.name for peer in PEERS if peer.name in found]

    def cpu(self) -> Table:
        interpreter = self.measurement.interpreter
        columns = ["row", "connections", *self.peers, "vs best Python peer", "vs nginx"]
        table = Table("CPU time per request, µs", columns)
        for row, connections in self.rows(ROWS):
            ours = self.cell(row, connections, OURS)
            best = min(self.valid(row, connections, self.python_peers), key=lambda cell: cell.cpu, default=None)
            table.lines.append(
                [
                    row.title,
                    str(connections),
                    *self.figures(row, connections, self.peers, lambda cell: f"{cell.cpu:.1f}"),
                    against(ours, best, row.goal(connections, interpreter)),
                    against(ours, self.cell(row, connections, NGINX), row.nginx_goal(connections, interpreter)),
                ]
            )
        table.note = "Lower is better: the median of the rounds, user and system time of the whole process tree."
        return table

    def rate(self) -> Table:
        table = Table("Requests per second", ["row", "connections", *self.peers])
        for row, connections in self.rows(ROWS):
            table.lines.append([row.title, str(connections), *self.figures(row, connections, self.peers, per_second)])
        table.note = "One core; at 1 connection the server waits for the client most of the time."
        return table

    def latency(self) -> Table:
        table = Table("Latency at 1 connection, p50, µs", ["row", *self.peers, "vs uvicorn"])
        for row, connections in self.rows(ROWS):
            if connections != 1:
                continue
            ours, uvicorn = self.cell(row, 1, OURS), self.cell(row, 1, "uvicorn")
            words = self.figures(row, 1, self.peers, lambda cell: f"{statistics.median(cell.p50_us):.0f}")
            ratio = ABSENT
            if ours is not None and uvicorn is not None:
                value = statistics.median(ours.p50_us) / statistics.median(uvicorn.p50_us)
                ratio = judged(value, LATENCY_GOAL if row.name == "hello" else None)
            table.lines.append([row.title, *words, ratio])
        table.note = f"The median of {self.measurement.rounds} runs' p50."
        return table

    def websocket_cpu(self) -> Table:
        rivals = [name for name in ("uvicorn", "granian") if name in self.websocket_peers]
        columns = ["row", "connections", *self.websocket_peers, *(f"vs {name}" for name in rivals)]
        table = Table("CPU time per WebSocket message, µs", columns)
        for row, connections in self.rows(WEBSOCKET_ROWS):
            ours = self.cell(row, connections, OURS)
            ratios = [against(ours, self.cell(row, connections, name), row.goals.get(name)) for name in rivals]
            words = self.figures(row, connections, self.websocket_peers, lambda cell: f"{cell.cpu:,.1f}")
            table.lines.append([row.title, str(connections), *words, *ratios])
        table.note = "A message in and the same message out. Without deflate it is switched off, and not offered."
        return table

    def websocket_rate(self) -> Table:
        table = Table("WebSocket messages per second", ["row", "connections", *self.websocket_peers])
        for row, connections in self.rows(WEBSOCKET_ROWS):
            words = self.figures(row, connections, self.websocket_peers, per_second)
            table.lines.append([row.title, str(connections), *words])
        table.note = "One core, one message under way on each connection."
        return table

    def peaks(self) -> list[Table]:
        """How far memory rises where one message is most of it."""
        tables: list[Table] = []
        for row, connections in self.rows(WEBSOCKET_ROWS):
            if row.peak_goal is None:
                continue
            table = Table(
                f"Resident memory at its peak, {row.title}", ["server", "MiB above start", "messages", "goal"]
            )
            for name in self.websocket_peers:
                if cell := self.cell(row, connections, name):
                    messages = max(cell.grown_bytes) / row.message_bytes
                    goal = met(messages, row.peak_goal) if name == OURS else ""
                    words = [f"{max(cell.grown_bytes) / (1 << 20):.0f}", f"{messages:.2f}", goal]
                    table.lines.append([name, *words])
            table.note = "Above what was resident before the first message, at the limit on a message's length."
            tables.append(table)
        return tables

    def foreign(self) -> Table:
        contenders = list(foreign.CONTENDERS)
        columns = ["work", *(f"{name}, µs" for name in contenders), "again vs stock", "ours vs stock"]
        table = Table("Foreign work: CPU per operation on our loop and on the stock selector loop", columns)
        for result in self.measurement.foreign:
            medians = [f"{result.median(name):.2f}" if name in result.cpu_us else ABSENT for name in contenders]
            noise = f"{result.ratio('stock again'):.3f}" if "stock again" in result.cpu_us else ABSENT
            ratio = judged(result.ratio("ours"), foreign.GOAL, 3) if "ours" in result.cpu_us else ABSENT
            table.lines.append([result.title, *medians, noise, ratio])
        faults = [f"{result.title}: {result.fault}" for result in self.measurement.foreign if result.fault]
        table.note = "; ".join(["The second stock loop shows the noise", *faults]) + "."
        return table

    def idle(self) -> Table:
        columns = ["connection", "server", "connections", "KiB each", "goal"]
        table = Table("Resident memory per idle connection", columns)
        faults: list[str] = []
        for result in self.measurement.idle:
            words, goal, kind = ABSENT, "", idle.KINDS[result.kind]
            if result.bytes_each is None:
                faults.append(f"{result.peer}, {kind.title}: {result.fault}")
            else:
                kib = result.bytes_each / 1024
                words = f"{kib:.2f}"
                if result.peer == OURS and kind.goal_kib is not None:
                    goal = met(kib, kind.goal_kib)
            table.lines.append([kind.title, result.peer, str(result.connections), words, goal])
        table.note = "; ".join(["After one request or message on each", *faults]) + "."
        return table

    def rows(self, rows: Sequence[AnyRow]) -> Iterator[tuple[AnyRow, int]]:
        """Those that some server has a figure in."""
        for row in rows:
            for connections in row.connections:
                if self.valid(row, connections, self.all_peers):
                    yield row, connections

    def cell(self, row: Row, connections: int, peer: str) -> Cell | None:
        cell = self.measurement.cells.get((row.name, connections, peer))
        return cell if cell is not None and cell.valid else None

    def valid(self, row: Row, connections: int, peers: list[str]) -> list[Cell]:
        return [cell for peer in peers if (cell := self.cell(row, connections, peer)) is not None]

    def figures(self, row: Row, connections: int, peers: list[str], word: Callable[[Cell], str]) -> list[str]:
        cells = (self.cell(row, connections, peer) for peer in peers)
        return [ABSENT if cell is None else word(cell) for cell in cells]


def named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def per_second(cell: Cell) -> str:
    return f"{statistics.median(cell.per_second):,.0f}"


def against(ours: Cell | None, other: Cell | None, goal: float | None) -> str:
    return ABSENT if ours is None or other is None else judged(ours.ratio(other), goal)
