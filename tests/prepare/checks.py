"""The checks of `make lint`: every one runs, then the failed ones are named."""

from __future__ import annotations

from environment import Environment
from interpreters import required
from tree import ROOT, attempt
from wheels import Builder

TYPED = ("python/fasterapi", "examples/hello.py", "tests/typing/consumer.py")
PURITY = ROOT / "tests" / "purity" / "check.py"


def lint() -> int:
    """Formatting, clippy, purity, ruff, types and stubs; 1 where any fails."""
    interpreters = required()
    newest = interpreters[-1]
    environment = Environment("lint", newest).make().groups("lint", "examples")
    environment.wheel(Builder(newest).package(interpreters)[newest.tag])
    python = environment.python
    commands: list[tuple[str, list[str]]] = [
        ("cargo fmt", ["cargo", "fmt", "--all", "--check"]),
        ("clippy", ["cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]),
        ("ruff", [str(environment.program("ruff")), "check", "."]),
        ("ruff format", [str(environment.program("ruff")), "format", "--check", "."]),
        ("mypy", [str(python), "-m", "mypy"]),
        ("mypy, tests", [str(python), "-m", "mypy", "--strict", "tests/prepare"]),
        ("pyright", [str(environment.program("pyright"))]),
        ("stubtest", [str(python), "-m", "mypy.stubtest", "fasterapi._engine"]),
        ("verifytypes", [str(environment.program("pyright")), "--verifytypes", "fasterapi", "--ignoreexternal"]),
    ]
    if PURITY.exists():
        commands.append(("purity", [str(python), str(PURITY)]))
    path = {"PYO3_PYTHON": str(newest.executable)}
    failed = [name for name, command in commands if not attempt(command, **path)]
    print(f"\nlint: {', '.join(failed)} failed" if failed else "\nlint: all clean")
    return 1 if failed else 0
