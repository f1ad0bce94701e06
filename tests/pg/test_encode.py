"""Arguments: what is taken, what is refused and in which words, and that a refusal leaves nothing behind."""

from __future__ import annotations

import array
import asyncio
import datetime as dt
import re
from typing import Any

import asyncpg
import pytest

from pg.looping import run
from pg.oracle.arguments import SCHEMA, arguments
from pg.server import Server

_ADDRESS = re.compile(r"0x[0-9a-f]+")

WORDED_OTHERWISE = {
    "bytea", '"char"', "uuid", "tid", "pg_snapshot", "txid_snapshot", "hstore", "int4[]", "tsvector[]", "money[]",
    "card",
}  # fmt: skip
"""Types of which a refusal reads otherwise than asyncpg's."""

DIFFERS = {
    ("numeric", "Decimal('1E+131072')"): "asyncpg writes 0 for a number too great for the server",
    ("int4[]", "[[[1], [2]], [[1], [2, 3]]]"): "asyncpg leaves it to the server to find rows of different lengths",
}
"""Values of which something else becomes than with asyncpg, with the reason."""

_TUPLES = {
    "date": (-730119,),
    "time": (86_399_999_999,),
    "timetz": (5, -3600),
    "timestamp": (2**63 - 1,),
    "timestamptz": (-(2**63),),
    "interval": (14, -3, 1_000_001),
}


@pytest.fixture(scope="module")
def database(server: Server) -> str:
    """A database with types of each kind."""
    server.psql("create database arguments")
    modules = "create extension hstore;" if server.installation.complete else ""
    server.psql(modules + SCHEMA, "arguments")
    return server.dsn(database="arguments")


async def _connect(client: Any, dsn: str, *, hstore: bool = False) -> Any:
    connection = await client.connect(dsn, server_settings={"TimeZone": "Asia/Tokyo"})
    if hstore:
        await connection.set_builtin_type_codec("hstore", schema="public", codec_name="pg_contrib.hstore")
    return connection


async def _outcome(connection: Any, words: str, value: object) -> tuple[str, str | None]:
    """What came of an argument: its text, the client's refusal, or the server's."""
    try:
        return "taken", await connection.fetchval(f"select ($1::{words})::text", value)
    except Exception as error:
        said = _ADDRESS.sub("0x", str(error).splitlines()[0])
        if "query argument" in said:
            return type(error).__name__, None if words in WORDED_OTHERWISE else said
        return getattr(error, "sqlstate", type(error).__name__), None


@pytest.mark.parametrize("words", arguments(asyncpg, contributed=True))
def test_an_argument_is_taken_or_refused_as_by_asyncpg(pg: Any, server: Server, database: str, words: str) -> None:
    hstore = words.startswith("hstore")
    if hstore and not server.installation.complete:
        pytest.skip("the server has no hstore")

    async def main() -> list[str]:
        ours, theirs = await _connect(pg, database, hstore=hstore), await _connect(asyncpg, database, hstore=hstore)
        pairs = zip(arguments(pg, hstore)[words], arguments(asyncpg, hstore)[words], strict=True)
        differing = []
        for mine, reference in pairs:
            made, expected = await _outcome(ours, words, mine), await _outcome(theirs, words, reference)
            if made != expected and (words, repr(reference)) not in DIFFERS:
                differing.append(f"{reference!r:.80}: {made} instead of {expected}")
        await ours.close()
        await theirs.close()
        return differing

    assert run(main()) == []


def test_the_wrong_number_of_arguments_is_refused_with_what_is_expected(pg: Any, dsn: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, dsn)
        for query, given, said in (
            ("select $1::int", (1, 2), "the server expects 1 argument for this query, 2 were passed"),
            ("select $1::int + $2::int", (1,), "the server expects 2 arguments for this query, 1 was passed"),
            ("select 1", (1,), "the server expects 0 arguments for this query, 1 was passed"),
            ("select 1", (1,), "HINT:  Check the query against the passed list of arguments."),
        ):
            with pytest.raises(pg.InterfaceError, match=re.escape(said)):
                await connection.fetch(query, *given)
        with pytest.raises(pg.InterfaceError, match="the number of query arguments cannot exceed 32767"):
            await connection.fetch("select 1", *range(32768))
        assert await connection.fetchval("select $1::int", 7) == 7
        await connection.close()

    run(main())


def test_executemany_says_which_element_and_argument_it_refuses_and_keeps_no_row(pg: Any, dsn: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, dsn)
        await connection.execute("create temp table kept (a int, b text)")
        for elements, said in (
            ([(1, "x"), (2, 3)], r"\$2 in element #1 of executemany\(\) sequence: 3 \(expected str, got int\)"),
            ([(1, "x"), {"a": 1}], r"executemany\(\) argument sequence element #1: expected a sequence, got dict"),
            ([(1, "x")] * 5000 + [("z", "x")], r"\$1 in element #5000 of executemany"),
        ):
            with pytest.raises(pg.DataError, match=said):
                await connection.executemany("insert into kept values ($1, $2)", elements)
            assert await connection.fetchval("select count(*) from kept") == 0
        await connection.executemany("insert into kept values ($1, $2)", [[1, "x"], (2, None)])
        assert [tuple(row) for row in await connection.fetch("select * from kept")] == [(1, "x"), (2, None)]
        await connection.close()

    run(main())


def test_what_a_codec_raises_is_the_cause_of_the_refusal(pg: Any, dsn: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, dsn)

        def encode(value: object) -> str:
            raise LookupError("not there")

        await connection.set_type_codec("int4", schema="pg_catalog", encoder=encode, decoder=str, format="text")
        with pytest.raises(pg.DataError, match=r"query argument \$2: 5 \(not there\)") as raised:
            await connection.fetchval("select $1::text || $2::int4", "x", 5)
        assert isinstance(raised.value.__cause__, LookupError)
        await connection.reset_type_codec("int4", schema="pg_catalog")
        assert await connection.fetchval("select $1::text || $2::int4", "x", 5) == "x5"
        await connection.close()

    run(main())


def test_a_refused_argument_harms_no_other_request_in_flight(pg: Any, dsn: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--reference"):
        pytest.skip("the reference: takes one request at a time")

    async def main() -> None:
        connection = await _connect(pg, dsn)
        query = "select $1::text || $2::int4"
        await connection.fetchval(query, "x", 0)
        made = await asyncio.gather(
            *(connection.fetchval(query, "x" * 1000, "z" if number % 3 else number) for number in range(30)),
            return_exceptions=True,
        )
        for number, value in enumerate(made):
            if number % 3:
                assert isinstance(value, pg.DataError), value
            else:
                assert value == "x" * 1000 + str(number)
        await connection.close()

    run(main())


def test_a_list_that_changes_while_it_is_read_is_refused(pg: Any, dsn: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--reference"):
        pytest.skip("the reference: sends an array whose size is wrong")

    async def main() -> None:
        connection = await _connect(pg, dsn)
        values = [1, 2, 3]

        def encode(value: int) -> bytes:
            values[1:] = []
            return value.to_bytes(4, "big")

        await connection.set_type_codec("int4", schema="pg_catalog", encoder=encode, decoder=bytes, format="binary")
        with pytest.raises(pg.DataError, match="non-homogeneous"):
            await connection.fetchval("select $1::int4[]", values)
        await connection.close()

    run(main())


@pytest.mark.parametrize("words", _TUPLES)
def test_tuples_of_codecs_are_the_parts_of_a_value_both_ways(pg: Any, dsn: str, words: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, dsn)
        given: list[object] = []
        await connection.set_type_codec(
            words, schema="pg_catalog", encoder=lambda value: value, decoder=given.append, format="tuple"
        )
        await connection.fetchval(f"select $1::{words}", _TUPLES[words])
        assert given == [_TUPLES[words]]
        with pytest.raises(pg.DataError, match="tuple encoder: expecting"):
            await connection.fetchval(f"select $1::{words}", (1, 2, 3, 4))
        await connection.close()

    run(main())


def test_a_type_without_a_tuple_form_takes_no_codec_of_tuples(pg: Any, dsn: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, dsn)
        with pytest.raises(pg.InterfaceError, match="does not support the 'tuple' exchange format"):
            await connection.set_type_codec("int4", schema="pg_catalog", encoder=tuple, decoder=tuple, format="tuple")
        await connection.close()

    run(main())


def test_a_row_types_tuple_passes_through_the_codecs_of_its_columns(pg: Any, database: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, database)
        seen: list[object] = []

        def decode(value: Any) -> Any:
            seen.append(tuple(value))
            return value

        await connection.set_type_codec(
            "int4", schema="pg_catalog", encoder=lambda value: (-value).to_bytes(4, "big", signed=True),
            decoder=lambda data: -int.from_bytes(data, "big", signed=True), format="binary",
        )  # fmt: skip
        await connection.set_type_codec(
            "card", schema="public", encoder=lambda value: (value, "x", [value]), decoder=decode, format="tuple"
        )
        assert await connection.fetchval("select ($1::card)::text", 5) == "(-5,x,{-5})"
        await connection.fetchval("select $1::card", 5)
        assert seen == [(5, "x", [5])]
        await connection.close()

    run(main())


@pytest.mark.parametrize("words", ["text", "binary"])
def test_a_domain_has_the_codec_of_its_base_type(pg: Any, dsn: str, words: str) -> None:
    def encode(value: int) -> Any:
        return str(-value) if words == "text" else (-value).to_bytes(4, "big", signed=True)

    def decode(data: Any) -> int:
        return -(int(data) if words == "text" else int.from_bytes(data, "big", signed=True))

    async def main() -> None:
        connection = await _connect(pg, dsn)
        await connection.execute("create domain pg_temp.score as int4")
        await connection.set_type_codec("int4", schema="pg_catalog", encoder=encode, decoder=decode, format=words)
        assert await connection.fetchval("select ($1::pg_temp.score[])::text", [5, 6]) == "{-5,-6}"
        assert await connection.fetchval("select array[5, 6]::pg_temp.score[]") == [-5, -6]
        await connection.close()

    run(main())


def test_copied_records_are_written_as_arguments_are(pg: Any, database: str) -> None:
    async def main() -> None:
        connection = await _connect(pg, database)
        await connection.execute("create temp table copied (a int8, b text, c timestamptz, d int4[], e card)")
        moment = dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC)
        records = [(1, "x", moment, [1, None], (1, "y", [2])), [2, None, None, None, None]]
        status = await connection.copy_records_to_table("copied", records=records)
        assert status == "COPY 2"
        rows = [tuple(row) for row in await connection.fetch("select * from copied order by a")]
        assert rows == [tuple(record) for record in records]
        for record, error in (((1, 2), TypeError), ((2**63,), OverflowError), ((1, "x"), IndexError), (5, TypeError)):
            with pytest.raises(error):
                await connection.copy_records_to_table("copied", records=[records[0], record])
            assert await connection.fetchval("select count(*) from copied") == 2
        await connection.execute("create temp table priced (price money)")
        with pytest.raises(pg.InternalClientError, match="no binary format encoder for type money"):
            await connection.copy_records_to_table("priced", records=[("1",)])
        assert await connection.fetchval("select 1") == 1
        await connection.close()

    run(main())


def test_vectors_are_given_as_numbers_as_memory_and_as_text(
    pg: Any, newest_server: Server, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--reference"):
        pytest.skip("the reference: has no codec for vectors")
    newest_server.psql("create database embedded")
    newest_server.psql("create extension vector", "embedded")

    async def main() -> None:
        connection = await _connect(pg, newest_server.dsn(database="embedded"))
        numbers = [1, 2.5, -3]
        given = [numbers, tuple(numbers), "[1,2.5,-3]", array.array("f", numbers), array.array("d", numbers)]
        for words in ("vector", "halfvec", "sparsevec"):
            await connection.set_builtin_type_codec(words, schema="public", codec_name=f"pgvector.{words}")
        for words in ("vector", "halfvec"):
            for value in given:
                assert await connection.fetchval(f"select ($1::{words})::text", value) == "[1,2.5,-3]"
            for refused in (["a"], 5, "1,2", [10.0**300]):
                with pytest.raises(pg.DataError, match=r"query argument \$1"):
                    await connection.fetchval(f"select ($1::{words})::text", refused)
        assert await connection.fetchval("select ($1::sparsevec)::text", "{3:2,1:1.5}/5") == "{1:1.5,3:2}/5"
        await connection.close()

    run(main())
