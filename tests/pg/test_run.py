"""tests/pg/server/run.py, by which `make run-pg` serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from wire import PATIENCE

RUNNER = Path(__file__).parent / "server" / "run.py"

ASKS = """
import asyncio, os, signal, sys
from fasterapi import pg

async def main():
    connection = await pg.connect(os.environ["DATABASE_URL"])
    data = await connection.fetchval("show data_directory")
    await connection.close()
    return data

data = asyncio.run(main())
signal.signal(signal.SIGINT, signal.SIG_DFL)  # ends it without a traceback
print(data, flush=True)
"""


def runner(program: str) -> Sequence[str]:
    return [sys.executable, str(RUNNER), sys.executable, "-c", program]


def test_a_command_has_a_server_for_as_long_as_it_runs() -> None:
    run = subprocess.run(runner(f"{ASKS}\nsys.exit(3)"), capture_output=True, text=True, timeout=PATIENCE)
    assert run.returncode == 3, run.stderr
    assert not run.stderr
    said, data = run.stdout.splitlines()
    assert said.startswith("PostgreSQL ")
    assert "postgresql://" in said
    assert not Path(data).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_and_then_the_server(number: signal.Signals) -> None:
    with subprocess.Popen(
        runner(f"{ASKS}\nsignal.pause()"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        data = process.stdout.readline().strip()
        assert Path(data).exists()
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # as a terminal does
        else:
            process.send_signal(number)
        assert process.wait(PATIENCE) == 128 + number
        assert not process.stderr.read()
    assert not Path(data).exists()
