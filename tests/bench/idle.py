"""Resident memory that an idle keep-alive connection costs a server, after it has served one request."""

import sys
from dataclasses import dataclass

from environments import Environment, Unavailable
from generator import loading
from peers import Launch, Peer
from rows import Row, kept
from server import free_port, serving
from turns import Setting

GOAL_KIB = 3.0
KEEP_ALIVE = 600


@dataclass
class Idle:
    peer: str
    connections: int
    bytes_each: float | None = None
    fault: str | None = None


def measure(peer: Peer, row: Row, setting: Setting, environment: Environment, connections: int) -> Idle:
    print(f"idle connections: {peer.name}", file=sys.stderr, flush=True)
    port = free_port()
    launch = Launch(environment.bin, row.app, port, setting.scratch, keep_alive=KEEP_ALIVE)
    log = setting.scratch / f"{peer.name}-idle.log"
    words = ["--address", f"127.0.0.1:{port}", "--path", row.path]
    words += ["--expect", str(kept(setting.scratch, row.expected, f"{row.name}.expected"))]
    result = Idle(peer.name, connections)
    try:
        with serving(peer.command(launch), port, log, setting.server_core, row.path) as server:
            # One busy moment at first, so that what a server allocates once is not counted per connection.
            warmup = [*words, "--connections", "64", "--requests", "2000"]
            with loading(setting.load, warmup, setting.client_core) as load:
                load.line()
                load.go()
                load.answers()
            before = server.tree.resident_bytes()
            held = [*words, "--idle", "--connections", str(connections)]
            with loading(setting.load, held, setting.client_core) as load:
                first = load.answers()
                after = server.tree.resident_bytes()
                load.go()
                for answers in (first, load.answers()):
                    if answers.requests != connections or not answers.right or answers.reconnects:
                        raise Unavailable(f"{answers.requests} of {connections} connections answered: {answers.fault}")
            result.bytes_each = (after - before) / connections
    except Unavailable as reason:
        result.fault = str(reason)
    return result
