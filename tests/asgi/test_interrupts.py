"""KeyboardInterrupt and SystemExit raised inside requests leave the loop, and nothing else is lost."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fasterapi
from applications import respond
from served import Mode, Receive, Scope, Send, listening
from wire import PATIENCE, Wire, request


class Stepped:
    """A started server on a loop that only runs when the test says so."""

    def __init__(self, mode: Mode, app: Any) -> None:
        self.loop = mode.make_loop()
        self._socket = listening()
        self.address: tuple[str, int] = self._socket.getsockname()
        config = fasterapi.Config(app, lifespan="off", access_log=False, log_config=None)
        self._server = fasterapi.Server(config)
        self._serving = self.loop.create_task(self._server.serve(sockets=[self._socket]))
        self.run_until(lambda: self._server.started)

    def run_until(self, condition: Callable[[], bool]) -> None:
        """Runs the loop until the condition holds."""

        async def watch() -> None:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await asyncio.sleep(0.001)

        self.loop.run_until_complete(watch())

    def run_until_interrupted(self, kind: type[BaseException]) -> None:
        """Runs the loop until `kind` comes out of it."""
        waiting = self.loop.create_task(asyncio.sleep(PATIENCE))
        with pytest.raises(kind):
            self.loop.run_until_complete(waiting)
        waiting.cancel()

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self.loop.run_until_complete(self._serving)
        self._socket.close()
        self.loop.close()


@pytest.fixture
def stepped(mode: Mode) -> Iterator[Callable[[Any], Stepped]]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    started: list[Stepped] = []

    def start(app: Any) -> Stepped:
        started.append(Stepped(mode, app))
        return started[-1]

    yield start
    for server in started:
        server.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("when", ["at once", "after a wait"])
def test_interrupt_in_the_first_of_several_ready_requests_loses_no_other(
    stepped: Callable[[Any], Stepped], kind: type[BaseException], when: str
) -> None:
    interrupts = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal interrupts
        if when == "after a wait":
            while (await receive())["more_body"]:
                pass
        if interrupts == 0:
            interrupts += 1
            raise kind
        await respond(send, scope["path"].encode())

    server = stepped(app)
    wires = [Wire(server.address) for _ in range(5)]
    if when == "after a wait":
        for index, wire in enumerate(wires):
            wire.send(b"POST /%d HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\n" % index)
        for _ in range(20):
            server.loop.run_until_complete(asyncio.sleep(0))
        for wire in wires:
            wire.send(b"x")
    else:
        for index, wire in enumerate(wires):
            wire.send(request("POST", f"/{index}", body=b"x"))
    server.run_until_interrupted(kind)
    server.run_until(lambda: sum(b"HTTP/1.1 200 " in wire.pending() for wire in wires) == 4)
    assert interrupts == 1
    for index, wire in enumerate(wires):
        answer = wire.pending()
        assert answer == b"" or answer.startswith(b"HTTP/1.1 500 ") or answer.endswith(b"/%d" % index)
        wire.close()


def test_interrupt_in_a_foreign_callback_leaves_the_requests_alone(stepped: Callable[[Any], Stepped]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"fine")

    def interrupt() -> None:
        raise KeyboardInterrupt

    server = stepped(app)
    with Wire(server.address) as wire:
        wire.send(request())
        server.loop.call_soon(interrupt)
        server.run_until_interrupted(KeyboardInterrupt)
        server.run_until(lambda: wire.pending().endswith(b"fine"))


def test_interrupt_in_a_foreign_reader_of_the_same_turn_leaves_the_requests_alone(
    stepped: Callable[[Any], Stepped], mode: Mode
) -> None:
    if mode is Mode.BARE:
        pytest.skip("this loop has no readers")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"fine")

    def interrupt() -> None:
        server.loop.remove_reader(ours)
        raise KeyboardInterrupt

    server = stepped(app)
    ours, theirs = socket.socketpair()
    with ours, theirs, Wire(server.address) as wire:
        server.loop.add_reader(ours, interrupt)
        theirs.send(b"x")
        wire.send(request())
        server.run_until_interrupted(KeyboardInterrupt)
        server.run_until(lambda: wire.pending().endswith(b"fine"))
