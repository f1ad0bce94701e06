"""What is measured on WebSockets: messages that come back as they were sent, and the goals."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from peers import Peer, WebSocket
from rows import Row, kept

MESSAGES = 16
"""So many different messages take turns: a compressor that remembers the last ones does not see the same one again."""
HUGE = bytes(range(256)) * (256 * 1024)
PLAIN = WebSocket()
DEFLATE = WebSocket(deflate=True)


@dataclass(frozen=True)
class WebSocketRow(Row):
    messages: int = 1
    goals: Mapping[str, float] = field(default_factory=dict[str, float])
    """The most CPU per message, as a share of a peer's."""
    peak_goal: float | None = None
    """The most that memory may grow, in messages."""

    @property
    def probe(self) -> str:
        return "/hello"

    @property
    def deflate(self) -> bool:
        return self.websocket is not None and self.websocket.deflate

    @property
    def message_bytes(self) -> int:
        return len(self.expected) // self.messages

    def served_by(self, peer: Peer) -> bool:
        if not peer.websocket or (self.deflate and not peer.deflates):
            return False
        return peer.longest_message is None or self.message_bytes <= peer.longest_message

    def asking(self, port: int, scratch: Path) -> list[str]:
        words = ["--websocket", "--address", f"127.0.0.1:{port}", "--path", self.path]
        words += ["--body", str(kept(scratch, self.expected, f"{self.name}.body")), "--messages", str(self.messages)]
        return [*words, "--deflate"] if self.deflate else words


def short(number: int) -> str:
    """32 bytes, as a chat or a game sends them."""
    return json.dumps({"type": "move", "id": 10_000_000 + number})


def document(number: int) -> str:
    """4 KiB of JSON whose keys repeat and whose values do not."""
    chance = random.Random(number)
    items: list[dict[str, object]] = []
    while True:
        name = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=12))
        item: dict[str, object] = {
            "id": chance.randrange(1 << 30),
            "name": name,
            "price": chance.randrange(10_000) / 100,
            "sold": False,
        }
        text = json.dumps({"items": [*items, item]}, separators=(",", ":"))
        if len(text) > 4096:
            return json.dumps({"items": items}, separators=(",", ":")).ljust(4096)
        items.append(item)


SHORT = "".join(map(short, range(MESSAGES))).encode()
DOCUMENTS = "".join(map(document, range(MESSAGES))).encode()
OFF = {"uvicorn": 0.6, "granian": 0.35}
ON = {"uvicorn": 0.8}


def row(name: str, title: str, body: bytes, websocket: WebSocket, goals: Mapping[str, float]) -> WebSocketRow:
    return WebSocketRow(
        name, title, "raw", "/", body, connections=(64,), websocket=websocket, messages=MESSAGES, goals=goals
    )


WEBSOCKET_ROWS = (
    row("ws", "WebSocket echo, 32 B", SHORT, PLAIN, OFF),
    row("ws-4k", "WebSocket echo, 4 KiB", DOCUMENTS, PLAIN, OFF),
    row("ws-deflate", "WebSocket echo, 32 B, deflate", SHORT, DEFLATE, ON),
    row("ws-4k-deflate", "WebSocket echo, 4 KiB, deflate", DOCUMENTS, DEFLATE, ON),
    WebSocketRow(
        "ws-64m",
        "WebSocket echo, 64 MiB",
        "raw",
        "/",
        HUGE,
        connections=(1,),
        websocket=WebSocket(max_size=len(HUGE)),
        goals={"uvicorn": 0.5},
        # One that arrives, one that the application holds, one that leaves; and buffers on the way.
        peak_goal=3.1,
    ),
)
