"""The checks of `make lint`: every one runs, then the failed ones are named."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from environment import Environment
from interpreters import required
from tree import ROOT, attempt
from wheels import Builder

FORMATTED = ("python", "tests", "examples", "stubs")
FOLDERS = "asgi loop selector apps leaks packaging cli cpython testing reload dev autobahn frameworks clients pg"
SUITES = (
    "--config-file=tests/mypy.ini",
    *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "tests").glob("*.py")),
    *(f"tests/{name}" for name in FOLDERS.split()),
)
PURITY = ROOT / "tests" / "purity" / "check.py"


def lint() -> int:
    """Formatting, clippy, purity, ruff, types and stubs; 1 where any fails."""
    interpreters = required()
    newest = interpreters[-1]
    environment = Environment("lint", newest).make().groups("lint", "test")
    environment.wheel(Builder(newest).package(interpreters)[newest.tag])
    python = environment.python
    commands: list[tuple[str, list[str]]] = [
        ("cargo fmt", ["cargo", "fmt", "--all", "--check"]),
        ("clippy", ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        ("ruff", [str(environment.program("ruff")), "check", "."]),
        ("ruff format", [str(environment.program("ruff")), "format", "--check", *FORMATTED]),
        ("mypy", [str(python), "-m", "mypy"]),
        ("mypy, prepare", [str(python), "-m", "mypy", "--strict", "tests/prepare"]),
        ("mypy, tests", [str(python), "-m", "mypy", *SUITES]),
        ("pyright", [str(environment.program("pyright"))]),
        ("stubtest", [str(python), "-m", "mypy.stubtest", "fasterapi._engine"]),
    ]
    if PURITY.exists():
        commands.append(("purity", [str(python), str(PURITY)]))
    # pyright asks the `python` on PATH where packages are.
    search = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    failed = [name for name, command in commands if not attempt(command, PATH=search, PYO3_PYTHON=str(python))]
    with tempfile.TemporaryDirectory() as elsewhere:
        # In the tree, the source folder would be checked instead of what is installed.
        for package in ("fasterapi", "pytest_fasterapi"):
            pyright = [str(environment.program("pyright")), "--verifytypes", package, "--ignoreexternal"]
            if not attempt(pyright, Path(elsewhere), PATH=search):
                failed.append(f"verifytypes, {package}")
    print(f"\nlint: {', '.join(failed)} failed" if failed else "\nlint: all clean")
    return 1 if failed else 0
