"""PostgreSQL's clients: what a query costs the client in CPU time. They take turns at one server on the other core."""

import select
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from database_relay import Relay
from database_rows import DATABASE_ROWS, PASSWORD, ROLE, ROLES_A_TURN, WRITES, DatabaseRow
from environments import Environment, Unavailable, prepare
from interpreter import Interpreter
from peers import OURS
from postgres import postgres
from server import pinned
from turns import Setting

WORK = Path(__file__).resolve().with_name("database_work.py")
FLOOR_WORK = Path(__file__).resolve().with_name("database_floor.py")
ANSWERS_WITHIN = 60.0
BASE = "asyncpg"
"""What every ratio is against."""
FLOOR = "floor"


@dataclass(frozen=True)
class Contender:
    name: str
    library: str
    loop: str
    environment: str

    def command(self, environments: Mapping[str, Environment], port: int) -> list[str]:
        return [str(environments[self.environment].python), str(WORK), self.library, self.loop, str(port)]


CONTENDERS = (
    Contender(OURS, "fasterapi.pg", "ours", OURS),
    Contender(f"{OURS}, stock loop", "fasterapi.pg", "stock", OURS),
    Contender(f"{OURS}, uvloop", "fasterapi.pg", "uvloop", OURS),
    Contender(BASE, "asyncpg", "stock", "asyncpg"),
    Contender("asyncpg, uvloop", "asyncpg", "uvloop", "asyncpg"),
    Contender("psycopg", "psycopg", "stock", "psycopg"),
    Contender("psqlpy", "psqlpy", "stock", "psqlpy"),
)
NAMES = (*(contender.name for contender in CONTENDERS), FLOOR)
REQUIREMENTS = {
    # The version whose API is followed.
    "asyncpg": ("asyncpg==0.32.0", "uvloop"),
    "psycopg": ("psycopg[binary,pool]",),
    "psqlpy": ("psqlpy",),
}
SHOWN = ("asyncpg", "psycopg", "psycopg-binary", "psqlpy", "uvloop")


@dataclass
class Database:
    row: str
    cpu_us: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """CPU per operation by contender, one value per round."""
    faults: dict[str, str] = field(default_factory=dict[str, str])
    """Who could not be measured, and why."""

    def median(self, name: str) -> float | None:
        return statistics.median(self.cpu_us[name]) if self.cpu_us.get(name) else None

    def ratio(self, name: str, base: str = BASE) -> float | None:
        """The median of the rounds' ratios."""
        pairs = zip(self.cpu_us.get(name, ()), self.cpu_us.get(base, ()), strict=False)
        ratios = [mine / other for mine, other in pairs]
        return statistics.median(ratios) if ratios else None

    def spreads(self) -> list[float]:
        """How far the rounds of each lie apart, as a share of the median."""
        return [(max(values) - min(values)) / statistics.median(values) for values in self.cpu_us.values()]

    def fail(self, name: str, reason: Unavailable) -> None:
        self.faults[name] = str(reason)
        self.cpu_us.pop(name, None)


def prepared(
    interpreter: Interpreter, ours: Environment, versions: dict[str, dict[str, str]], missing: dict[str, str]
) -> dict[str, Environment]:
    """An environment for each library; those that do not install are noted as missing."""
    environments = {OURS: ours}
    for name, requirements in REQUIREMENTS.items():
        print(f"preparing {name}", file=sys.stderr, flush=True)
        try:
            environments[name] = environment = prepare(interpreter, name, requirements)
            found = environment.versions()
            versions[name] = {shown: found[shown] for shown in SHOWN if shown in found}
        except Unavailable as reason:
            missing[name] = str(reason)
    return environments


def measure(names: Sequence[str], setting: Setting, environments: Mapping[str, Environment]) -> list[Database]:
    """The rows of these names."""
    rows = [row for row in DATABASE_ROWS if row.name in names]
    connecting = [row for row in rows if row.count is not None]
    roles = len(connecting) * setting.rounds * ROLES_A_TURN
    create = f"execute format('create role {ROLE.format('%s')} login password ''{PASSWORD}''', number)"
    first = [
        f"create database {WRITES}",
        "set password_encryption = 'scram-sha-256'",
        f"do $$ begin for number in 1..{roles} loop {create}; end loop; end $$",
    ]
    with ExitStack() as stack:
        server = stack.enter_context(postgres(setting.client_core, first))
        results = [Database(row.name) for row in rows]
        workers: dict[str, Worker] = {}
        for contender in CONTENDERS:
            if contender.environment in environments:
                command = contender.command(environments, server.port)
                workers[contender.name] = stack.enter_context(Worker(contender.name, command, setting))
        if BASE in workers:
            recorded(rows, setting, environments, server.port)
            command = [str(environments[BASE].python), str(FLOOR_WORK), str(server.port), str(setting.scratch)]
            workers[FLOOR] = stack.enter_context(Worker(FLOOR, command, setting))
        for row, result in zip(rows, results, strict=True):
            Turns(row, result, setting, workers).take()
        return results


def recorded(rows: Sequence[DatabaseRow], setting: Setting, environments: Mapping[str, Environment], port: int) -> None:
    """Keeps a file for each row, with what asyncpg and the server say; the floor says where one is missing."""
    base = next(contender for contender in CONTENDERS if contender.name == BASE)
    with Relay(port) as relay, Worker("recording", base.command(environments, relay.port), setting) as worker:
        for row in rows:
            if not row.floor:
                continue
            with suppress(Unavailable):
                worker.ask("open", row.name)
                # What is done once, such as preparing a statement, is over after the second time.
                worker.ask("run", row.name, 2)
                relay.mark()
                worker.ask("run", row.name, 1)
                relay.keep(setting.scratch / f"{row.name}.json")


class Worker:
    """A process that does one contender's work, told to line by line."""

    def __init__(self, name: str, command: Sequence[str], setting: Setting) -> None:
        self.name = name
        self.command = command
        self.core = setting.server_core
        self.log = setting.scratch / f"database-{name}.log"
        self.stack = ExitStack()
        self.fault: str | None = None

    def __enter__(self) -> Self:
        output = self.stack.enter_context(self.log.open("wb"))
        pipe = subprocess.PIPE
        self.process = self.stack.enter_context(
            pinned(self.command, self.core, stdin=pipe, stdout=pipe, stderr=output.fileno())
        )
        try:
            self.line()
        except Unavailable as reason:
            self.fault = str(reason)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def ask(self, *words: str | int) -> list[int]:
        if self.fault is not None:
            raise Unavailable(self.fault)
        assert self.process.stdin is not None
        # Of one that has ended there is no line, but a reason.
        with suppress(BrokenPipeError):
            self.process.stdin.write(f"{' '.join(map(str, words))}\n".encode())
            self.process.stdin.flush()
        answer = self.line()
        if answer.startswith("-"):
            raise Unavailable(answer.removeprefix("- "))
        return [int(word) for word in answer.split()]

    def line(self) -> str:
        """Its next line; one that hangs or has ended stays out of what follows."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], ANSWERS_WITHIN)[0]:
            self.fault = f"no answer within {ANSWERS_WITHIN:.0f} s"
            self.process.kill()
        elif words := self.process.stdout.readline().decode().strip():
            return words
        else:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            self.fault = lines[-1] if lines else "ended without a word"
        raise Unavailable(self.fault)


class Turns:
    """One row: every contender gets ready and warm, then they take turns, in an order that rotates."""

    def __init__(self, row: DatabaseRow, result: Database, setting: Setting, workers: Mapping[str, Worker]) -> None:
        self.row = row
        self.result = result
        self.rounds = setting.rounds
        self.turn_ns = setting.seconds / 4 * 1e9
        self.workers = {name: worker for name, worker in workers.items() if row.floor or name != FLOOR}
        self.counts: dict[str, int] = {}

    def take(self) -> None:
        print(f"PostgreSQL: {self.row.title}", file=sys.stderr, flush=True)
        seen: int | None = None
        for name, worker in self.workers.items():
            try:
                (answer,) = worker.ask("open", self.row.name)
                if name != FLOOR and answer != (seen := seen or answer):
                    raise Unavailable(f"saw {answer} where others saw {seen}")
                self.counts[name] = self.row.count or self.fitting(worker)
            except Unavailable as reason:
                self.result.fail(name, reason)
        for number in range(self.rounds):
            order = list(self.counts)
            shift = number % max(len(order), 1)
            for name in order[shift:] + order[:shift]:
                self.turn(name)

    def fitting(self, worker: Worker) -> int:
        """How many calls fill a turn; finding it warms up."""
        count, wall = 1, 0
        while wall < self.turn_ns / 3:
            _, wall = worker.ask("run", self.row.name, count)
            count *= 2
        return max(int(count / 2 * self.turn_ns / wall), 1)

    def turn(self, name: str) -> None:
        count = self.counts[name]
        try:
            cpu, _ = self.workers[name].ask("run", self.row.name, count)
        except Unavailable as reason:
            self.result.fail(name, reason)
            del self.counts[name]
            return
        self.result.cpu_us.setdefault(name, []).append(cpu / count / self.row.operations / 1000)
