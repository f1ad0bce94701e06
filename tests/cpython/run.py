"""CPython's own asyncio and selectors tests, with `NativeSelector` in the place of the default selector.

Each test module runs in a process of its own. `--stock` leaves the selector as it is: what fails then too is not ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pkgutil
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LIMIT = 600
"""Seconds for one module."""


def modules() -> list[str]:
    """The names of all test modules."""
    package = importlib.util.find_spec("test.test_asyncio")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit(f"{sys.executable} was built without CPython's own tests: there is nothing to run.")
    found = [info.name for info in pkgutil.iter_modules(package.submodule_search_locations)]
    return [*(f"test.test_asyncio.{name}" for name in sorted(found) if name.startswith("test_")), "test.test_selectors"]


def run_module(name: str, stock: bool, pattern: str | None) -> dict[str, Any]:
    """Runs one module in a fresh process and folder, and returns its counts."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, str(Path(__file__).with_name("module.py")), name, str(report)]
        command += ["--stock"] if stock else []
        command += ["--pattern", pattern] if pattern else []
        try:
            run = subprocess.run(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=LIMIT, text=True, errors="replace", env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )  # fmt: skip
            output, ending = run.stdout, f"ended with status {run.returncode}"
        except subprocess.TimeoutExpired as error:
            output, ending = str(error.stdout), f"did not end in {LIMIT} seconds"
        if report.exists():
            counts: dict[str, Any] = json.loads(report.read_text())
        else:
            counts = {"passed": 0, "failed": 1, "skipped": 0, "failures": [f"{name}: {ending}"]}
    if counts["failed"]:
        print(output)
    return {"module": name, **counts}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, help="write the counts here, as JSON")
    parser.add_argument("--stock", action="store_true", help="run on the stock selector, for comparison")
    parser.add_argument("--pattern", help="only tests whose name contains this")
    parser.add_argument("names", nargs="*", help="modules to run, by default all")
    options = parser.parse_args()
    results = []
    for name in options.names or modules():
        result = run_module(name, options.stock, options.pattern)
        results.append(result)
        counts = "{passed:5} passed {failed:3} failed {skipped:3} skipped".format_map(result)
        print(f"{counts}  {name}", flush=True)
    if options.report:
        options.report.write_text(json.dumps(results, indent=1))
    for result in results:
        for failure in result["failures"]:
            print(f"FAILED {failure}")
    passed, failed, skipped = (sum(result[key] for result in results) for key in ("passed", "failed", "skipped"))
    print(f"CPython {platform.python_version()}'s own tests")
    print(f"conformance: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
