"""What one connection has learned serves the others: types are looked up once, and a query that is known takes one
round trip wherever it is run for the first time."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest

import fasterapi.pg
from pg.looping import run
from pg.proxy import Proxy
from pg.server import Server

_SCHEMA = """
    create type mood as enum ('sad', 'glad');
    create type pet as (name text, mood mood);
    create table item (id int primary key, name text, cost numeric(10, 2));
    insert into item values (1, 'one', 1.50), (2, 'two', 2.50);
    create schema other;
    create table other.item (id int primary key, name int, extra bytea);
    insert into other.item values (1, 7, 'x');
    create table tally (id serial primary key, n int);
"""


pytestmark = pytest.mark.usefixtures("ours")


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    server.psql("create database roundtrips")
    server.psql(_SCHEMA, "roundtrips")
    yield server.dsn(database="roundtrips")
    server.psql("drop database roundtrips with (force)")


@contextlib.asynccontextmanager
async def relayed(server: Server, **options: Any) -> AsyncIterator[tuple[Any, Proxy]]:
    """A pool of two whose connections go through one relay."""
    async with Proxy("127.0.0.1", server.port) as proxy:
        dsn = f"postgresql://postgres@127.0.0.1:{proxy.port}/roundtrips?sslmode=disable"
        async with fasterapi.pg.create_pool(dsn, min_size=2, max_size=2, **options) as pool:
            yield pool, proxy


async def flights(proxy: Proxy, operation: Callable[[], Awaitable[Any]]) -> tuple[int, Any]:
    """How many round trips it takes, and what it gives."""
    proxy.arm(None)
    result = await operation()
    return proxy.flights, result


QUERY = "select id, name, cost from item where id = $1"


def test_a_query_that_another_connection_has_prepared_takes_one_round_trip(server: Server, database: str) -> None:
    async def main() -> None:
        async with relayed(server) as (pool, proxy):
            async with pool.acquire() as first, pool.acquire() as second:
                taken, rows = await flights(proxy, lambda: first.fetch(QUERY, 1))
                assert (taken, rows[0]["name"]) == (2, "one")
                taken, rows = await flights(proxy, lambda: second.fetch(QUERY, 2))
                assert (taken, [tuple(row.values()) for row in rows]) == (1, [tuple(await first.fetchrow(QUERY, 2))])
                assert (await flights(proxy, lambda: second.fetch(QUERY, 1)))[0] == 1
                names = await second.fetch("select name from pg_prepared_statements where statement = $1", QUERY)
                assert len(names) == 1

    run(main())


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (lambda con: con.fetchrow(QUERY, 1), (1, "one")),
        (lambda con: con.fetchval(QUERY, 1, column=1), "one"),
        (lambda con: con.execute("update item set name = name where id = $1", 1), "UPDATE 1"),
        (lambda con: con.fetch_json("select name from item where id = $1", 1), b'[{"name":"one"}]'),
        (lambda con: con.fetch("select 1 as one where false"), []),
        (lambda con: con.fetch(QUERY, 1, row_factory=tuple), (1, "one")),
    ],
    ids=["fetchrow", "fetchval", "execute", "fetch_json", "no rows", "row_factory"],
)
def test_every_way_of_running_a_known_query_takes_one_round_trip(
    server: Server, database: str, operation: Callable[[Any], Awaitable[Any]], expected: Any
) -> None:
    def shown(result: Any) -> Any:
        row = result[0] if isinstance(result, list) and result else result
        return tuple(row)[:2] if isinstance(row, tuple | fasterapi.pg.Record) else row

    async def main() -> None:
        async with relayed(server) as (pool, proxy), pool.acquire() as first, pool.acquire() as second:
            assert shown(await operation(first)) == expected
            taken, result = await flights(proxy, lambda: operation(second))
            assert (taken, shown(result)) == (1, expected)

    run(main())


def test_without_a_statement_cache_the_second_run_takes_one_round_trip(server: Server, database: str) -> None:
    async def main() -> None:
        async with Proxy("127.0.0.1", server.port) as proxy:
            dsn = f"postgresql://postgres@127.0.0.1:{proxy.port}/roundtrips?sslmode=disable"
            connection = await fasterapi.pg.connect(dsn, statement_cache_size=0)
            assert (await flights(proxy, lambda: connection.fetchval(QUERY, 1)))[0] == 2
            for _ in range(3):
                assert await flights(proxy, lambda: connection.fetchval(QUERY, 2)) == (1, 2)
            assert await connection.fetch("select name from pg_prepared_statements") == []
            await connection.close()

    run(main())


def test_a_query_that_means_another_table_gives_that_tables_rows(server: Server, database: str) -> None:
    query = "select * from item where id = $1"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            assert dict(await first.fetchrow(query, 1)).keys() == {"id", "name", "cost"}
            await second.execute("set search_path to other")
            for _ in range(2):
                assert dict(await second.fetchrow(query, 1)) == {"id": 1, "name": 7, "extra": b"x"}
                assert json.loads(await second.fetch_json(query, 1)) == [{"id": 1, "name": 7, "extra": "eA=="}]
                assert dict(await first.fetchrow(query, 1))["name"] == "one"

    run(main())


def test_a_parameter_of_another_type_is_asked_for_again(server: Server, database: str) -> None:
    query = "select id from item where name = $1"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            assert await first.fetchval(query, "one") == 1
            await second.execute("set search_path to other")
            # The argument does not fit what was learned; the type does not fit the table.
            assert await second.fetchval(query, 7) == 1
            assert await second.fetchval("select id from item where name = $1 ", 7) == 1
            assert await first.fetchval("select id from item where name = $1 ", "one") == 1
            with pytest.raises(fasterapi.pg.DataError):
                await first.fetchval(query, 7)

    run(main())


def test_a_table_that_was_altered_is_read_as_it_is_now(server: Server, database: str) -> None:
    query = "select * from item order by id limit 1"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            await first.fetch(query)
            server.psql("alter table item alter name type bytea using name::bytea, add note text", "roundtrips")
            assert (await second.fetchrow(query))["name"] == b"one"
            assert (await first.fetchrow(query))["name"] == b"one"

    run(main())


def test_a_statement_is_run_once_whatever_its_columns_have_become(server: Server, database: str) -> None:
    query = "insert into tally (n) values ($1) returning *"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            await first.fetch(query, 1)
            server.psql("alter table tally add note text default 'n'", "roundtrips")
            assert dict(await second.fetchrow(query, 2)) == {"id": 2, "n": 2, "note": "n"}
            assert await first.fetchval("select count(*) from tally") == 2

    run(main())


def test_rows_that_came_in_a_format_nobody_reads_are_an_error_and_not_run_again(server: Server, database: str) -> None:
    query = "insert into tally (n) values ($1::int) returning n"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            await first.fetch(query, 1)
            # Its values are read as text, but were asked for in binary.
            server.psql("alter table tally alter n type money", "roundtrips")
            with pytest.raises(fasterapi.pg.OutdatedSchemaCacheError, match="was executed"):
                await second.fetch(query, 2)
            assert await second.fetchval("select count(*) from tally") == 2

    run(main())


def test_errors_of_a_known_query_are_the_servers_and_come_once(server: Server, database: str) -> None:
    query = "select 1 / (id - $1::int) from item where id = 2"

    async def main() -> None:
        async with relayed(server) as (pool, proxy), pool.acquire() as first, pool.acquire() as second:
            assert await first.fetchval(query, 1) == 1
            proxy.arm(None)
            with pytest.raises(fasterapi.pg.DivisionByZeroError):
                await second.fetchval(query, 2)
            assert proxy.flights == 1
            assert await flights(proxy, lambda: second.fetchval(query, 1)) == (1, 1)
            async with second.transaction():
                assert await second.fetchval("select 1") == 1
            await first.fetchval(QUERY, 1)
            server.psql("drop table item", "roundtrips")
            with pytest.raises(fasterapi.pg.UndefinedTableError):
                await second.fetchval(QUERY, 1)
            assert await second.fetchval("select 2") == 2

    run(main())


def test_many_at_once_of_a_known_query_leave_one_statement(server: Server, database: str) -> None:
    async def main() -> None:
        async with relayed(server) as (pool, proxy), pool.acquire() as first, pool.acquire() as second:
            await first.fetchval(QUERY, 1)
            taken, found = await flights(
                proxy, lambda: asyncio.gather(*(second.fetchval(QUERY, n % 2 + 1) for n in range(20)))
            )
            assert found == [n % 2 + 1 for n in range(20)]
            assert taken < 20
            kept = "select count(*) from pg_prepared_statements where statement = $1"
            assert await second.fetchval(kept, QUERY) == 1

    run(main())


def test_a_known_query_whose_owner_leaves_is_forgotten_by_the_server(server: Server, database: str) -> None:
    query = "select pg_sleep($1)"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            await first.fetch(query, 0)
            with pytest.raises(TimeoutError):
                await second.fetch(query, 30, timeout=0.2)
            await second.fetch(query, 0)
            kept = "select count(*) from pg_prepared_statements where statement = $1"
            assert await second.fetchval(kept, query) == 1

    run(main())


def test_types_are_looked_up_once_for_all_connections_of_a_pool(server: Server, database: str) -> None:
    query = "select array[row('Rex', 'glad')::pet]"

    async def main() -> None:
        async with relayed(server) as (pool, _), pool.acquire() as first, pool.acquire() as second:
            before = [connection._con._protocol.queries_count for connection in (first, second)]
            assert await first.fetchval(query) == [("Rex", "glad")]
            # The introspection, and the query.
            assert first._con._protocol.queries_count - before[0] == 2
            assert await second.fetchval(query) == [("Rex", "glad")]
            assert await second.fetchval("select 'sad'::mood") == "sad"
            assert second._con._protocol.queries_count - before[1] == 2
            await second.reload_schema_state()
            before = [connection._con._protocol.queries_count for connection in (first, second)]
            assert await first.fetchval(query) == [("Rex", "glad")]
            assert first._con._protocol.queries_count - before[0] == 2

    run(main())


def test_connections_to_different_databases_share_nothing(server: Server, database: str) -> None:
    server.psql("create database roundtrips2")
    server.psql(
        "create type filler as enum ('x'); create type pet as (mood int); create table item (id text)", "roundtrips2"
    )
    names = iter(["roundtrips", "roundtrips2"])

    async def connect(*_args: Any, **options: Any) -> Any:
        return await fasterapi.pg.connect(server.dsn(database=next(names)), **options)

    async def main() -> None:
        async with fasterapi.pg.create_pool(connect=connect, min_size=2, max_size=2) as pool:
            async with pool.acquire() as one, pool.acquire() as other:
                lent: list[Any] = [one, other]
                here, there = sorted(lent, key=lambda con: con._con._params.database)
                assert here._con._shared is not there._con._shared
                assert await here.fetchval("select row('a', 'sad')::pet") == ("a", "sad")
                assert await there.fetchval("select row(1)::pet") == (1,)
                assert await here.fetch("select id from item where id = $1", 1) == [(1,)]
                assert await there.fetch("select id from item where id = $1", "1") == []

    try:
        run(main())
    finally:
        server.psql("drop database roundtrips2 with (force)")
