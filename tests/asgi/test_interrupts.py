"""KeyboardInterrupt and SystemExit raised inside requests leave the loop, and nothing else is lost."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import fasterapi
from applications import respond
from served import Mode, Receive, Scope, Send, listening
from wire import Wire, request


@contextmanager
def stepped(mode: Mode, app: Any) -> Iterator[tuple[asyncio.AbstractEventLoop, tuple[str, int]]]:
    """A started server on a loop that only runs when the test says so."""
    loop = mode.make_loop()
    sock = listening()
    config = fasterapi.Config(app, lifespan="off", access_log=False, log_config=None)
    server = fasterapi.Server(config)
    serving = loop.create_task(server.serve(sockets=[sock]))
    ready = asyncio.Event()
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        loop.call_later(0.2, ready.set)
        loop.run_until_complete(ready.wait())
        yield loop, sock.getsockname()
        server.should_exit = True
        server.force_exit = True
        loop.run_until_complete(serving)
    finally:
        loop.close()
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("when", ["at once", "after a wait"])
def test_interrupt_in_the_first_of_two_ready_requests_loses_neither_the_second_nor_a_byte(
    mode: Mode, kind: type[BaseException], when: str
) -> None:
    interrupts = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal interrupts
        if when == "after a wait":
            await receive()
        if interrupts == 0:
            interrupts += 1
            raise kind
        await respond(send, scope["path"].encode())

    with stepped(mode, app) as (loop, address):
        wires = [Wire(address) for _ in range(5)]
        for index, wire in enumerate(wires):
            wire.send(request("POST", f"/{index}", body=b"x"))
        with pytest.raises(kind):
            loop.run_until_complete(asyncio.sleep(5))
        loop.run_until_complete(asyncio.sleep(0.2))
        answers = []
        for wire in wires:
            answers.append(wire.pending())
            wire.close()
    served = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200 ")]
    assert len(served) == 4, answers
    assert interrupts == 1


def test_interrupt_in_a_foreign_callback_leaves_the_requests_alone(mode: Mode) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"fine")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with stepped(mode, app) as (loop, address):
        with Wire(address) as wire:
            wire.send(request())
            loop.call_soon(interrupt)
            with pytest.raises(KeyboardInterrupt):
                loop.run_until_complete(asyncio.sleep(5))
            loop.run_until_complete(asyncio.sleep(0.2))
            assert wire.pending().endswith(b"fine")
