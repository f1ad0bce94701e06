"""The command `fasterapi run` as a process, with an application that tells what it sees."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from wire import PATIENCE, Reply, Wire

APPLICATION = """
import asyncio, json, os, sys

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        print("lifespan", file=sys.stderr, flush=True)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["path"] == "/hang":
        print("hangs", file=sys.stderr, flush=True)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("cancelled", file=sys.stderr, flush=True)
            raise
    if scope["path"] == "/deaf":
        print("hangs", file=sys.stderr, flush=True)
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass
    if scope["path"] == "/busy":
        print("hangs", file=sys.stderr, flush=True)
        while True:
            pass
    facts = {
        "root_path": scope["root_path"],
        "path": scope["path"],
        "spec": scope["asgi"]["spec_version"],
        "loop": f"{type(asyncio.get_running_loop()).__module__}.{type(asyncio.get_running_loop()).__qualname__}",
        "selector": type(getattr(asyncio.get_running_loop(), "_selector", None)).__name__,
        "argv0": sys.path[0],
    }
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(facts).encode()})

def make():
    return app

def make_loop():
    loop = asyncio.SelectorEventLoop()
    loop.made_by_hand = True
    print("made by hand", file=sys.stderr, flush=True)
    return loop

not_callable = 7

async def needs_arguments(scope):
    pass

def broken_factory():
    raise LookupError("the factory is broken")

async def failing(scope, receive, send):
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "the database is away"})

async def raising(scope, receive, send):
    raise RuntimeError("no lifespan for you")
"""


def environment(**variables: str) -> dict[str, str]:
    """This process's environment without what the command reads, and the given variables."""
    ours = ("FASTERAPI_", "UVICORN_", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**clean, **variables}


class Command:
    """A running `fasterapi run`."""

    def __init__(self, folder: Path, *arguments: str, fds: tuple[int, ...] = (), **variables: str) -> None:
        command = [sys.executable, "-m", "fasterapi", "run", *arguments]
        if not {"--port", "--uds", "--fd"} & set(arguments) and "FASTERAPI_PORT" not in variables:
            command += ["--port", "0"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=fds,
            env=environment(**variables),
        )  # fmt: skip
        self.lines: list[str] = []

    def until(self, pattern: str) -> re.Match[str]:
        """Reads stderr up to a line that has the pattern."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} did not come: {''.join(self.lines)}")

    def connect(self) -> Wire:
        found = self.until(r"running on http://\[?([^\s]*?)\]?:(\d+) ")
        family = socket.AF_INET6 if ":" in found[1] else socket.AF_INET
        return Wire((found[1], int(found[2])), family=family)

    def ask(self, target: str = "/") -> Reply:
        with self.connect() as wire:
            return wire.ask("GET", target)

    def facts(self) -> Any:
        return json.loads(self.ask().body)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, "".join(self.lines) + err

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def failure(command: Any, *arguments: str, **options: Any) -> tuple[int, str]:
    """The status and the error lines of a command that ends by itself."""
    status, _, err = command(*arguments, **options).end()
    return status, err
