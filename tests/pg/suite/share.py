"""A share of the suite in a process of its own, started again after the test that ended it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from pg.suite.outcomes import FILE

LIMIT = 60
"""Seconds for one test."""
SILENCE = 3 * LIMIT
"""Seconds without an outcome until the process is killed: the limit of a test did not work."""


@dataclass
class Result:
    """What became of a test."""

    outcome: str
    text: str = ""


@dataclass
class Share:
    """Some tests: files, or ids when they are repeated."""

    folder: Path
    name: str
    tests: list[str]
    environment: dict[str, str]
    results: dict[str, Result] = field(default_factory=dict)

    def run(self) -> dict[str, Result]:
        """Runs until every test has an outcome."""
        remaining = self.tests
        while remaining:
            collected, crashed, ending = self._process(remaining)
            if crashed:
                self.results[crashed] = Result("failed", f"The process {ending} in this test.")
            elif not collected:
                raise SystemExit(f"{self._log.read_text()}\nThe suite {ending} before its first test.")
            remaining = [test for test in collected if test not in self.results]
            if remaining and not crashed:
                raise SystemExit(f"{self._log.read_text()}\nThe suite {ending} between two tests.")
        return self.results

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def _process(self, tests: list[str]) -> tuple[list[str], str, str]:
        lines = self.folder / f"{self.name}.jsonl"
        lines.write_text("")
        options = (
            f"-m pytest -c pytest.ini -p pg.suite.outcomes -p no:cacheprovider --timeout {LIMIT} --quiet --tb=short"
        )
        command = [sys.executable, *options.split(), "--continue-on-collection-errors", *tests]
        path = os.pathsep.join([str(self.folder), str(Path(__file__).parents[2])])
        environment = {**os.environ, **self.environment, "PYTHONPATH": path, FILE: str(lines)}
        with self._log.open("a") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=subprocess.STDOUT)  # fmt: skip
            ending = _watch(process, lines)
        collected: list[str] = []
        running = ""
        for line in map(json.loads, lines.read_text().splitlines()):
            collected = line.get("collected", collected)
            running = line.get("started", running)
            if "ended" in line:
                self.results[line["ended"]] = Result(line["outcome"], line["text"])
                running = ""
        return collected, running, ending


def _watch(process: subprocess.Popen[bytes], lines: Path) -> str:
    size, since = 0, time.monotonic()
    while True:
        try:
            return f"ended with status {process.wait(1)}"
        except subprocess.TimeoutExpired:
            pass
        if (now := lines.stat().st_size) != size:
            size, since = now, time.monotonic()
        elif time.monotonic() - since > SILENCE:
            process.kill()
            process.wait()
            return f"was killed after {SILENCE} seconds without a result"
