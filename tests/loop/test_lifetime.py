"""Loops and reactors come and go without a trace."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import weakref
from typing import Any

import pytest

import fasterapi
from applications import hello
from fasterapi._engine import NativeSelector, Reactor, sleep
from served import Mode
from wire import Wire


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def trace() -> tuple[int, int, int]:
    gc.collect()
    return descriptors(), threading.active_count(), len(os.listdir("/proc/self/task"))


async def serve_once() -> None:
    config = fasterapi.Config(hello, port=0, lifespan="off", access_log=False, log_config=None)
    async with fasterapi.Server(config) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        await reader.readuntil(b"hello")
        writer.close()
    await sleep(0)


def test_thousand_loops_made_used_and_closed_leave_nothing(mode: Mode) -> None:
    def use() -> None:
        loop = mode.make_loop()
        loop.run_until_complete(sleep(0))
        loop.close()

    for _ in range(20):
        use()
    before = trace()
    objects = len(gc.get_objects())
    for _ in range(1000):
        use()
    assert trace() == before
    assert len(gc.get_objects()) - objects < 500


def test_servers_made_used_and_closed_leave_nothing(mode: Mode) -> None:
    def use() -> None:
        with asyncio.Runner(loop_factory=mode.make_loop) as runner:
            runner.run(serve_once())

    for _ in range(5):
        use()
    before = trace()
    objects = len(gc.get_objects())
    for _ in range(100):
        use()
    assert trace() == before
    assert len(gc.get_objects()) - objects < 500


def test_loops_that_are_only_made_and_closed_leave_nothing() -> None:
    before = trace()
    for _ in range(1000):
        fasterapi.new_event_loop().close()
    assert trace() == before


def test_selectors_dropped_without_close_leave_nothing() -> None:
    before = trace()
    for _ in range(100):
        NativeSelector()
    assert trace() == before


@pytest.mark.filterwarnings("ignore:unclosed event loop:ResourceWarning")
def test_loop_dropped_without_close_is_collected() -> None:
    loop = fasterapi.new_event_loop()
    loop.run_until_complete(sleep(0))
    seen = weakref.ref(loop)
    loop.close()
    del loop
    gc.collect()
    assert seen() is None


def test_loop_with_a_cycle_through_its_selector_is_collected() -> None:
    class Mark:
        pass

    selector: Any = NativeSelector()
    mark: Any = Mark()
    read, write = os.pipe()
    selector.register(read, 1, (mark, selector))
    mark.selector = selector
    seen = weakref.ref(mark)
    del mark, selector
    gc.collect()
    assert seen() is None
    os.close(read), os.close(write)


def test_reactor_of_a_closed_loop_is_refused(mode: Mode) -> None:
    loop = mode.make_loop()
    loop.close()
    with pytest.raises(RuntimeError, match="closed"):
        Reactor.attach(loop)


def test_use_of_a_reactor_from_another_thread_is_a_runtime_error(mode: Mode) -> None:
    async def main() -> list[BaseException | None]:
        reactor = Reactor.attach(asyncio.get_running_loop())
        seen: list[BaseException | None] = []

        def elsewhere() -> None:
            try:
                assert reactor.connections == 0
            except BaseException as error:
                seen.append(error)
            else:
                seen.append(None)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        return seen

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        [error] = runner.run(main())
    assert isinstance(error, RuntimeError)
    assert "thread" in str(error)


def test_loop_closed_with_a_server_on_it_closes_its_sockets(mode: Mode) -> None:
    loop = mode.make_loop()
    config = fasterapi.Config(hello, port=0, lifespan="off", access_log=False, log_config=None)
    server = fasterapi.Server(config)
    before = descriptors()
    loop.run_until_complete(server.startup())
    address = server.sockets[0].getsockname()
    wire = Wire(address)
    wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
    for _ in range(5):
        loop.run_until_complete(asyncio.sleep(0.001))
    assert wire.pending().endswith(b"hello")
    loop.close()
    for sock in server.sockets:
        sock.close()
    wire.rest()
    wire.close()
    del server
    gc.collect()
    assert descriptors() < before


def test_loops_in_many_threads_do_not_disturb_each_other() -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
                    runner.run(serve_once())
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
