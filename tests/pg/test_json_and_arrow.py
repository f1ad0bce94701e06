"""Rows that leave without becoming objects of Python's: `fetch_json()` and `fetch_arrow()`."""

from __future__ import annotations

import datetime as dt
import gc
import json
import resource
import sys
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import fasterapi.pg
from pg.looping import run
from pg.server import Server

_CATALOGUES = ("pg_type", "pg_class", "pg_proc", "pg_attribute", "pg_stats", "pg_settings")

# Linux counts in kilobytes, macOS in bytes.
_MEGABYTE = 1024 * 1024 if sys.platform == "darwin" else 1024

_SCHEMA = """
    create type mood as enum ('sad', 'glad');
    create type pet as (name text, age int, mood mood);
    create domain age as int check (value >= 0);
    create type payslip as (paid money, days int);
"""


pytestmark = pytest.mark.usefixtures("ours")


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    server.psql("create database exports")
    server.psql(_SCHEMA, "exports")
    yield server.dsn(database="exports")
    server.psql("drop database exports")


def connected(database: str, use: Callable[[Any], Awaitable[None]]) -> None:
    async def main() -> None:
        connection = await fasterapi.pg.connect(database)
        try:
            await use(connection)
        finally:
            await connection.close()

    run(main())


def test_rows_are_json_objects_in_the_order_of_the_columns(database: str) -> None:
    async def use(connection: Any) -> None:
        made = await connection.fetch_json("select id, 'n' || id as name from generate_series($1::int, 3) id", 2)
        assert made == b'[{"id":2,"name":"n2"},{"id":3,"name":"n3"}]'
        assert await connection.fetch_json("select 1 as one where false") == b"[]"

    connected(database, use)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("null::int", None),
        ("9223372036854775807", 9223372036854775807),
        ("1.5::float4", 1.5),
        ("'NaN'::float8", None),
        ("'-Infinity'::float8", None),
        ("1.50::numeric", "1.50"),
        ("'NaN'::numeric", "NaN"),
        ("E'a \"quote\"\\n\\x01é'", 'a "quote"\n\x01é'),
        (r"'\xfffefd'::bytea", "//79"),
        ("'2024-02-29'::date", "2024-02-29"),
        ("'10:00:00.5'::time", "10:00:00.500000"),
        ("'10:00+02'::timetz", "10:00:00+02:00"),
        ("'2024-02-29 10:00'::timestamp", "2024-02-29T10:00:00"),
        ("'2024-02-29 10:00:00.25+02'::timestamptz", "2024-02-29T08:00:00.250000+00:00"),
        ("'infinity'::timestamptz", "infinity"),
        ("'1 year 2 mons 3 days 04:05:06.7'::interval", "P1Y2M3DT4H5M6.7S"),
        ("'-1 days -2 hours'::interval", "-P1DT2H"),
        ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ("'10.0.0.1/24'::inet", "10.0.0.1/24"),
        ("'{\"a\": [1, 2]}'::json", {"a": [1, 2]}),
        ("'{\"a\": null}'::jsonb", {"a": None}),
        ("'{{1,2},{3,null}}'::int[]", [[1, 2], [3, None]]),
        ("'{}'::text[]", []),
        ("array['{\"a\": 1}'::jsonb]", [{"a": 1}]),
        ("'[1,3)'::int4range", "[1,3)"),
        ("'(1,2)'::point", "(1,2)"),
        ("'16/B374D848'::pg_lsn", "16/B374D848"),
        ("'1.5'::money", "$1.50"),
        ("array['1.5', null]::money[]", ["$1.50", None]),
        ("row(1, 'a'::text)", {"f1": 1, "f2": "a"}),
        ("row('Rex', 3, 'glad')::pet", {"name": "Rex", "age": 3, "mood": "glad"}),
        ("array[row('Rex', 3, 'glad')::pet]", [{"name": "Rex", "age": 3, "mood": "glad"}]),
        ("row(row('Rex', 3, 'glad')::pet)", {"f1": {"name": "Rex", "age": 3, "mood": "glad"}}),
        ("row('10', 5)::payslip", {"paid": "$10.00", "days": 5}),
        ("5::age", 5),
    ],
)
def test_a_value_is_in_json(database: str, value: str, expected: object) -> None:
    async def use(connection: Any) -> None:
        if "::pet" in value:
            # What is inside of a bare record is known once it was looked up.
            await connection.fetch("select null::pet")
        assert json.loads(await connection.fetch_json(f"select {value} as v")) == [{"v": expected}]

    connected(database, use)


def test_a_column_with_a_codec_of_pythons_is_what_its_type_is(database: str) -> None:
    async def use(connection: Any) -> None:
        for name in ("json", "jsonb"):
            await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        await connection.set_type_codec("int4", schema="pg_catalog", encoder=str, decoder=int)
        made = await connection.fetch_json("select '[1]'::json a, '{}'::jsonb b, array['2'::json] c, 7 d, array[8] e")
        assert json.loads(made) == [{"a": [1], "b": {}, "c": [2], "d": 7, "e": [8]}]

    connected(database, use)


def test_the_catalogues_are_json_and_arrow(database: str) -> None:
    async def use(connection: Any) -> None:
        for name in _CATALOGUES:
            rows = await connection.fetch(f"select * from {name}")
            assert len(json.loads(await connection.fetch_json(f"select * from {name}"))) == len(rows)
            table = pa.table(await connection.fetch_arrow(f"select * from {name}"))
            table.validate(full=True)
            assert (table.num_rows, table.column_names) == (len(rows), list(rows[0].keys()))

    connected(database, use)


def test_columns_have_arrows_types_and_pythons_values(database: str) -> None:
    columns: dict[str, tuple[str, pa.DataType, list[Any]]] = {
        "b": ("i % 2 = 0", pa.bool_(), [False, True]),
        "i2": ("i::int2", pa.int16(), [1, 2]),
        "i4": ("nullif(i, 1)", pa.int32(), [None, 2]),
        "i8": ("i::int8", pa.int64(), [1, 2]),
        "o": ("i::oid", pa.uint32(), [1, 2]),
        "f4": ("i::float4", pa.float32(), [1.0, 2.0]),
        "f8": ("i / 2.0::float8", pa.float64(), [0.5, 1.0]),
        "d": ("(i * 1.25)::numeric(10, 2)", pa.decimal128(10, 2), [Decimal("1.25"), Decimal("2.50")]),
        "n": ("i * 1.1", pa.string(), ["1.1", "2.2"]),
        "t": ("'é' || i", pa.string(), ["é1", "é2"]),
        "y": ("decode('0' || i, 'hex')", pa.binary(), [b"\1", b"\2"]),
        "u": ("lpad(i::text, 32, '0')::uuid", pa.binary(16), [bytes(15) + b"\1", bytes(15) + b"\2"]),
        "date": ("'1969-12-30'::date + i", pa.date32(), [dt.date(1969, 12, 31), dt.date(1970, 1, 1)]),
        "time": ("'10:00'::time", pa.time64("us"), [dt.time(10)] * 2),
        "ts": ("'2024-02-29 10:00'::timestamp", pa.timestamp("us"), [dt.datetime(2024, 2, 29, 10)] * 2),
        "tz": (
            "'2024-02-29 10:00+02'::timestamptz",
            pa.timestamp("us", "UTC"),
            [dt.datetime(2024, 2, 29, 8, tzinfo=dt.UTC)] * 2,
        ),
        "iv": ("'1 mon 2 days 3 us'::interval", pa.month_day_nano_interval(), [pa.MonthDayNano([1, 2, 3000])] * 2),
        "l": ("array[i, null]", pa.list_(pa.int32()), [[1, None], [2, None]]),
        "ll": ("array[[i], [2]]", pa.list_(pa.list_(pa.int32())), [[[1], [2]], [[2], [2]]]),
        "m": ("array[i::money]", pa.list_(pa.string()), [["$1.00"], ["$2.00"]]),
        "s": (
            "row('Rex', i, 'glad')::pet",
            pa.struct({"name": pa.string(), "age": pa.int32(), "mood": pa.string()}),
            [{"name": "Rex", "age": 1, "mood": "glad"}, {"name": "Rex", "age": 2, "mood": "glad"}],
        ),
        "j": ("jsonb_build_object('a', i)", pa.string(), ['{"a": 1}', '{"a": 2}']),
    }
    selected = ", ".join(f"{value} as {name}" for name, (value, _, _) in columns.items())

    async def use(connection: Any) -> None:
        result = await connection.fetch_arrow(f"select {selected} from generate_series(1, 2) i")
        assert len(result) == 2
        table = pa.table(result)
        table.validate(full=True)
        assert pa.schema(result) == table.schema
        for name, (_, kind, values) in columns.items():
            assert (table[name].type, table[name].to_pylist()) == (kind, values), name

    connected(database, use)


def test_a_result_without_rows_has_its_columns(database: str) -> None:
    async def use(connection: Any) -> None:
        table = pa.table(await connection.fetch_arrow("select 1 as a, array['x'] as b where false"))
        table.validate(full=True)
        assert (table.num_rows, table.column_names) == (0, ["a", "b"])

    connected(database, use)


def test_what_was_borrowed_outlives_the_result_and_is_given_back(database: str) -> None:
    async def use(connection: Any) -> None:
        query = "select i, repeat('x', 1000) as t from generate_series(1, 1000) i"
        kept = pa.table(await connection.fetch_arrow(query)).column("i")
        gc.collect()
        assert kept.to_pylist() == list(range(1, 1001))
        peaks = []
        for _ in range(2):
            for _ in range(100):
                result = await connection.fetch_arrow(query)
                result.__arrow_c_schema__()
                result.__arrow_c_stream__()
                assert pa.table(result) == pa.table(result)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        # Each result is a megabyte.
        assert peaks[1] - peaks[0] < 30 * _MEGABYTE, peaks

    connected(database, use)


def test_arrays_of_different_dimensions_are_no_column(database: str) -> None:
    async def use(connection: Any) -> None:
        with pytest.raises(fasterapi.pg.InternalClientError, match="as many dimensions"):
            await connection.fetch_arrow("select array[1] union all select array[[1]]")
        assert await connection.fetchval("select 1") == 1

    connected(database, use)


def test_errors_of_the_server_are_raised(database: str) -> None:
    async def use(connection: Any) -> None:
        for fetch in (connection.fetch_json, connection.fetch_arrow):
            with pytest.raises(fasterapi.pg.UndefinedTableError):
                await fetch("select * from nowhere")
            with pytest.raises(fasterapi.pg.DivisionByZeroError):
                await fetch("select 1 / $1::int", 0)
            with pytest.raises(fasterapi.pg.DataError):
                await fetch("select $1::int", "one")
        assert await connection.fetch_json("select 1 as a") == b'[{"a":1}]'

    connected(database, use)


def test_a_table_that_was_altered_is_read_as_it_is_now(database: str) -> None:
    async def use(connection: Any) -> None:
        await connection.execute("create temp table t as select 1 as a")
        assert await connection.fetch_json("select * from t") == b'[{"a":1}]'
        await connection.execute("alter table t alter a type text")
        assert await connection.fetch_json("select * from t") == b'[{"a":"1"}]'

    connected(database, use)


def test_prepared_statements_and_pipelines_have_both(database: str) -> None:
    async def use(connection: Any) -> None:
        statement = await connection.prepare("select $1::int as a", row_factory=tuple)
        assert await statement.fetch_json(4) == b'[{"a":4}]'
        assert pa.table(await statement.fetch_arrow(5)).to_pylist() == [{"a": 5}]
        with pytest.raises(fasterapi.pg.DataError):
            await statement.fetch_json("four")
        async with connection.pipeline() as pipeline:
            made = pipeline.fetch_json("select $1::int as a", 6)
            table = pipeline.fetch_arrow("select $1::int as a", 7)
            wrong = pipeline.fetch_json("select 1 / ($1::int - 8)", 8)
            value = pipeline.fetchval("select 9")
            with pytest.raises(fasterapi.pg.DivisionByZeroError):
                await wrong
        assert (await made, await value) == (b'[{"a":6}]', 9)
        assert pa.table(await table).to_pylist() == [{"a": 7}]

    connected(database, use)


def test_a_pool_has_both(database: str) -> None:
    async def main() -> None:
        async with fasterapi.pg.create_pool(database, min_size=1, max_size=2) as pool:
            assert await pool.fetch_json("select $1::int as a", 4) == b'[{"a":4}]'
            assert pa.table(await pool.fetch_arrow("select $1::int as a", 4)).to_pylist() == [{"a": 4}]

    run(main())
