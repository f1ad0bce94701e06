"""Which CPython interpreters this machine has that the package supports."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST_MINOR = 11
NEWEST_MINOR = 15

PROBE = """
import importlib.util, json, os, platform, sys, sysconfig
def has(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
print(json.dumps({
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "version": list(sys.version_info[:3]),
    "usable": platform.python_implementation() == "CPython"
        and not sysconfig.get_config_var("Py_GIL_DISABLED") and has("venv") and has("ensurepip"),
    "suite": has("test.test_asyncio") and has("test.test_selectors"),
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One CPython that can make a virtual environment."""

    executable: Path
    version: tuple[int, int, int]
    suite: bool
    """Whether CPython's own tests came with it."""

    @property
    def minor(self) -> str:
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def tag(self) -> str:
        return f"cp{self.version[0]}{self.version[1]}"

    def __str__(self) -> str:
        return f"CPython {'.'.join(map(str, self.version))} ({self.executable})"


def discover() -> list[Interpreter]:
    """One interpreter for each supported minor version, oldest first.

    Of several with the same minor version the one that brings CPython's own tests wins, then the newest patch.
    """
    best: dict[str, Interpreter] = {}
    for executable in _candidates():
        found = _probe(executable)
        if found is None:
            continue
        known = best.get(found.minor)
        if known is None or (found.suite, found.version) > (known.suite, known.version):
            best[found.minor] = found
    return sorted(best.values(), key=lambda interpreter: interpreter.version)


def required() -> list[Interpreter]:
    """As `discover`, or one clear line and exit status 1 where there is none."""
    found = discover()
    if not found:
        raise SystemExit(
            f"No CPython 3.{OLDEST_MINOR} to 3.{NEWEST_MINOR} with venv and pip was found on PATH or under pyenv. "
            "Install one (on Debian: apt-get install python3 python3-venv) and run this again."
        )
    return found


def _candidates() -> list[Path]:
    names = ["python3", *(f"python3.{minor}" for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1))]
    folders = [Path(folder) for folder in os.get_exec_path() if folder]
    pyenv = shutil.which("pyenv")
    if pyenv:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
        folders += sorted(Path(root, "versions").glob("*/bin")) if root else []
    found = (folder / name for folder in folders for name in names)
    return list(dict.fromkeys(path for path in found if os.access(path, os.X_OK)))


def _probe(executable: Path) -> Interpreter | None:
    try:
        run = subprocess.run([str(executable), "-Ic", PROBE], capture_output=True, text=True, timeout=60)
        facts = json.loads(run.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
        return None  # a pyenv shim of a version that is not chosen, or something else that is not Python 3
    major, minor, patch = facts["version"]
    if not facts["usable"] or major != 3 or not OLDEST_MINOR <= minor <= NEWEST_MINOR:
        return None
    return Interpreter(Path(facts["executable"]), (major, minor, patch), facts["suite"])
