"""Runs in the measured environment: work that asyncio users do on their own sockets, on the stock loop or on ours.

`foreign_work.py (stock|ours) echo` prints its port and serves a stream echo until it is ended.
`foreign_work.py (stock|ours) asyncpg DIRECTORY PORT` connects to the PostgreSQL socket there, prints `ready`, and for
each number it reads runs so many queries and prints the CPU time they took in nanoseconds.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from importlib import import_module

MESSAGE_BYTES = 64


async def echo() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(await reader.readexactly(MESSAGE_BYTES))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def queries(directory: str, port: str) -> None:
    address = {"host": directory, "port": port, "user": "bench", "database": "postgres"}
    connection = await import_module("asyncpg").connect(**address)
    await connection.fetchval("select 1")
    print("ready", flush=True)
    # Blocking on stdin between turns is meant: the loop has nothing else to do then.
    for line in sys.stdin:
        before = time.process_time_ns()
        for _ in range(int(line)):
            await connection.fetchval("select 1")
        print(time.process_time_ns() - before, flush=True)
    await connection.close()


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "stock":
        return asyncio.SelectorEventLoop
    ours: Callable[[], asyncio.AbstractEventLoop] = import_module("fasterapi").new_event_loop
    return ours


def main() -> None:
    loop, work = sys.argv[1:3]
    with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
        runner.run(echo() if work == "echo" else queries(*sys.argv[3:]))


main()
