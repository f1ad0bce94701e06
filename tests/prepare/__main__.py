"""Prepares what a `make` target needs and runs it: `python3 tests/prepare COMMAND [ARGUMENT...]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

if sys.version_info < (3, 10):  # noqa: UP036 (the python3 on PATH may be older than those the package supports)
    raise SystemExit("This needs Python 3.10 or newer to run: make PYTHON=python3.13 ...")

import chroot
import postgres
from checks import lint
from environment import Environment
from interpreters import required
from suites import conformance, test
from tree import ROOT, run
from wheels import Builder


def serve_example(arguments: Sequence[str]) -> int:
    """Builds and installs the package for the newest interpreter and serves the example."""
    _become(_example("hello:app", arguments))


def serve_database_example(arguments: Sequence[str]) -> int:
    """The same with the example that needs a database, which starts and ends with it."""
    # Who follows the changes of notes would otherwise hold up the end.
    command = _example("crud:app", ["--timeout-graceful-shutdown", "2", *arguments])
    _become([str(postgres.interpreter(required()[-1])), str(postgres.RUNNER), *command])


def _example(application: str, arguments: Sequence[str]) -> list[str]:
    newest = required()[-1]
    environment = Environment("run", newest).make().groups("examples")
    environment.wheel(Builder(newest).package([newest])[newest.tag])
    return [str(environment.program("fasterapi")), "run", application, "--app-dir", "examples", *arguments]


def _become(command: list[str]) -> NoReturn:
    print("+", *command, flush=True)
    os.chdir(ROOT)
    os.execv(command[0], command)


def wheel(arguments: Sequence[str]) -> int:
    """Builds a wheel for every interpreter found and says where it is."""
    interpreters = required()
    for path in Builder(interpreters[-1]).package(interpreters).values():
        print(path)
    return 0


def sdist(arguments: Sequence[str]) -> int:
    """Builds the source distribution and says where it is."""
    print(Builder(required()[-1]).sdist())
    return 0


def bench(arguments: Sequence[str]) -> int:
    """Runs the benchmarks against the peers."""
    run([required()[-1].executable, "tests/bench/run.py", *arguments])
    return 0


def fmt(arguments: Sequence[str]) -> int:
    """Formats Rust and Python."""
    environment = Environment("lint", required()[-1]).make().groups("lint", "test")
    run(["cargo", "fmt", "--all"])
    run([environment.program("ruff"), "check", "--fix", "."])
    run([environment.program("ruff"), "format", "."])
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": serve_example,
    "run-pg": serve_database_example,
    "test": test,
    "test-new": chroot.test_new,
    "lint": lambda arguments: lint(),
    "conformance": conformance,
    "bench": bench,
    "wheel": wheel,
    "sdist": sdist,
    "fmt": fmt,
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(f"Say what to do: {', '.join(COMMANDS)}.", file=sys.stderr)
        return 2
    return COMMANDS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
