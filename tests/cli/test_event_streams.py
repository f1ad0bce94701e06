"""Endless responses and slow applications do not keep the process."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from wire import request

STREAM = """
import asyncio
from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.routing import Route

async def events():
    while True:
        yield {"data": "tick"}
        await asyncio.sleep(3600)

async def stream(request):
    return EventSourceResponse(events())

app = Starlette(routes=[Route("/", stream)])
"""

SLOW = """
import asyncio, sys

async def app(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        print("cancelled", file=sys.stderr, flush=True)
        raise

async def deaf(scope, receive, send):
    assert (await receive())["type"] == "lifespan.startup"
    await send({"type": "lifespan.startup.complete"})
    await receive()
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("cancelled", file=sys.stderr, flush=True)
"""


@pytest.mark.parametrize("loop", ["auto", "asyncio"])
def test_event_stream_of_sse_starlette_ends_with_the_signal_and_not_with_the_deadline(
    command: Any, folder: Path, loop: str
) -> None:
    (folder / "stream.py").write_text(STREAM)
    running = command("stream:app", "--loop", loop, "--timeout-graceful-shutdown", "none")
    with running.connect() as wire:
        wire.send(request())
        wire.until(b"data: tick")
        running.process.terminate()
        status, _, err = running.end()
        assert b"tick" not in wire.rest()
    assert status == -signal.SIGTERM
    assert "Finished server process" in err


@pytest.mark.parametrize("app", ["app", "deaf"])
def test_shutdown_of_the_application_has_a_deadline(command: Any, folder: Path, app: str) -> None:
    (folder / "slow.py").write_text(SLOW)
    running = command(f"slow:{app}", "--timeout-graceful-shutdown", "0.1")
    running.until("running on")
    running.process.terminate()
    status, _, err = running.end()
    assert "Cancel application shutdown, timeout graceful shutdown exceeded" in err
    assert "cancelled\n" in err
    assert status == -signal.SIGTERM


def test_second_ctrl_c_ends_the_shutdown_of_the_application(command: Any, folder: Path) -> None:
    (folder / "slow.py").write_text(SLOW)
    running = command("slow:app", "--timeout-graceful-shutdown", "none")
    running.until("running on")
    running.interrupt()
    running.until("Waiting for application shutdown")
    running.interrupt()
    assert running.end()[0] in (-signal.SIGINT, 130)
