"""Measures FasterAPI against other servers, in turns, on one core each for server and client.

examples:
  python3 tests/bench/run.py --quick                            a first look, under two minutes
  python3 tests/bench/run.py --rows hello,echo --peers uvicorn  only these rows, ours against this peer
  python3 tests/bench/run.py --rows ws,ws-4k,idle-ws            WebSocket echo, and what an idle one costs
  python3 tests/bench/run.py --rows pg-select,pg-json           PostgreSQL's clients, against asyncpg
  python3 tests/bench/run.py --python PATH --python PATH --write-docs
"""

import argparse
import datetime
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from types import FrameType

import database
import foreign
import generator
import idle
import page
from database_rows import DATABASE_TITLES
from environments import ROOT, Environment, Unavailable
from installation import installed, versions
from interpreter import Interpreter, NoInterpreter
from machine import Machine, NotEnoughCores, cores, load_average
from measurement import Measurement
from peers import OURS, PEERS, Peer
from report import Report
from rows import DOWNLOAD, ROWS
from turns import Setting, Turns
from websocket_rows import WEBSOCKET_ROWS

RESULTS = Path(__file__).resolve().with_name("results")
ALL_ROWS = (*ROWS, *WEBSOCKET_ROWS)
ROW_NAMES = [*(row.name for row in ALL_ROWS), *foreign.TITLES, *idle.KINDS, *DATABASE_TITLES]
NO_SERVER = {*foreign.TITLES, *DATABASE_TITLES}
"""Rows in which no peer serves."""
IDLE_PEERS = (OURS, "uvicorn")


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, unwind)
    try:
        reports = [Report(measured) for measured in measurements(options)]
    except (NoInterpreter, NotEnoughCores, Unavailable) as reason:
        print(f"run.py: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    for report in reports:
        print("\n".join(["", *report.head()]))
        for table in report.tables():
            print(f"\n{table.text()}")
        print("\n".join(["", *report.notes()]))
    if options.write_docs:
        for written in page.write(reports, ROOT / "docs"):
            print(f"wrote {written.relative_to(ROOT)}")
    return 0


def unwind(number: int, frame: FrameType | None) -> None:
    """An end by signal passes through every block, as each ends the server it started."""
    sys.exit(128 + number)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [peer.name for peer in PEERS]
    parser.add_argument("--rounds", type=at_least_one, default=5, help="turns of each server (default: 5)")
    parser.add_argument("--seconds", type=positive, default=1.0, help="length of a turn (default: 1)")
    parser.add_argument("--rows", type=listed(ROW_NAMES), default=ROW_NAMES, help=f"of {','.join(ROW_NAMES)}")
    parser.add_argument("--peers", type=listed(names), default=names, help=f"of {','.join(names)}; ours always runs")
    parser.add_argument("--python", type=Path, action="append", help="interpreter to measure on; may be repeated")
    parser.add_argument("--fasterapi-venv", type=Path, help="environment with FasterAPI (default: build this tree)")
    parser.add_argument("--idle-connections", type=at_least_one, default=10_000, help="(default: 10000)")
    parser.add_argument("--quick", action="store_true", help="2 short rounds and 2000 idle connections")
    parser.add_argument("--from", dest="stored", type=Path, nargs="+", help="show stored results, measure nothing")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks.md and its charts")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.idle_connections = 2, 0.2, 2000
    return options


def measurements(options: argparse.Namespace) -> list[Measurement]:
    if options.stored:
        return [Measurement.load(path) for path in options.stored]
    return [measure(Interpreter.probe(path), options) for path in options.python or [Path(sys.executable)]]


def measure(interpreter: Interpreter, options: argparse.Namespace) -> Measurement:
    server_core, client_core = cores()
    RESULTS.mkdir(exist_ok=True)
    began = datetime.datetime.now()
    measured = Measurement(
        interpreter,
        Machine.here(),
        f"{began:%Y-%m-%d}",
        commit(),
        options.rounds,
        options.seconds,
        server_core,
        client_core,
    )
    serving = not NO_SERVER.issuperset(options.rows)
    peers = [peer for peer in PEERS if peer.name == OURS or (serving and peer.name in options.peers)]
    environments = prepared(peers, interpreter, options.fasterapi_venv, measured)
    peers = [peer for peer in peers if peer.name in environments]
    measured.load_average.append(load_average())
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        scratch = Path(name)
        (scratch / "download").write_bytes(DOWNLOAD)
        setting = Setting(options.rounds, options.seconds, server_core, client_core, generator.built(), scratch)
        turns = Turns(setting, environments, measured.cells, measured.headers, measured.missing)
        rows = [row for row in ALL_ROWS if row.name in options.rows]
        for _, group in groupby(rows, key=lambda row: (row.app, row.access_log, row.websocket)):
            turns.take(peers, list(group))
        for work in foreign.TITLES:
            if work in options.rows and OURS in environments:
                foreign.progress(work)
                rounds = options.rounds * 6
                measured.foreign.append(foreign.measure(work, setting, environments[OURS], rounds))
        for kind in idle.KINDS:
            for peer in peers:
                if kind in options.rows and peer.name in IDLE_PEERS:
                    environment = environments[peer.name]
                    measured.idle.append(idle.measure(kind, peer, setting, environment, options.idle_connections))
        if OURS in environments and not set(DATABASE_TITLES).isdisjoint(options.rows):
            clients = database.prepared(interpreter, environments[OURS], measured.versions, measured.missing)
            try:
                measured.database += database.measure(options.rows, setting, clients)
            except Unavailable as reason:
                measured.missing["PostgreSQL's clients"] = str(reason)
    measured.load_average.append(load_average())
    stored = RESULTS / f"{began:%Y%m%d-%H%M%S}-{interpreter.slug}.json"
    measured.save(stored)
    print(f"stored {stored.relative_to(ROOT)}", file=sys.stderr)
    return measured


def prepared(
    peers: Sequence[Peer], interpreter: Interpreter, ours: Path | None, measured: Measurement
) -> dict[str, Environment]:
    """An environment for each peer that has one; the others are noted as missing."""
    environments: dict[str, Environment] = {}
    for peer in peers:
        print(f"preparing {peer.name}", file=sys.stderr, flush=True)
        try:
            environment = installed(peer, interpreter, ours)
            measured.versions[peer.name] = versions(peer, environment)
            environments[peer.name] = environment
        except Unavailable as reason:
            measured.missing[peer.name] = str(reason)
    return environments


def commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.stdout.strip() or "unknown"


def listed(allowed: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(words: str) -> list[str]:
        chosen = [word.strip() for word in words.split(",") if word.strip()]
        for word in chosen:
            if word not in allowed:
                raise argparse.ArgumentTypeError(f"{word!r} is none of {', '.join(allowed)}")
        return chosen

    return parse


def at_least_one(word: str) -> int:
    if (number := int(word)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def positive(word: str) -> float:
    if (number := float(word)) <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


if __name__ == "__main__":
    sys.exit(main())
