"""A client in a process of its own: what it makes of queries, as plain data. A value may crash the original."""

from __future__ import annotations

import asyncio
import importlib
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pg.oracle.catalog import Made
from pg.oracle.shape import shape

SETTINGS = {"datestyle": "ISO", "search_path": "public", "lc_monetary": "C"}


@dataclass(frozen=True)
class Answer:
    """The values of a query's rows, and their text after they were sent back; or why there are none."""

    values: tuple[object, ...] = ()
    shown: str = ""
    back: tuple[str, ...] = ()
    error: str = ""


_START = "from pg.oracle.peer import main; main()"
CRASHED = Answer(error="the process ended")


class Peer:
    """Asks the process, and starts it again where it ended."""

    def __init__(self, client: str, dsn: str, hstore: bool) -> None:
        self.client = client
        self._command = [sys.executable, "-c", _START, client, dsn, "hstore" if hstore else ""]
        self._process: subprocess.Popen[bytes] | None = None

    def send(self, query: Made) -> None:
        """Asks what the client makes of one query."""
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(pickle.dumps(query))
        process.stdin.flush()

    def receive(self) -> Answer:
        """The answer to what was asked last."""
        assert self._process is not None and self._process.stdout is not None
        try:
            answer: Answer = pickle.load(self._process.stdout)
        except EOFError:
            self.close()
            return CRASHED
        return answer

    def close(self) -> None:
        if self._process is not None:
            with self._process:
                pass
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            path = str(Path(__file__).parents[2])
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
            )
        return self._process


def main() -> None:
    """The process's side."""
    asyncio.run(_serve(*sys.argv[1:]))


async def _serve(name: str, dsn: str, hstore: str) -> None:
    client: Any = importlib.import_module(name)
    connection = await client.connect(dsn, server_settings=SETTINGS)
    if hstore:
        await connection.set_builtin_type_codec("hstore", codec_name="pg_contrib.hstore")
    while True:
        try:
            made: Made = pickle.load(sys.stdin.buffer)
        except EOFError:
            await connection.close()
            return
        try:
            values = [row["x"] for row in await connection.fetch(made.query)]
            back = tuple([await _back(connection, made, value) for value in values])
            answer = Answer(tuple(map(shape, values)), repr(values)[:200], back)
        except Exception as error:
            answer = Answer(error=f"{type(error).__name__}: {error}")
        pickle.dump(answer, sys.stdout.buffer)
        sys.stdout.buffer.flush()


async def _back(connection: Any, made: Made, value: Any) -> str:
    try:
        text = await connection.fetchval(f"select ($1::{made.type})::text", value)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"= {text}"
