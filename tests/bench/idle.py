"""Resident memory that an idle connection costs a server, after one request or message on it."""

import sys
from dataclasses import dataclass

from environments import Environment, Unavailable
from generator import loading
from peers import Launch, Peer
from rows import ROWS, Row
from server import free_port, serving
from turns import Setting
from websocket_rows import WEBSOCKET_ROWS

KEEP_ALIVE = 600


@dataclass(frozen=True)
class Kind:
    """What was done on a connection before it fell silent, and how many KiB it may cost then."""

    title: str
    row: Row
    goal_kib: float | None


ASKED = {row.name: row for row in (*ROWS, *WEBSOCKET_ROWS)}
KINDS = {
    "idle": Kind("keep-alive, one request", ASKED["hello"], 3.0),
    "idle-ws": Kind("WebSocket, one message of 32 B", ASKED["ws"], 6.0),
    "idle-ws-deflate": Kind("WebSocket with deflate, one message of 32 B", ASKED["ws-deflate"], 12.0),
    "idle-ws-4k-deflate": Kind("WebSocket with deflate, one message of 4 KiB", ASKED["ws-4k-deflate"], None),
}


@dataclass
class Idle:
    peer: str
    connections: int
    kind: str = "idle"
    bytes_each: float | None = None
    fault: str | None = None


def measure(name: str, peer: Peer, setting: Setting, environment: Environment, connections: int) -> Idle:
    print(f"idle connections, {KINDS[name].title}: {peer.name}", file=sys.stderr, flush=True)
    row, port = KINDS[name].row, free_port()
    launch = Launch(environment.bin, row.app, port, setting.scratch, keep_alive=KEEP_ALIVE, websocket=row.websocket)
    log = setting.scratch / f"{peer.name}-{name}.log"
    words = row.asking(port, setting.scratch)
    result = Idle(peer.name, connections, name)
    try:
        with serving(peer.command(launch), port, log, setting.server_core, row.probe) as server:
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
