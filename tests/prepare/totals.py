"""What the runners counted, gathered into one table at the end."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

_CARGO = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")


@dataclass
class Count:
    """One runner's outcome."""

    suite: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    ended_well: bool = True


@dataclass
class Totals:
    """The outcomes in the order in which the suites ran."""

    counts: list[Count] = field(default_factory=list)

    def cargo(self, suite: str, lines: list[str], ended_well: bool) -> None:
        """Reads the closing lines of `cargo test`."""
        found = [tuple(map(int, match.groups())) for match in map(_CARGO.match, lines) if match]
        passed, failed, ignored = (sum(column) for column in zip(*found, strict=True)) if found else (0, 0, 0)
        self.counts.append(Count(suite, passed, failed, ignored, ended_well))

    def pytest(self, suite: str, report: Path, ended_well: bool) -> None:
        """Reads a JUnit report."""
        count = Count(suite, ended_well=ended_well)
        if report.exists():
            for case in ElementTree.parse(report).iter("testsuite"):
                failed = int(case.get("failures", 0)) + int(case.get("errors", 0))
                skipped = int(case.get("skipped", 0))
                count.failed += failed
                count.skipped += skipped
                count.passed += int(case.get("tests", 0)) - failed - skipped
        self.counts.append(count)

    def conformance(self, suite: str, report: Path, ended_well: bool) -> None:
        """Reads the report of `tests/cpython`."""
        count = Count(suite, ended_well=ended_well)
        if report.exists():
            for case in json.loads(report.read_text()):
                count.passed += case["passed"]
                count.failed += case["failed"]
                count.skipped += case["skipped"]
        self.counts.append(count)

    def conclude(self) -> int:
        """Prints the table and the closing line; the exit status of the whole."""
        width = max(len(count.suite) for count in self.counts)
        print(f"\n{'suite':{width}}  {'passed':>7} {'failed':>7} {'skipped':>7}")
        for count in self.counts:
            note = "" if count.ended_well or count.failed else "  did not end well"
            print(f"{count.suite:{width}}  {count.passed:7} {count.failed:7} {count.skipped:7}{note}")
        passed, failed, skipped = (
            sum(getattr(count, column) for count in self.counts) for column in ("passed", "failed", "skipped")
        )
        print(f"\nTotal: {passed} passed, {failed} failed, {skipped} skipped")
        return 0 if all(count.ended_well for count in self.counts) and not failed and passed else 1
