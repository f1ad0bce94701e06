"""The suites of `make test` and `make conformance`, each in the environment it needs."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import postgres
from environment import Environment
from interpreters import Interpreter, required
from totals import Totals
from tree import CACHE, ROOT, attempt
from wheels import Builder

import autobahn

RESULTS = CACHE / "results"
NESTED = "--cfg fasterapi_nested_poller"


def test(arguments: Sequence[str]) -> int:
    """Everything: Rust, Python on the oldest and newest interpreter, CPython's own suites on each."""
    interpreters = required()
    ends = [interpreters[0], interpreters[-1]] if len(interpreters) > 1 else interpreters
    RESULTS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    _cargo(totals)
    builder = Builder(interpreters[-1])
    wheels = builder.package(interpreters)
    extensions = builder.extension(ends)
    sdist = builder.sdist()
    for interpreter in ends:
        environment = _environment(interpreter, wheels[interpreter.tag])
        options = ["--wheel", str(wheels[interpreter.tag])]
        if interpreter.tag in extensions:
            environment.wheel(extensions[interpreter.tag], "extension")
            options.append("--extension")
        if interpreter is ends[-1]:
            options += ["--sdist", str(sdist)]
        _pytest(totals, environment, [*options, *arguments])
    _autobahn(totals, _environment(ends[-1], wheels[ends[-1].tag]), "--quick")
    _frameworks(totals, ends[-1], wheels[ends[-1].tag], arguments)
    _databases(totals, ends, wheels, arguments)
    _cpython(totals, interpreters, wheels)
    return totals.conclude()


def conformance(arguments: Sequence[str]) -> int:
    """CPython's own asyncio and selectors tests on our loop and selector, for each interpreter that brings them, and
    the whole of the Autobahn test suite on the newest. Arguments choose among CPython's tests and leave out Autobahn's.
    """
    interpreters = required()
    RESULTS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    wheels = Builder(interpreters[-1]).package(interpreters)
    if not arguments:
        _autobahn(totals, _environment(interpreters[-1], wheels[interpreters[-1].tag]))
    _cpython(totals, interpreters, wheels, arguments)
    return totals.conclude()


def _environment(interpreter: Interpreter, wheel: Path) -> Environment:
    return Environment(interpreter.minor, interpreter).make().groups("test").wheel(wheel)


def _frameworks(totals: Totals, interpreter: Interpreter, wheel: Path, arguments: Sequence[str]) -> None:
    environment = Environment("frameworks", interpreter).make().groups("frameworks").wheel(wheel)
    report = RESULTS / "frameworks.xml"
    report.unlink(missing_ok=True)
    suites = ["tests/frameworks", "tests/clients"]
    well = attempt([environment.python, "-m", "pytest", *suites, "--junitxml", report, *arguments])
    totals.pytest(f"frameworks and clients, CPython {interpreter.minor}", report, well)


def _databases(
    totals: Totals, interpreters: Sequence[Interpreter], wheels: dict[str, Path], arguments: Sequence[str]
) -> None:
    postgres.ensure()
    newest = interpreters[-1]
    for interpreter in interpreters:
        name = "databases" if interpreter is newest else "databases-oldest"
        environment = Environment(name, interpreter).make().groups("databases").wheel(wheels[interpreter.tag])
        report = RESULTS / f"databases-{interpreter.minor}.xml"
        report.unlink(missing_ok=True)
        well = attempt([environment.python, "-m", "pytest", "tests/pg", "--junitxml", report, *arguments])
        totals.pytest(f"PostgreSQL, CPython {interpreter.minor}", report, well)
    report = RESULTS / "asyncpg.json"
    report.unlink(missing_ok=True)
    command: list[str | Path] = [environment.python, "tests/pg/suite/run.py", "--cache", CACHE / "asyncpg"]
    well = attempt([*command, "--report", report])
    totals.conformance("asyncpg's own tests", report, well)


def _cargo(totals: Totals) -> None:
    lines, well = _watched(["cargo", "test", "--locked"], {})
    totals.cargo("cargo test", lines, well)
    nested = {"RUSTFLAGS": f"{os.environ.get('RUSTFLAGS', '')} {NESTED}".strip(), "CARGO_TARGET_DIR": "target/nested"}
    lines, well = _watched(["cargo", "test", "--locked", "--package", "fasterapi-selector"], nested)
    totals.cargo("cargo test, nested poller", lines, well)


def _watched(command: list[str], environment: dict[str, str]) -> tuple[list[str], bool]:
    print("+", *(f"{name}={shlex.quote(value)}" for name, value in environment.items()), *command, flush=True)
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return lines, process.returncode == 0


def _pytest(totals: Totals, environment: Environment, arguments: Sequence[str]) -> None:
    interpreter = environment.interpreter
    report = RESULTS / f"pytest-{interpreter.minor}.xml"
    report.unlink(missing_ok=True)
    well = attempt([environment.python, "-m", "pytest", "tests", "--junitxml", report, *arguments])
    totals.pytest(f"pytest, CPython {interpreter.minor}", report, well)


def _autobahn(totals: Totals, environment: Environment, *options: str) -> None:
    wstest = autobahn.wstest()
    if wstest is None:
        return
    report = RESULTS / "autobahn.json"
    report.unlink(missing_ok=True)
    programs = ["--wstest", str(wstest), "--client", str(autobahn.client())]
    well = attempt([environment.python, "tests/autobahn/run.py", *programs, "--report", report, *options])
    totals.conformance("Autobahn test suite", report, well)


def _cpython(
    totals: Totals, interpreters: Sequence[Interpreter], wheels: dict[str, Path], arguments: Sequence[str] = ()
) -> None:
    for interpreter in interpreters:
        if not interpreter.suite:
            print(f"{interpreter} was built without CPython's own tests: its conformance run is left out.")
            continue
        environment = _environment(interpreter, wheels[interpreter.tag])
        report = RESULTS / f"cpython-{interpreter.minor}.json"
        report.unlink(missing_ok=True)
        well = attempt([environment.python, "tests/cpython/run.py", "--report", report, *arguments])
        totals.conformance(f"CPython's own tests, {interpreter.minor}", report, well)
