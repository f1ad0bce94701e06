"""Queries in a row stay in the wait of the loop, one turn for many; whoever else has something to do is not kept."""

from __future__ import annotations

import asyncio
import os
import selectors
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import fasterapi.pg
from fasterapi import _engine
from served import Mode, Served

PATIENCE = 20

Main = Callable[[asyncio.AbstractEventLoop, Any], Awaitable[Any]]


pytestmark = pytest.mark.usefixtures("ours")


class Counted(_engine.NativeSelector):
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        return super().select(timeout)


def run(dsn: str, main: Main) -> Any:
    """Runs `main` on a loop of the engine's, with a connection that has answered: its task was resumed directly."""

    async def connected() -> Any:
        connection = await fasterapi.pg.connect(dsn)
        try:
            await connection.fetchval("select 1")
            async with asyncio.timeout(PATIENCE):
                return await main(asyncio.get_running_loop(), connection)
        finally:
            await connection.close()

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(_engine.NativeSelector())) as runner:
        return runner.run(connected())


@pytest.mark.parametrize("pooled", [False, True], ids=["connection", "pool"])
def test_queries_in_a_row_take_fewer_turns_than_there_are_queries(dsn: str, pooled: bool) -> None:
    selector = Counted()

    async def main() -> int:
        # What a pool has to do between two queries is answered in front of the second.
        opened = fasterapi.pg.create_pool(dsn, min_size=1, max_size=1) if pooled else fasterapi.pg.connect(dsn)
        asked = await opened
        await asked.fetchval("select $1::int", 0)
        before = selector.turns
        assert [await asked.fetchval("select $1::int", number) for number in range(600)] == list(range(600))
        taken = selector.turns - before
        await asked.close()
        return taken

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        assert 0 < runner.run(main()) < 600


def test_what_was_called_soon_runs_before_the_answer(dsn: str) -> None:
    async def main(loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        seen: list[int] = []
        for number in range(50):
            await connection.fetchval("select 1")
            loop.call_soon(seen.append, number)
            await connection.fetchval("select 1")
            assert seen == list(range(number + 1))

    run(dsn, main)


@pytest.mark.parametrize("by", ["timer", "thread", "file", "signal"])
def test_events_of_others_come_through_while_queries_follow_each_other(dsn: str, by: str) -> None:
    async def main(loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        come = asyncio.Event()
        ours, theirs = socket.socketpair()
        with ours, theirs:
            if by == "timer":
                loop.call_later(0.02, come.set)
            elif by == "thread":
                threading.Thread(target=loop.call_soon_threadsafe, args=(come.set,)).start()
            elif by == "file":
                loop.add_reader(ours, come.set)
                theirs.send(b"x")
            else:
                loop.add_signal_handler(signal.SIGUSR1, come.set)
                os.kill(os.getpid(), signal.SIGUSR1)
            while not come.is_set():
                await connection.fetchval("select 1")
            loop.remove_reader(ours)

    run(dsn, main)


def test_two_tasks_take_turns(dsn: str) -> None:
    async def main(_: asyncio.AbstractEventLoop, connection: Any) -> None:
        order: list[str] = []

        async def queries(name: str, connection: Any) -> None:
            for _ in range(50):
                assert await connection.fetchval("select $1::text", name) == name
                order.append(name)

        other = await fasterapi.pg.connect(dsn)
        await asyncio.gather(queries("a", connection), queries("b", other))
        await other.close()
        assert order.index("b") < len(order) - 1 - order[::-1].index("a")
        assert order.index("a") < len(order) - 1 - order[::-1].index("b")

    run(dsn, main)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly since 3.12")
def test_the_starter_of_an_eager_task_goes_on_at_once(dsn: str) -> None:
    async def main(loop: asyncio.AbstractEventLoop, connection: Any) -> None:
        eager: dict[str, Any] = {"eager_start": True}
        for _ in range(20):
            await connection.fetchval("select 1")
            task = asyncio.Task(connection.fetchval("select 2"), loop=loop, **eager)
            assert not task.done()
            assert await task == 2

    run(dsn, main)


def test_a_task_that_is_to_be_cancelled_asks_nothing_more(dsn: str) -> None:
    async def main(_: asyncio.AbstractEventLoop, connection: Any) -> None:
        await connection.execute("create temporary table asked (n int)")
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            for number in range(5):
                await connection.execute("insert into asked values ($1)", number)
        task.uncancel()
        assert await connection.fetchval("select count(*) from asked") == 0

    run(dsn, main)


def test_two_who_wait_for_the_same_event_go_on_one_behind_the_other(dsn: str) -> None:
    order: list[str] = []
    over = threading.Event()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        connection = await fasterapi.pg.connect(dsn)
        await receive()

        async def first() -> None:
            await receive()
            for number in range(20):
                await connection.fetchval("select 1")
                order.append(f"query {number}")

        async def second() -> None:
            await receive()
            order.append("second")

        await asyncio.gather(first(), second())
        await connection.close()
        over.set()

    with Served(app, Mode.NATIVE) as served:
        with socket.create_connection(served.socket.getsockname(), PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            client.shutdown(socket.SHUT_WR)
        assert over.wait(PATIENCE)
    assert order[0] == "second"


def test_a_coroutine_that_is_stepped_by_hand_comes_back(dsn: str) -> None:
    async def main(_: asyncio.AbstractEventLoop, connection: Any) -> None:
        other = await fasterapi.pg.connect(dsn)
        await other.execute("select pg_advisory_lock(17)")
        stepped = connection.fetchval("select pg_advisory_lock(17)::text")
        future = stepped.send(None)
        await other.execute("select pg_advisory_unlock(17)")
        while not future.done():
            await asyncio.sleep(0)
        with pytest.raises(StopIteration) as over:
            stepped.send(None)
        assert over.value.value == ""
        await other.close()

    run(dsn, main)


def test_a_loop_that_is_stopped_stops_before_the_answer(dsn: str) -> None:
    seen: list[str] = []

    async def main() -> None:
        connection = await fasterapi.pg.connect(dsn)
        await connection.fetchval("select 1")
        loop.stop()
        await connection.fetchval("select 1")
        seen.append("answered")
        await connection.close()

    loop = fasterapi.new_event_loop()
    task = loop.create_task(main())
    loop.run_forever()
    assert not seen
    loop.run_until_complete(task)
    loop.close()
    assert seen == ["answered"]


def test_a_timeout_and_the_end_of_the_session_are_met_as_ever(dsn: str) -> None:
    async def main(_: asyncio.AbstractEventLoop, connection: Any) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await connection.fetchval("select pg_sleep(60)")
        assert await connection.fetchval("select 1") == 1
        with pytest.raises(TimeoutError):
            await connection.fetchval("select pg_sleep(60)", timeout=0.05)
        assert await connection.fetchval("select 1") == 1
        with pytest.raises(fasterapi.pg.DivisionByZeroError):
            await connection.fetchval("select 1 / 0")
        with pytest.raises((fasterapi.pg.PostgresError, fasterapi.pg.InterfaceError, ConnectionError)):
            await connection.fetchval("select pg_terminate_backend(pg_backend_pid())")
            await connection.fetchval("select 1")
        assert connection.is_closed()

    run(dsn, main)


def test_notifications_and_notices_in_front_of_an_answer_are_told(dsn: str) -> None:
    async def main(_: asyncio.AbstractEventLoop, connection: Any) -> None:
        told: list[str] = []
        connection.add_log_listener(lambda _, message: told.append(message.message))
        await connection.add_listener("news", lambda *news: told.append(news[-1]))
        for number in range(20):
            await connection.execute(f"do $$ begin raise notice 'notice {number}'; end $$")
            await connection.execute(f"notify news, 'news {number}'")
        await connection.fetchval("select 1")
        await asyncio.sleep(0)
        assert sorted(told) == sorted([f"{kind} {number}" for number in range(20) for kind in ("notice", "news")])
        await connection.reset()

    run(dsn, main)
