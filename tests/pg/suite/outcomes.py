"""A pytest plugin that writes what becomes of each test as it happens, so that a crash loses one test and no more.

A line of JSON each: `{"collected": [...]}`, `{"started": id}`, `{"ended": id, "outcome": ..., "text": ...}`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FILE = "FASTERAPI_OUTCOMES"


class Outcomes:
    """Gathers the phases and the subtests of a test into one outcome."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._outcome: dict[str, tuple[str, str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._write(collected=[item.nodeid for item in session.items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(ended=report.nodeid, outcome="failed", text=report.longreprtext)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._outcome[nodeid] = ("passed", "")
        self._write(started=nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._outcome[report.nodeid] = ("failed", report.longreprtext)
        elif report.skipped and report.when != "teardown" and self._outcome[report.nodeid][0] == "passed":
            where: Any = report.longrepr
            self._outcome[report.nodeid] = ("skipped", where[2] if isinstance(where, tuple) else "")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        outcome, text = self._outcome.pop(nodeid)
        self._write(ended=nodeid, outcome=outcome, text=text)

    def _write(self, **line: object) -> None:
        with self._file.open("a") as file:
            print(json.dumps(line), file=file)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Outcomes(Path(os.environ[FILE])))
