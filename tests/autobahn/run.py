"""The Autobahn test suite against the package: the server's role, and the client's.

    python tests/autobahn/run.py --wstest PROGRAM [--client PROGRAM] [--quick] [--reference] [--report FILE]

The suite's own program (`wstest`) exits with 0 whatever it found, so its reports are read. A run of it is cut into
groups: it writes its report at the end only, and two at a time use two processors.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from applications import echo_messages
from reference import Reference
from served import Served

AGENT = "fasterapi"
MESSAGE_LIMIT = 64 << 20
AT_ONCE = 2
MOST_NON_STRICT = 7
DEADLINE = 1800.0
"""Seconds after which a group has failed."""

FRAMES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
MASS = ("9.1.*", "9.2.*", "9.3.*", "9.4.*", "9.5.*", "9.6.*", "9.7.*", "9.8.*")
DEFLATE = tuple(f"12.{number}.*" for number in range(1, 6)) + tuple(f"13.{number}.*" for number in range(1, 8))

# The heaviest first, so that no processor is left with one of them at the end.
WHOLE: tuple[tuple[str, ...], ...] = (*((group,) for group in DEFLATE), MASS[:2], MASS[2:6], MASS[6:], FRAMES)
WHOLE_CASES = 517
# The cases of 12.* and 13.* send 1000 messages each, the first of a group small ones, and all are alike otherwise.
SAMPLE = tuple(group.replace("*", str(number)) for group in DEFLATE for number in (1, 2, 3))
QUICK: tuple[tuple[str, ...], ...] = (FRAMES, SAMPLE)
QUICK_CASES = 247 + len(SAMPLE)

PASSING = frozenset({"OK", "NON-STRICT", "INFORMATIONAL"})


@dataclass
class Tally:
    """The verdicts on one role."""

    role: str
    expected: int
    verdicts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def read(self, index: Path) -> None:
        """Adds the verdicts of one report."""
        if not index.exists():
            self.failures.append(f"{index.parent.name}: no report was written")
            return
        for cases in json.loads(index.read_text()).values():
            for case, verdict in cases.items():
                behaviour, ending = verdict["behavior"], verdict["behaviorClose"]
                self.verdicts[behaviour if ending in PASSING else ending] += 1
                if behaviour not in PASSING or ending not in PASSING:
                    self.failures.append(f"{case}: {behaviour}, closing {ending}")

    @property
    def cases(self) -> int:
        return self.verdicts.total()

    @property
    def passed(self) -> int:
        return sum(self.verdicts[name] for name in PASSING)

    @property
    def failed(self) -> int:
        return max(self.expected, self.cases) - self.passed

    def conclude(self) -> bool:
        """Prints the totals and what failed; whether the role is well played."""
        counts = ", ".join(f"{count} {name}" for name, count in self.verdicts.most_common())
        print(f"{self.role}: {self.cases} of {self.expected} cases in {self.seconds:.0f} s: {counts}")
        for line in self.failures:
            print(f"  {line}")
        lax = self.verdicts["NON-STRICT"]
        if lax > MOST_NON_STRICT:
            print(f"  {lax} cases are non-strict, more than {MOST_NON_STRICT}")
        print(f"{self.role}: {self.passed} passed, {self.failed} failed", flush=True)
        return not self.failed and not self.failures and lax <= MOST_NON_STRICT


def serve_all(wstest: Path, folder: Path, groups: Sequence[Sequence[str]], tally: Tally, *, reference: bool) -> None:
    """Plays the server's role in every group."""
    serve: Any = Reference if reference else Served
    with serve(echo_messages, ws_max_size=MESSAGE_LIMIT) as served:
        url = f"ws://127.0.0.1:{served.address[1]}"

        def play(number: int) -> Path:
            outdir = folder / f"server-{number}"
            spec = {"outdir": str(outdir), "servers": [{"agent": AGENT, "url": url}], **selection(groups[number])}
            begun = time.monotonic()
            with started(wstest, "fuzzingclient", outdir, spec) as process:
                process.wait(DEADLINE)
            print(f"  server, {named(groups[number])}: {time.monotonic() - begun:.0f} s", flush=True)
            return outdir / "index.json"

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for index in pool.map(play, range(len(groups))):
                tally.read(index)


def ask_all(wstest: Path, client: Path, folder: Path, groups: Sequence[Sequence[str]], tally: Tally) -> None:
    """Plays the client's role in every group."""

    def play(number: int) -> Path:
        outdir, port = folder / f"client-{number}", free_port()
        url = f"ws://127.0.0.1:{port}"
        spec = {"outdir": str(outdir), "url": url, **selection(groups[number])}
        begun = time.monotonic()
        with started(wstest, "fuzzingserver", outdir, spec) as process:
            wait_for(port, process)
            subprocess.run([str(client), url, AGENT], timeout=DEADLINE, check=False)
            process.terminate()
        print(f"  client, {named(groups[number])}: {time.monotonic() - begun:.0f} s", flush=True)
        return outdir / "index.json"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for index in pool.map(play, range(len(groups))):
            tally.read(index)


def named(group: Sequence[str]) -> str:
    """A group in a few words."""
    return " ".join(group) if len(group) < 10 else f"{group[0]} to {group[-1]}"


def selection(group: Sequence[str]) -> dict[str, Any]:
    """The part of a specification that says which cases run."""
    return {"cases": list(group), "exclude-cases": [], "exclude-agent-cases": {}}


@contextmanager
def started(wstest: Path, mode: str, outdir: Path, spec: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A running `wstest`, ended with the block; what it says is kept beside its report."""
    outdir.mkdir(parents=True)
    path = outdir / "spec.json"
    path.write_text(json.dumps(spec))
    command = [str(wstest), "--mode", mode, "--spec", str(path)]
    if mode == "fuzzingserver":
        command += ["--webport", "0"]
    with (outdir / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Waits until somebody listens."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("The fuzzing server did not start: its log is beside its report.")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wstest", type=Path, required=True, help="the suite's program")
    parser.add_argument("--client", type=Path, help="what plays the client's role: called with an address and a name")
    parser.add_argument("--quick", action="store_true", help="leave out mass and most of compression")
    parser.add_argument("--reference", action="store_true", help="let uvicorn play the server's role")
    parser.add_argument("--report", type=Path, help="where the totals are written")
    parser.add_argument("--cases", nargs="+", help="only these, such as 9.* or 12.1.3")
    arguments = parser.parse_args()
    groups, expected = (QUICK, QUICK_CASES) if arguments.quick else (WHOLE, WHOLE_CASES)
    if arguments.cases:
        groups, expected = (tuple(arguments.cases),), 0
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory(prefix="autobahn-") as name:
        folder = Path(name)
        begun = time.monotonic()
        tallies.append(Tally("Autobahn, server", expected))
        serve_all(arguments.wstest, folder, groups, tallies[-1], reference=arguments.reference)
        tallies[-1].seconds = time.monotonic() - begun
        if arguments.client:
            begun = time.monotonic()
            tallies.append(Tally("Autobahn, client", expected))
            ask_all(arguments.wstest, arguments.client, folder, groups, tallies[-1])
            tallies[-1].seconds = time.monotonic() - begun
    well = [tally.conclude() for tally in tallies]
    if arguments.report:
        counts = [{"passed": tally.passed, "failed": tally.failed, "skipped": 0} for tally in tallies]
        arguments.report.write_text(json.dumps(counts))
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
