"""What users do with a connection or a pool, in pieces small enough to be cancelled everywhere."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

Operation: TypeAlias = Callable[[Any], Coroutine[Any, Any, object]]

ROWS = [(number, f"row {number}") for number in range(1, 51)]
MANY = "select i, 'row ' || i from generate_series(1, 50) as i"
SETUP = """
drop table if exists kept;
create table kept (id int primary key, name text);
drop type if exists tone;
create type tone as enum ('low', 'high');
"""


def _right(rows: Any) -> None:
    assert [tuple(row) for row in rows] == ROWS, "wrong rows"


async def fetch(connection: Any) -> None:
    _right(await connection.fetch(MANY))


async def fetch_twice(connection: Any) -> None:
    _right(await connection.fetch(MANY))
    _right(await connection.fetch(MANY))


async def fetchval(connection: Any) -> None:
    assert await connection.fetchval("select $1::int + $2::int", 40, 2) == 42


async def fetchrow(connection: Any) -> None:
    assert tuple(await connection.fetchrow(MANY)) == ROWS[0]


async def fetch_slowly(connection: Any) -> None:
    await connection.fetch("select pg_sleep(0.02)")


async def fetch_unknown_type(connection: Any) -> None:
    assert await connection.fetchval("select $1::tone", "low") == "low"


async def execute_script(connection: Any) -> None:
    await connection.execute("select 1; select 2; select 3")


async def execute(connection: Any) -> None:
    await connection.execute("insert into kept values ($1, $2)", *ROWS[0])


async def executemany(connection: Any) -> None:
    await connection.executemany("insert into kept values ($1, $2)", ROWS)


async def prepare(connection: Any) -> None:
    statement = await connection.prepare(MANY)
    _right(await statement.fetch())
    assert tuple(await statement.fetchrow()) == ROWS[0]


async def cursor(connection: Any) -> None:
    async with connection.transaction():
        _right([row async for row in connection.cursor(MANY, prefetch=20)])


async def cursor_by_hand(connection: Any) -> None:
    async with connection.transaction():
        cursor = await connection.cursor(MANY)
        assert await cursor.forward(10) == 10
        assert [tuple(row) for row in await cursor.fetch(5)] == ROWS[10:15]


async def transaction(connection: Any) -> None:
    async with connection.transaction():
        await connection.execute("insert into kept values (1, 'row 1')")


async def nested_transactions(connection: Any) -> None:
    async with connection.transaction():
        await connection.execute("insert into kept values (1, 'row 1')")
        async with connection.transaction():
            await connection.execute("insert into kept values (2, 'row 2')")


async def failing_transaction(connection: Any) -> None:
    class Reason(Exception):
        pass

    try:
        async with connection.transaction():
            await connection.execute("insert into kept values (1, 'row 1')")
            raise Reason
    except Reason:
        pass


async def copy_out(connection: Any) -> None:
    output = io.BytesIO()
    await connection.copy_from_query(MANY, output=output)
    assert output.getvalue().decode() == "".join(f"{number}\t{name}\n" for number, name in ROWS)


async def copy_out_much(connection: Any) -> None:
    output = io.BytesIO()
    await connection.copy_from_query("select repeat('x', 1000) from generate_series(1, 1000)", output=output)
    assert len(output.getvalue()) == 1001 * 1000


async def copy_in(connection: Any) -> None:
    source = io.BytesIO("".join(f"{number}\t{name}\n" for number, name in ROWS).encode())
    await connection.copy_to_table("kept", source=source)


async def copy_records(connection: Any) -> None:
    await connection.copy_records_to_table("kept", records=ROWS)


async def listen(connection: Any) -> None:
    def heard(*arguments: object) -> None:
        return None

    await connection.add_listener("channel", heard)
    await connection.execute("notify channel, 'x'")
    await connection.remove_listener("channel", heard)


async def set_codec(connection: Any) -> None:
    await connection.set_type_codec("tone", encoder=str, decoder=str.upper)
    await connection.reset_type_codec("tone")


async def error(connection: Any) -> None:
    try:
        await connection.fetch("select 1 / $1::int", 0)
    except Exception as error:
        assert type(error).__name__ == "DivisionByZeroError", error


async def reset(connection: Any) -> None:
    await connection.reset()


async def close(connection: Any) -> None:
    await connection.close()


ON_A_CONNECTION: list[Operation] = [
    fetch, fetch_twice, fetchval, fetchrow, fetch_slowly, fetch_unknown_type, execute_script, execute, executemany,
    prepare, cursor, cursor_by_hand, transaction, nested_transactions, failing_transaction, copy_out, copy_out_much,
    copy_in, copy_records, listen, set_codec, error, reset, close,
]  # fmt: skip


async def pool_fetch(pool: Any) -> None:
    _right(await pool.fetch(MANY))


async def pool_execute(pool: Any) -> None:
    await pool.execute("insert into kept values ($1, $2)", *ROWS[0])


async def pool_acquire(pool: Any) -> None:
    async with pool.acquire() as connection:
        _right(await connection.fetch(MANY))


async def pool_acquire_by_hand(pool: Any) -> None:
    connection = await pool.acquire(timeout=30)
    try:
        assert await connection.fetchval("select 1") == 1
    finally:
        await pool.release(connection, timeout=30)


async def pool_transaction(pool: Any) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("insert into kept values (1, 'row 1')")


async def pool_listen(pool: Any) -> None:
    async with pool.acquire() as connection:
        await connection.execute("set application_name = 'left behind'; listen channel")


async def pool_expire(pool: Any) -> None:
    await pool.expire_connections()
    assert await pool.fetchval("select 1") == 1


ON_A_POOL: list[Operation] = [
    pool_fetch, pool_execute, pool_acquire, pool_acquire_by_hand, pool_transaction, pool_listen, pool_expire,
]  # fmt: skip
