"""Runs in the measured environment: one client of PostgreSQL on one loop.

`database_work.py LIBRARY (stock|uvloop|ours) PORT` reads commands, a line each, and answers each with a line:
    open ROW          gets ready and does the work once; answers what it saw
    run ROW COUNT     does the work COUNT times; answers the CPU time and the wall time it took, in nanoseconds
A line that begins with `-` says why not.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from importlib import import_module

from database_clients import LIBRARIES, Client, Work
from database_rows import AGAIN, ROLE, USER

CONNECTING = ("pg-connect", "pg-connect-again")


class Worker:
    def __init__(self, client: Client) -> None:
        self.client = client
        self.works: dict[str, Work] = {}
        self.role = 0

    async def answer(self, command: str, row: str, *count: str) -> str:
        if command == "open":
            return str(await self.open(row))
        if row in CONNECTING:
            cpu, wall = await self.connecting(row, int(*count))
        else:
            cpu, wall = await self.running(self.works[row], int(*count))
        return f"{cpu} {wall}"

    async def open(self, row: str) -> int:
        if row in CONNECTING:
            await self.client.close(await self.client.connect(USER))
            return 1
        self.works[row] = work = await self.client.work(row)
        seen = await work()
        return len(json.loads(seen)) if isinstance(seen, bytes) else int(seen)

    async def running(self, work: Work, count: int) -> tuple[int, int]:
        cpu, wall = time.process_time_ns(), time.perf_counter_ns()
        for _ in range(count):
            await work()
        return time.process_time_ns() - cpu, time.perf_counter_ns() - wall

    async def connecting(self, row: str, count: int) -> tuple[int, int]:
        """Each role is new to this process: all have the same password, and each a salt of its own."""
        cpu = wall = 0
        for number in range(count):
            again = row == "pg-connect-again" and number % AGAIN != 0
            if not again:
                self.role += 1
            if row == "pg-connect-again" and not again:
                await self.client.close(await self.client.connect(ROLE.format(self.role)))
            before = time.process_time_ns(), time.perf_counter_ns()
            connection = await self.client.connect(ROLE.format(self.role))
            cpu += time.process_time_ns() - before[0]
            wall += time.perf_counter_ns() - before[1]
            await self.client.close(connection)
        return cpu, wall


async def answers(library: str, port: int) -> None:
    worker = Worker(LIBRARIES[library](library, port))
    print("ready", flush=True)
    # Blocking on stdin between turns is meant: the loop has nothing else to do then.
    for line in sys.stdin:
        try:
            print(await worker.answer(*line.split()), flush=True)
        except Exception as error:
            print(f"- {type(error).__name__}: {' '.join(str(error).split())}", flush=True)


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "stock":
        return asyncio.SelectorEventLoop
    factory: Callable[[], asyncio.AbstractEventLoop] = import_module(
        "uvloop" if name == "uvloop" else "fasterapi"
    ).new_event_loop
    return factory


def main() -> None:
    library, loop, port = sys.argv[1:4]
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(answers(library, int(port)))


main()
