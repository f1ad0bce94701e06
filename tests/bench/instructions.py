"""Instructions per request or message, counted by callgrind: the figure to compare commits with on a noisy machine.

The server runs twice under valgrind, for a few and for many requests on one connection; the difference of the two
totals, divided by the difference in requests, leaves out start-up and shutdown. Only user-space instructions count:
what the kernel does for the server is not in the figure.

examples:
  python3 tests/bench/instructions.py                  this tree, with the Python that runs this
  python3 tests/bench/instructions.py --peer uvicorn   a peer, to compare
  python3 tests/bench/instructions.py --row ws         a WebSocket message instead of raw hello
  python3 tests/bench/instructions.py --profile 30     and the functions that cost most
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import generator
from environments import Environment, Unavailable, last_error
from installation import installed
from interpreter import Interpreter, NoInterpreter
from machine import NotEnoughCores, cores
from peers import NGINX, OURS, PEERS, Launch, Peer
from rows import ROWS, Row
from server import free_port, read, serving
from websocket_rows import WEBSOCKET_ROWS

ONE_PROCESS = (OURS, "uvicorn", "uvicorn-zttp", NGINX)
"""Callgrind counts one process: servers that start a worker have their work elsewhere."""
FEW, MANY = 500, 2500
"""The few let the interpreter specialise its bytecode and fill every pool: what is left is the steady state."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = {peer.name: peer for peer in PEERS if peer.name in ONE_PROCESS}
    parser.add_argument("--peer", choices=list(peers), default=OURS, help=f"(default: {OURS})")
    rows = {row.name: row for row in (*ROWS, *WEBSOCKET_ROWS)}
    parser.add_argument("--row", choices=list(rows), default="hello", help="what is asked (default: hello)")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter to measure on")
    parser.add_argument("--fasterapi-venv", type=Path, help="environment with FasterAPI (default: build this tree)")
    parser.add_argument("--profile", type=int, metavar="N", default=0, help="list the N functions that cost most")
    options = parser.parse_args()
    try:
        if not shutil.which("valgrind"):
            raise Unavailable("valgrind is not installed (apt-get install valgrind)")
        peer, row = peers[options.peer], rows[options.row]
        if not row.served_by(peer):
            raise Unavailable(f"{peer.name} does not serve the row {row.name}")
        interpreter = Interpreter.probe(options.python)
        measure(peer, row, interpreter, installed(peer, interpreter, options.fasterapi_venv), options.profile)
    except (NoInterpreter, NotEnoughCores, Unavailable) as reason:
        print(f"instructions.py: {reason}", file=sys.stderr)
        return 2
    return 0


def measure(peer: Peer, row: Row, interpreter: Interpreter, where: Environment, listed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        scratch = Path(name)
        few, many = (total(peer, row, where, scratch, requests) for requests in (FEW, MANY))
        each = (many - few) / (MANY - FEW)
        print(f"{peer.name}, {interpreter.name}: {row.title}: {each:,.0f} instructions each")
        if listed:
            print(profile(scratch / f"callgrind-{MANY}", listed))


def total(peer: Peer, row: Row, where: Environment, scratch: Path, requests: int) -> int:
    """Instructions of the whole server from start to end, for so many requests."""
    server_core, client_core = cores()
    port = free_port()
    launch = Launch(where.bin, row.app, port, scratch, access_log=row.access_log, websocket=row.websocket)
    log = scratch / f"server-{requests}.log"
    out = scratch / f"callgrind-{requests}"
    # A console script is run by its interpreter, which is what valgrind must start.
    runner = [str(where.python)] if peer.python else []
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *runner, *peer.command(launch)]
    arguments = [*row.arguments(port, 1, 1, scratch), "--warmup", "0", "--requests", str(requests)]
    with serving(command, port, log, server_core, row.probe, environment={"PYTHONHASHSEED": "0"}):
        with generator.loading(generator.built(), arguments, client_core) as load:
            load.line()
            load.go()
            answers = load.answers()
    if not answers.right:
        raise Unavailable(f"wrong answers: {answers.fault}")
    counted = re.search(r"Collected : (\d+)", read(log))
    if counted is None:
        raise Unavailable(f"callgrind did not finish: {last_error(read(log))}")
    return int(counted[1])


def profile(out: Path, listed: int) -> str:
    command = ["callgrind_annotate", "--threshold=100", str(out)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    costs = [line for line in answer.splitlines() if re.match(r"\s*[\d,]+ \(", line)]
    return "\n".join(line[:200] for line in costs[: listed + 1])


if __name__ == "__main__":
    sys.exit(main())
