"""Whatever waits is cancelled at each of its awaits; the connection and the pool are then right, or closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from pg.looping import run
from pg.operations import MANY, ON_A_CONNECTION, ON_A_POOL, ROWS, SETUP, Operation
from pg.server import Server
from pg.stepping import Moment, cancelled_at
from served import Mode

PATIENCE = 20
"""Seconds that nothing here takes."""
MOST = 200
"""Awaits in one operation."""

_REFERENCE_FAILS = {
    "copy_in", "copy_out", "copy_out_much", "copy_records", "cursor", "cursor_by_hand", "failing_transaction",
    "nested_transactions", "pool_transaction", "transaction",
}  # fmt: skip


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    """The address of a database with the tables of the operations."""
    server.psql("create database cancelling")
    server.psql(SETUP, "cancelling")
    return server.dsn(database="cancelling")


@pytest.fixture
def operation(request: pytest.FixtureRequest) -> Operation:
    chosen: Operation = request.param
    if request.config.getoption("--reference") and chosen.__name__ in _REFERENCE_FAILS:
        pytest.skip("the reference: a cancellation leaves the connection in a transaction, or of no use")
    return chosen


def _named(operation: Operation) -> str:
    return operation.__name__


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name.lower())
@pytest.mark.parametrize("operation", ON_A_CONNECTION, ids=_named, indirect=True)
def test_a_connection_is_right_or_closed_after_a_cancellation_at_any_await(
    pg: Any, mode: Mode, database: str, operation: Operation, moment: Moment
) -> None:
    async def cancelled(observer: Any, step: int) -> bool:
        await observer.execute("truncate kept")
        connection = await pg.connect(database)
        process = connection.get_server_pid()
        came = await asyncio.wait_for(cancelled_at(operation(connection), step, moment), PATIENCE)
        await asyncio.wait_for(_right_or_closed(connection, observer, process), PATIENCE)
        await asyncio.wait_for(connection.close(), PATIENCE)
        await _nothing_by_half(observer)
        return came

    run(_at_every_await(pg, database, cancelled), mode)


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name.lower())
@pytest.mark.parametrize("operation", ON_A_POOL, ids=_named, indirect=True)
def test_a_pool_loses_no_connection_by_a_cancellation_at_any_await(
    pg: Any, mode: Mode, database: str, operation: Operation, moment: Moment
) -> None:
    async def cancelled(observer: Any, step: int) -> bool:
        await observer.execute("truncate kept")
        async with pg.create_pool(database, min_size=2, max_size=2) as pool:
            came = await asyncio.wait_for(cancelled_at(operation(pool), step, moment), PATIENCE)
            await asyncio.wait_for(_pool_is_whole(pool, observer), PATIENCE)
            await asyncio.wait_for(pool.close(), PATIENCE)
        await _nothing_by_half(observer)
        return came

    run(_at_every_await(pg, database, cancelled), mode)


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name.lower())
@pytest.mark.parametrize("kind", ["connect", "create_pool", "pool_close"])
def test_no_session_is_left_by_a_cancellation_of_opening_or_closing(
    pg: Any, mode: Mode, database: str, kind: str, moment: Moment
) -> None:
    settings = {"application_name": "opening"}

    async def connect() -> None:
        connection = await pg.connect(database, server_settings=settings)
        await connection.close()

    async def create_pool() -> None:
        async with pg.create_pool(database, min_size=3, max_size=3, server_settings=settings) as pool:
            assert await pool.fetchval("select 1") == 1

    async def cancelled(observer: Any, step: int) -> bool:
        pool = None
        if kind == "pool_close":
            pool = await pg.create_pool(database, min_size=3, max_size=3, server_settings=settings)
        work: dict[str, Callable[[], Any]] = {"connect": connect, "create_pool": create_pool}
        if pool is not None:
            work["pool_close"] = pool.close
        came = await asyncio.wait_for(cancelled_at(work[kind](), step, moment), PATIENCE)
        if pool is not None:
            pool.terminate()
        await asyncio.wait_for(_sessions_end(observer), PATIENCE)
        return came

    run(_at_every_await(pg, database, cancelled), mode)


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name.lower())
def test_a_waiter_of_a_full_pool_is_cancelled_and_the_next_one_is_served(
    pg: Any, mode: Mode, database: str, moment: Moment
) -> None:
    async def main() -> None:
        async with pg.create_pool(database, min_size=1, max_size=1) as pool:
            for step in range(3):
                held = await pool.acquire()
                waiter = asyncio.ensure_future(cancelled_at(pool.fetch(MANY), step, moment))
                next_one = asyncio.ensure_future(pool.fetch(MANY))
                await asyncio.sleep(0)
                await pool.release(held)
                await asyncio.wait_for(waiter, PATIENCE)
                rows = await asyncio.wait_for(next_one, PATIENCE)
                assert [tuple(row) for row in rows] == ROWS

    run(main(), mode)


async def _at_every_await(pg: Any, database: str, cancelled: Callable[[Any, int], Awaitable[bool]]) -> None:
    """Cancels at the first await, then at the second, and so on, until there are no more."""
    observer = await pg.connect(database)
    for step in range(MOST):
        if not await cancelled(observer, step):
            assert step, "it never waited"
            break
    else:
        pytest.fail(f"still not done after {MOST} awaits")
    await observer.close()


async def _right_or_closed(connection: Any, observer: Any, process: int) -> None:
    if connection.is_closed():
        return
    assert await connection.fetchval("select $1::int + 1", 41) == 42
    assert [tuple(row) for row in await connection.fetch(MANY)] == ROWS
    assert not connection.is_in_transaction()
    assert await _state(observer, process) == "idle"
    assert await connection.execute("select 1; select 2") == "SELECT 1"


async def _pool_is_whole(pool: Any, observer: Any) -> None:
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for number, connection in enumerate(connections):
        assert await connection.fetchval("select $1::int", number) == number
        assert not connection.is_in_transaction()
        assert await _state(observer, connection.get_server_pid()) == "idle"
        assert await connection.fetchval("show application_name") == ""
        assert await connection.fetch("select pg_listening_channels()") == []
    for connection in connections:
        await pool.release(connection)


async def _nothing_by_half(observer: Any) -> None:
    kept = [tuple(row) for row in await observer.fetch("select * from kept order by id")]
    assert kept == ROWS[: len(kept)] and len(kept) in {0, 1, 2, len(ROWS)}


async def _state(observer: Any, process: int) -> str:
    state: str = await observer.fetchval("select state from pg_stat_activity where pid = $1", process)
    return state


async def _sessions_end(observer: Any) -> None:
    while await observer.fetchval("select count(*) from pg_stat_activity where application_name = 'opening'"):
        await asyncio.sleep(0)
