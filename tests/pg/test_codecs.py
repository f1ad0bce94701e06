"""Built-in codecs for types that are not built in, and what a connection knows of a type."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from pg.looping import run
from pg.server import Server


@pytest.fixture
def domain(server: Server) -> Iterator[str]:
    """A type that is a number by another name."""
    server.psql("create domain codec_number as numeric; create type codec_pair as (a codec_number, b int)")
    yield "codec_number"
    server.psql("drop type codec_pair; drop domain codec_number")


@pytest.mark.parametrize("form", [None, "text", "binary"])
def test_a_number_is_a_decimal_in_each_format(pg: Any, dsn: str, domain: str, form: str | None) -> None:
    async def main() -> None:
        connection = await pg.connect(dsn)
        try:
            await connection.set_builtin_type_codec(domain, codec_name="numeric", format=form)
            rows = await connection.fetch(f"select $1::{domain} as n union all select null", Decimal("12.50"))
            assert [row["n"] for row in rows] == [Decimal("12.50"), None]
            assert str(rows[0]["n"]) == "12.50"
        finally:
            await connection.close()

    run(main())


def test_a_number_that_travels_as_text_has_no_place_in_a_composite(pg: Any, dsn: str, domain: str) -> None:
    async def main() -> None:
        connection = await pg.connect(dsn)
        try:
            await connection.set_builtin_type_codec(domain, codec_name="numeric", format="text")
            with pytest.raises(pg.UnsupportedClientFeatureError):
                await connection.fetchval("select row(1.5, 2)::codec_pair")
        finally:
            await connection.close()

    run(main())


@pytest.mark.parametrize(("codec", "form"), [("int4", "text"), ("pg_contrib.hstore", "text")])
def test_a_format_that_a_codec_does_not_have_is_refused(pg: Any, dsn: str, domain: str, codec: str, form: str) -> None:
    async def main() -> None:
        connection = await pg.connect(dsn)
        try:
            with pytest.raises(pg.InterfaceError, match=f"there is no {form} codec"):
                await connection.set_builtin_type_codec(domain, codec_name=codec, format=form)
        finally:
            await connection.close()

    run(main())


def test_a_connection_knows_built_in_types_and_those_that_it_has_met(pg: Any, dsn: str, domain: str) -> None:
    if pg is asyncpg:
        pytest.skip("the reference: what it tells of a type is its own affair")

    async def main() -> None:
        connection = await pg.connect(dsn)
        try:
            settings = connection.get_settings()
            assert settings.get_data_codec(23).name == "int4"
            oid = await connection.fetchval(f"select '{domain}'::regtype::oid")
            assert settings.get_data_codec(oid) is None
            await connection.fetchval(f"select $1::{domain}::text", 1)
            assert settings.get_data_codec(oid).name == domain
        finally:
            await connection.close()

    run(main())


@pytest.mark.parametrize("text", ["10000", "-120000000", "1e40", "1.50", "100.00", "0", "9999"])
def test_a_number_has_the_digits_that_came(pg: Any, dsn: str, text: str) -> None:
    async def main(client: Any) -> Decimal:
        connection = await client.connect(dsn)
        try:
            number: Decimal = await connection.fetchval(f"select '{text}'::numeric")
            return number
        finally:
            await connection.close()

    assert run(main(pg)).as_tuple() == run(main(asyncpg)).as_tuple()
    assert run(main(pg)) == Decimal(text)
