"""Foreign work: what sockets that are not ours cost on our loop, against the stock selector loop.

A second stock loop takes its turns too: its ratio, which should be 1, says how far the others can be trusted.
"""

import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from environments import Environment, Unavailable
from generator import loading
from postgres import postgres
from process_tree import ProcessTree
from server import pinned
from turns import Setting

GOAL = 1.02
WORK = Path(__file__).resolve().with_name("foreign_work.py")
CONTENDERS = {"stock": "stock", "stock again": "stock", "ours": "ours"}
ECHO_CONNECTIONS = 16
QUERIES_A_SECOND = 8_000
"""About what one connection does: a turn should last as long as the other rows' turns."""
TITLES = {"foreign-echo": "asyncio.start_server echo", "foreign-asyncpg": "asyncpg, select 1"}


@dataclass
class Foreign:
    title: str
    cpu_us: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """CPU per operation by contender, one value per round."""
    fault: str | None = None

    def median(self, name: str) -> float:
        return statistics.median(self.cpu_us[name])

    def ratio(self, name: str) -> float:
        pairs = zip(self.cpu_us[name], self.cpu_us["stock"], strict=False)
        return statistics.median(mine / stock for mine, stock in pairs)


def measure(name: str, setting: Setting, environment: Environment, rounds: int) -> Foreign:
    result = Foreign(TITLES[name])
    try:
        with ExitStack() as stack:
            contenders = echo if name == "foreign-echo" else queries
            turns = contenders(stack, setting, environment, result)
            for number in range(-1, rounds):
                order = list(turns)
                shift = number % len(order)
                for contender in order[shift:] + order[:shift]:
                    spent = turns[contender]()
                    # The first round warms up.
                    if number >= 0:
                        result.cpu_us.setdefault(contender, []).append(spent)
    except Unavailable as reason:
        result.fault = str(reason)
    return result


Turn = Callable[[], float]


def echo(stack: ExitStack, setting: Setting, environment: Environment, result: Foreign) -> dict[str, Turn]:
    payload = setting.scratch / "foreign-echo"
    payload.write_bytes(b"0123456789abcdef" * 4)

    def contender(loop: str) -> Turn:
        process = start(stack, setting, environment, [loop, "echo"])
        port, tree = int(line(process)), ProcessTree(process.pid)
        arguments = ["--echo", "--address", f"127.0.0.1:{port}", "--connections", str(ECHO_CONNECTIONS)]
        arguments += ["--body", str(payload), "--warmup", "0.05", "--seconds", str(setting.seconds / 4)]

        def turn() -> float:
            with loading(setting.load, arguments, setting.client_core) as load:
                load.line()
                before = tree.cpu_ns()
                load.go()
                answers = load.answers()
                spent = tree.cpu_ns() - before
            if not answers.right:
                raise Unavailable(f"{answers.errors} errors, {answers.wrong} wrong answers, first: {answers.fault}")
            return spent / answers.requests / 1000

        return turn

    return every(contender, result)


def queries(stack: ExitStack, setting: Setting, environment: Environment, result: Foreign) -> dict[str, Turn]:
    server = stack.enter_context(postgres(setting.client_core))
    count = max(int(QUERIES_A_SECOND * setting.seconds / 4), 100)

    def contender(loop: str) -> Turn:
        process = start(stack, setting, environment, [loop, "asyncpg", str(server.directory), str(server.port)])
        line(process)

        def turn() -> float:
            assert process.stdin is not None
            process.stdin.write(f"{count}\n".encode())
            process.stdin.flush()
            return int(line(process)) / count / 1000

        return turn

    return every(contender, result)


def every(contender: Callable[[str], Turn], result: Foreign) -> dict[str, Turn]:
    """Starts each contender; without ours the stock loops still show the noise."""
    turns: dict[str, Turn] = {}
    for name, loop in CONTENDERS.items():
        try:
            turns[name] = contender(loop)
        except Unavailable as reason:
            if name != "ours":
                raise
            result.fault = str(reason)
    return turns


def start(
    stack: ExitStack, setting: Setting, environment: Environment, words: Sequence[str]
) -> "subprocess.Popen[bytes]":
    command = [str(environment.python), str(WORK), *words]
    pipe = subprocess.PIPE
    return stack.enter_context(pinned(command, setting.server_core, stdin=pipe, stdout=pipe, stderr=pipe))


def line(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None and process.stderr is not None
    if words := process.stdout.readline().decode().strip():
        return words
    lines = process.stderr.read().decode().strip().splitlines()
    raise Unavailable(lines[-1] if lines else "ended without a word")


def progress(name: str) -> None:
    print(f"foreign work: {TITLES[name]}", file=sys.stderr, flush=True)
