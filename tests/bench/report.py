"""Turns a measurement into tables: the figures, and beside each ratio its goal."""

import statistics
from collections.abc import Callable, Iterator

import foreign
import idle
from measurement import Measurement
from peers import NGINX, OURS, PEERS
from rows import LATENCY_GOAL, ROWS, Row
from table import Table
from turns import Cell

ABSENT = "-"


class Report:
    def __init__(self, measurement: Measurement) -> None:
        self.measurement = measurement
        with_figures = {peer for (_, _, peer), cell in measurement.cells.items() if cell.valid}
        self.peers = [peer.name for peer in PEERS if peer.name in with_figures]
        self.python_peers = [peer.name for peer in PEERS if peer.python and peer.name in with_figures - {OURS}]

    def head(self) -> list[str]:
        of = self.measurement
        loads = " to ".join(f"{load:.1f}" for load in of.load_average)
        placed = f"server on core {of.server_core}, client on core {of.client_core}; load average {loads}"
        return [
            f"Interpreter: {of.interpreter.name} ({of.interpreter.build})",
            f"Machine: {of.machine.processor}, {of.machine.cores} cores, Linux {of.machine.kernel}; {placed}",
            f"Run: {of.began}, commit {of.commit}, {of.rounds} rounds of {of.seconds:g} s",
            *(f"{peer}: {named(shown)}" for peer, shown in of.versions.items()),
        ]

    def tables(self) -> list[Table]:
        tables = [self.cpu(), self.rate(), self.latency()] if self.peers else []
        if self.measurement.foreign:
            tables.append(self.foreign())
        if self.measurement.idle:
            tables.append(self.idle())
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
        spreads = [cell.spread for cell in of.cells.values() if cell.valid]
        if spreads:
            usual_spread, worst = statistics.median(spreads), max(spreads)
            notes.append(f"spread of the rounds, (max - min) / median: usually {usual_spread:.0%}, worst {worst:.0%}")
        return notes

    def cpu(self) -> Table:
        interpreter = self.measurement.interpreter
        columns = ["row", "connections", *self.peers, "vs best Python peer", "vs nginx"]
        table = Table("CPU time per request, µs", columns)
        for row, connections in self.rows():
            ours = self.cell(row, connections, OURS)
            best = min(self.valid(row, connections, self.python_peers), key=lambda cell: cell.cpu, default=None)
            table.lines.append(
                [
                    row.title,
                    str(connections),
                    *self.figures(row, connections, lambda cell: f"{cell.cpu:.1f}"),
                    against(ours, best, row.goal(connections, interpreter)),
                    against(ours, self.cell(row, connections, NGINX), row.nginx_goal(connections, interpreter)),
                ]
            )
        table.note = "Lower is better: the median of the rounds, user and system time of the whole process tree."
        return table

    def rate(self) -> Table:
        table = Table("Requests per second", ["row", "connections", *self.peers])
        for row, connections in self.rows():
            words = self.figures(row, connections, lambda cell: f"{statistics.median(cell.per_second):,.0f}")
            table.lines.append([row.title, str(connections), *words])
        table.note = "One core; at 1 connection the server waits for the client most of the time."
        return table

    def latency(self) -> Table:
        table = Table("Latency at 1 connection, p50, µs", ["row", *self.peers, "vs uvicorn"])
        for row, connections in self.rows():
            if connections != 1:
                continue
            ours, uvicorn = self.cell(row, 1, OURS), self.cell(row, 1, "uvicorn")
            words = self.figures(row, 1, lambda cell: f"{statistics.median(cell.p50_us):.0f}")
            ratio = ABSENT
            if ours is not None and uvicorn is not None:
                value = statistics.median(ours.p50_us) / statistics.median(uvicorn.p50_us)
                ratio = judged(value, LATENCY_GOAL if row.name == "hello" else None)
            table.lines.append([row.title, *words, ratio])
        table.note = f"The median of {self.measurement.rounds} runs' p50."
        return table

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
        table = Table("Resident memory per idle keep-alive connection", ["server", "connections", "KiB each", "goal"])
        faults: list[str] = []
        for result in self.measurement.idle:
            words, goal = ABSENT, ""
            if result.bytes_each is None:
                faults.append(f"{result.peer}: {result.fault}")
            else:
                kib = result.bytes_each / 1024
                words = f"{kib:.2f}"
                if result.peer == OURS:
                    goal = f"<= {idle.GOAL_KIB:g}: {'met' if kib <= idle.GOAL_KIB else 'MISSED'}"
            table.lines.append([result.peer, str(result.connections), words, goal])
        table.note = "; ".join(["After one request on each", *faults]) + "."
        return table

    def rows(self) -> Iterator[tuple[Row, int]]:
        for row in ROWS:
            for connections in row.connections:
                if self.valid(row, connections, self.peers):
                    yield row, connections

    def cell(self, row: Row, connections: int, peer: str) -> Cell | None:
        cell = self.measurement.cells.get((row.name, connections, peer))
        return cell if cell is not None and cell.valid else None

    def valid(self, row: Row, connections: int, peers: list[str]) -> list[Cell]:
        return [cell for peer in peers if (cell := self.cell(row, connections, peer)) is not None]

    def figures(self, row: Row, connections: int, word: Callable[[Cell], str]) -> list[str]:
        cells = (self.cell(row, connections, peer) for peer in self.peers)
        return [ABSENT if cell is None else word(cell) for cell in cells]


def named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def against(ours: Cell | None, other: Cell | None, goal: float | None) -> str:
    return ABSENT if ours is None or other is None else judged(ours.ratio(other), goal)


def judged(ratio: float, goal: float | None, digits: int = 2) -> str:
    if goal is None:
        return f"{ratio:.{digits}f}"
    return f"{ratio:.{digits}f} (<= {goal:g}: {'met' if ratio <= goal else 'MISSED'})"
