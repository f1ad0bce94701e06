"""Rows as the user wants them: `row_factory=` instead of records."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
import pydantic
import pytest

import fasterapi.pg
from pg.looping import run

QUERY = "select n as id, 'n' || n as name from generate_series(1, $1::int) n"


@dataclasses.dataclass
class Plain:
    id: int
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ByName:
    name: str
    id: int


class Pair(NamedTuple):
    id: int
    name: str


Model = pydantic.create_model("Model", id=(int, ...), name=(str, ...))
Struct = msgspec.defstruct("Struct", [("id", int), ("name", str)])


def described(**columns: Any) -> str:
    return "{id}={name}".format_map(columns)


FACTORIES: list[tuple[Callable[..., Any], Callable[[int, str], Any]]] = [
    (tuple, lambda number, name: (number, name)),
    (dict, lambda number, name: {"id": number, "name": name}),
    (dict[str, Any], lambda number, name: {"id": number, "name": name}),
    (Plain, Plain),
    (ByName, lambda number, name: ByName(id=number, name=name)),
    (Model, lambda number, name: Model(id=number, name=name)),
    (Struct, Struct),
    (Pair, Pair),
    (described, lambda number, name: f"{number}={name}"),
]

each_factory = pytest.mark.parametrize(
    ("factory", "expected"), FACTORIES, ids=[factory.__name__ for factory, _ in FACTORIES]
)


pytestmark = pytest.mark.usefixtures("ours")


def connected(dsn: str, use: Callable[[Any], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        connection = await fasterapi.pg.connect(dsn, **options)
        try:
            await use(connection)
        finally:
            await connection.close()

    run(main())


@each_factory
def test_every_operation_that_gives_rows_takes_a_factory(
    dsn: str, factory: Callable[..., Any], expected: Callable[[int, str], Any]
) -> None:
    first, second = expected(1, "n1"), expected(2, "n2")

    async def use(connection: Any) -> None:
        for _ in range(2):
            rows = await connection.fetch(QUERY, 2, row_factory=factory)
            assert rows == [first, second]
            assert [type(row) for row in rows] == [type(first)] * 2
            assert await connection.fetchrow(QUERY, 2, row_factory=factory) == first
            assert await connection.fetchrow(QUERY, 0, row_factory=factory) is None
        assert await connection.fetchmany(QUERY, [(1,), (2,)], row_factory=factory) == [first, first, second]
        statement = await connection.prepare(QUERY, row_factory=factory)
        assert await statement.fetch(2) == [first, second]
        assert await statement.fetchrow(2) == first
        assert await statement.fetchmany([(1,), (2,)]) == [first, first, second]
        assert await statement.fetchval(2) == 1
        assert await statement.fetchval(2, column="name") == "n1"
        async with connection.transaction():
            assert [row async for row in connection.cursor(QUERY, 2, row_factory=factory)] == [first, second]
            cursor = await connection.cursor(QUERY, 2, row_factory=factory)
            assert (await cursor.fetchrow(), await cursor.fetch(5)) == (first, [second])
            assert [row async for row in statement.cursor(2)] == [first, second]

    connected(dsn, use)


@each_factory
def test_a_connection_has_a_factory_for_all_of_its_rows(
    dsn: str, factory: Callable[..., Any], expected: Callable[[int, str], Any]
) -> None:
    first = expected(1, "n1")

    async def use(connection: Any) -> None:
        for _ in range(2):
            assert await connection.fetch(QUERY, 1) == [first]
            assert await connection.fetchval(QUERY, 1) == 1
            assert await connection.fetchval(QUERY, 1, column="name") == "n1"
            assert await connection.execute(QUERY, 1) == "SELECT 1"
            (record,) = await connection.fetch(QUERY, 1, record_class=fasterapi.pg.Record)
            assert isinstance(record, fasterapi.pg.Record) and record["name"] == "n1"
        assert await connection.fetch(QUERY, 1, row_factory=dict) == [{"id": 1, "name": "n1"}]
        async with connection.pipeline() as pipeline:
            row, value, status = (
                pipeline.fetchrow(QUERY, 1),
                pipeline.fetchval(QUERY, 1),
                pipeline.execute(QUERY, 1),
            )
        assert (await row, await value, await status) == (first, 1, "SELECT 1")

    connected(dsn, use, row_factory=factory)


def test_a_pool_has_a_factory_for_all_of_its_rows(dsn: str) -> None:
    async def main() -> None:
        async with fasterapi.pg.create_pool(dsn, min_size=1, max_size=2, row_factory=Plain) as pool:
            assert await pool.fetch(QUERY, 1) == [Plain(1, "n1")]
            assert await pool.fetchrow(QUERY, 1, row_factory=tuple) == (1, "n1")
            assert await pool.fetchmany(QUERY, [(1,)], row_factory=Struct) == [Struct(1, "n1")]
            assert await pool.fetchval(QUERY, 1, column=1) == "n1"

    run(main())


def test_one_query_has_rows_of_each_kind_in_turn(dsn: str) -> None:
    async def use(connection: Any) -> None:
        for _ in range(2):
            assert await connection.fetch(QUERY, 1, row_factory=tuple) == [(1, "n1")]
            assert await connection.fetch(QUERY, 1, row_factory=Plain) == [Plain(1, "n1")]
            (record,) = await connection.fetch(QUERY, 1)
            assert isinstance(record, fasterapi.pg.Record)

    connected(dsn, use)


def test_a_row_that_a_model_does_not_take_is_its_error(dsn: str) -> None:
    async def use(connection: Any) -> None:
        with pytest.raises(pydantic.ValidationError):
            await connection.fetch("select 'x' as id, 'n' as name", row_factory=Model)
        with pytest.raises(TypeError, match="other"):
            await connection.fetch("select 1 as other", row_factory=Plain)
        assert await connection.fetch(QUERY, 1, row_factory=Plain) == [Plain(1, "n1")]

    connected(dsn, use)


def test_what_cannot_make_rows_is_refused(dsn: str) -> None:
    async def use(connection: Any) -> None:
        with pytest.raises(fasterapi.pg.InterfaceError, match="row_factory is expected to be a class or a function"):
            await connection.fetch("select 1", row_factory=7)
        with pytest.raises(fasterapi.pg.InterfaceError, match="give one of them"):
            await connection.fetch("select 1", row_factory=dict, record_class=fasterapi.pg.Record)
        with pytest.raises(fasterapi.pg.InterfaceError, match="record_class is expected to be a subclass"):
            await connection.fetch("select 1", record_class=dict)
        assert await connection.fetchval("select 1") == 1

    connected(dsn, use)
    with pytest.raises(fasterapi.pg.InterfaceError, match="row_factory is expected"):
        connected(dsn, use, row_factory="dict")
