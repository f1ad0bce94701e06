"""asyncpg's own tests on `fasterapi.pg`; with `--reference` on asyncpg itself, which proves the runner.

Every test passes or is named in expected.toml with its reason; what is named there and passes is unexpected too.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pg.server import Account, installations
from pg.suite.kinds import Kind, kinds
from pg.suite.share import Result, Share
from pg.suite.source import VERSION, fetch, lay_out

FIRST = ("test_connect", "test_copy", "test_timeout", "test_adversity")
"""Modules that take as long together as all others."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="where asyncpg's sources are kept")
    parser.add_argument("--report", type=Path, help="write the counts here, as JSON")
    parser.add_argument("--reference", action="store_true", help="run on asyncpg itself")
    parser.add_argument("--only", metavar="MODULE", action="append", help="run these modules, such as test_pool")
    options = parser.parse_args()
    found = installations()
    if not found:
        print("PostgreSQL is not installed: asyncpg's own tests, which start their own servers, are left out.")
        return 0
    source = fetch(options.cache)
    with tempfile.TemporaryDirectory(prefix="asyncpg-suite-") as temporary:
        Path(temporary).chmod(0o755)  # the servers read their certificates in it
        scripts = Account.choose().wrap(found[0].programs, Path(temporary, "programs"))
        folder = lay_out(source, Path(temporary, "suite"), options.reference)
        environment = {"PGINSTALLATION": str(scripts), "PYTHONWARNINGS": "ignore"}
        modules = options.only or sorted(file.stem for file in (folder / "tests").glob("test_*.py"))
        results = _run(folder, modules, environment)
        return _conclude(results, kinds(folder / "tests"), options.reference, options.report, bool(options.only))


def _run(folder: Path, modules: list[str], environment: dict[str, str]) -> dict[str, Result]:
    halves = {
        "first": [name for name in modules if name in FIRST],
        "second": [name for name in modules if name not in FIRST],
    }
    shares = [Share(folder, name, [f"tests/{module}.py" for module in half], environment)
              for name, half in halves.items() if half]  # fmt: skip
    with ThreadPoolExecutor(len(shares)) as threads:
        results = {node: result for found in threads.map(Share.run, shares) for node, result in found.items()}
    unsteady = _expected()["unsteady"]
    again = [node for node, result in results.items() if result.outcome == "failed" and _name(node) in unsteady]
    for attempt in range(3):
        if again:
            results |= Share(folder, f"again-{attempt}", again, environment).run()
            again = [node for node in again if results[node].outcome == "failed"]
    return {_name(node): result for node, result in results.items()}


def _conclude(
    results: dict[str, Result], kind: dict[str, Kind], reference: bool, report: Path | None, part: bool
) -> int:
    expected = _expected()
    excused = {} if reference else expected["differs"]
    unexpected: list[str] = []
    for name, result in sorted(results.items()):
        if result.outcome == "failed" and name not in excused:
            print(f"\n{name} failed\n{result.text}")
            unexpected.append(name)
        elif result.outcome == "passed" and name in excused:
            print(f"\n{name} passes: take it out of expected.toml")
            unexpected.append(name)
        elif result.outcome == "skipped" and name not in expected["skipped"]:
            print(f"\n{name} was skipped: {result.text}")
            unexpected.append(name)
    if not part:
        unexpected += [name for table in expected.values() for name in table if name not in results]
    outcomes = Counter(result.outcome for result in results.values())
    runnable = [name for name, result in results.items() if result.outcome != "skipped"]
    for name in excused:
        print(f"differs: {name}: {excused[name]}")
    words = {
        Kind.PUBLIC: "documented API only",
        Kind.OFFERED: "a private name that any client can offer",
        Kind.INTERNAL: "a part of asyncpg's own making",
        Kind.PATCHED: "replaces a part of asyncpg, or what it calls",
    }
    print(f"\nasyncpg {VERSION}'s own tests on {'asyncpg' if reference else 'fasterapi.pg'}")
    for each in Kind:
        names = [name for name in runnable if kind.get(name, Kind.PUBLIC) is each]
        passed = sum(results[name].outcome == "passed" for name in names)
        print(f"  {passed:3} of {len(names):3} passed: {words[each]}")
    print(f"  {outcomes['passed']:3} of {len(runnable):3} passed, {outcomes['skipped']} skipped by the suite itself")
    print(f"  {len(unexpected)} unexpected{':' if unexpected else ''} {', '.join(unexpected)}")
    if report:
        counts = {"passed": outcomes["passed"], "failed": len(unexpected), "skipped": outcomes["skipped"]}
        report.write_text(json.dumps([counts], indent=1))
    return 1 if unexpected or not outcomes["passed"] else 0


def _expected() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("expected.toml").read_text())


def _name(node: str) -> str:
    """`module.Class.test` of pytest's `tests/module.py::Class::test`."""
    return node.removeprefix("tests/").replace(".py::", ".").replace("::", ".")


if __name__ == "__main__":
    sys.exit(main())
