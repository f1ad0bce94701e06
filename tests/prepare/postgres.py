"""PostgreSQL's programs, from the distribution where the machine has none."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tree import attempt

_DEBIAN = "usr/lib/postgresql/*/bin/postgres"


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
