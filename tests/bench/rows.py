"""What is measured: the requests, the right answers and the goals."""

import json
import random
from dataclasses import dataclass
from pathlib import Path

from interpreter import Interpreter
from peers import NGINX, Peer, WebSocket

CONNECTIONS = (1, 64)
DOWNLOAD = bytes(range(256)) * 4096
ECHO = random.Random(1).randbytes(10 * 1024)
UPLOAD = random.Random(2).randbytes(1024 * 1024)
ITEM = json.dumps({"item_id": 7, "name": "n", "tags": ["a", "b"]}, separators=(",", ":")).encode()
JSON = json.dumps({"message": "Hello, World!"}, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    app: str
    path: str
    expected: bytes
    body: bytes | None = None
    connections: tuple[int, ...] = CONNECTIONS
    access_log: bool = False
    nginx: bool = False
    websocket: WebSocket | None = None

    @property
    def probe(self) -> str:
        """A target that is answered by GET once the server is up."""
        return self.path

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"

    def served_by(self, peer: Peer) -> bool:
        return self.nginx or peer.name != NGINX

    def arguments(self, port: int, connections: int, seconds: float, scratch: Path) -> list[str]:
        """The load generator's arguments for one turn."""
        words = [*self.asking(port, scratch), "--connections", str(connections), "--seconds", str(seconds)]
        return [*words, "--warmup", str(seconds / 4)]

    def asking(self, port: int, scratch: Path) -> list[str]:
        """The load generator's arguments that say what is asked, and what the right answer is."""
        words = ["--address", f"127.0.0.1:{port}", "--method", self.method, "--path", self.path]
        words += ["--expect", str(kept(scratch, self.expected, f"{self.name}.expected"))]
        if self.body is not None:
            words += ["--body", str(kept(scratch, self.body, f"{self.name}.body"))]
        return words

    def goal(self, connections: int, interpreter: Interpreter) -> float | None:
        """The most CPU per request, as a share of the best Python peer's."""
        if connections != 64:
            return None
        if self.name == "hello":
            return 0.5 if interpreter.release >= (3, 12) else 0.75
        return {"echo": 0.6, "download": 0.6, "upload": 0.6, "starlette": 0.7}.get(self.name)

    def nginx_goal(self, connections: int, interpreter: Interpreter) -> float | None:
        return 1.4 if self.name == "hello" and connections == 64 and interpreter.release >= (3, 12) else None


ROWS = (
    Row("hello", "raw ASGI hello", "raw", "/hello", b"Hello, World!", nginx=True),
    Row("echo", "10 KiB echo POST", "raw", "/echo", ECHO, ECHO),
    Row("download", "1 MiB download", "raw", "/download", DOWNLOAD, nginx=True),
    Row("upload", "1 MiB upload", "raw", "/upload", str(len(UPLOAD)).encode(), UPLOAD),
    Row("starlette", "Starlette JSON route", "starlette_json", "/json", JSON),
    Row("fastapi", "FastAPI route", "fastapi_route", "/items/7?name=n", ITEM),
    Row(
        "log",
        "raw ASGI hello, access log on",
        "raw",
        "/hello",
        b"Hello, World!",
        connections=(64,),
        access_log=True,
        nginx=True,
    ),
)
LATENCY_GOAL = 1.05
"""p50 of raw hello at 1 connection, as a share of uvicorn's."""


def kept(scratch: Path, content: bytes, name: str) -> Path:
    path = scratch / name
    if not path.exists():
        path.write_bytes(content)
    return path
