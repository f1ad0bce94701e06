"""Runs one of CPython's test modules on `NativeSelector` and writes its counts: `module.py NAME REPORT`."""

from __future__ import annotations

import argparse
import faulthandler
import importlib
import json
import selectors
import sys
import unittest
from pathlib import Path
from typing import Any

from skips import reason_to_skip


def install() -> None:
    """Makes the native selector the default one, and the one that stands for epoll."""
    from fasterapi._engine import NativeSelector

    replaced: Any = selectors
    replaced.DefaultSelector = NativeSelector
    replaced.EpollSelector = NativeSelector


def tests_of(suite: unittest.TestSuite) -> list[unittest.TestCase]:
    found: list[unittest.TestCase] = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            found += tests_of(test)
        else:
            found.append(test)
    return found


class Counting(unittest.TextTestResult):
    """Counts what passed as well; a subtest's failure counts as its test's."""

    passed = 0

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.passed += 1


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("report", type=Path)
    parser.add_argument("--stock", action="store_true")
    parser.add_argument("--pattern")
    options = parser.parse_args()
    faulthandler.enable()
    faulthandler.dump_traceback_later(500, exit=True)
    from test import support

    support.use_resources = ["cpu", "walltime"]
    if not options.stock:
        install()
    try:
        module = importlib.import_module(options.name)
        tests = tests_of(unittest.defaultTestLoader.loadTestsFromModule(module))
    except unittest.SkipTest as reason:
        counts = {"passed": 0, "failed": 0, "skipped": 1, "failures": [], "reasons": {options.name: str(reason)}}
        options.report.write_text(json.dumps(counts))
        return 0
    chosen = unittest.TestSuite()
    left_out: dict[str, str] = {}
    for test in tests:
        reason_text = reason_to_skip(test.id())
        if options.pattern and options.pattern not in test.id():
            continue
        if reason_text is not None and not options.stock:
            left_out[test.id()] = reason_text
        else:
            chosen.addTest(test)
    counting: Any = Counting
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=1, resultclass=counting)
    result: Any = runner.run(chosen)
    bad = [*result.failures, *result.errors]
    failures = sorted({str(test.id()) for test, _ in bad} | {str(test.id()) for test in result.unexpectedSuccesses})
    counts = {
        "passed": result.passed + len(result.expectedFailures),
        "failed": len(failures),
        "skipped": len(result.skipped) + len(left_out),
        "failures": failures,
        "reasons": left_out,
    }
    options.report.write_text(json.dumps(counts))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
