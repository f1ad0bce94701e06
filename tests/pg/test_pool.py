"""What a pool promises beyond asyncpg's own tests: codecs set at the same time, and those who wait when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

import fasterapi.pg
from pg.looping import run
from pg.server import Server
from served import Mode

PATIENCE = 20


pytestmark = pytest.mark.usefixtures("ours")


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    server.psql("create database pools")
    server.psql("create type one as enum ('a'); create type other as enum ('b')", "pools")
    yield server.dsn(database="pools")
    server.psql("drop database pools with (force)")


def decoded(text: str) -> str:
    return f"decoded {text}"


CODEC: dict[str, Any] = {"encoder": str, "decoder": decoded, "schema": "public", "format": "text"}
QUERY = "select 'a'::one as one, 'b'::other as other"


@pytest.mark.parametrize("mode", [Mode.NATIVE, Mode.STOCK], ids=lambda mode: mode.value)
def test_codecs_that_are_set_at_the_same_time_are_all_set(mode: Mode, database: str) -> None:
    async def main() -> None:
        async with fasterapi.pg.create_pool(database, min_size=1, max_size=2) as pool:
            await asyncio.gather(*[pool.set_type_codec(name, **CODEC) for name in ("one", "other")])
            for _ in range(3):
                async with pool.acquire() as first, pool.acquire() as second:
                    for connection in (first, second):
                        assert await connection.fetch(QUERY) == [("decoded a", "decoded b")]

    run(main(), mode)


def test_a_codec_that_is_wrong_leaves_the_others_alone(database: str) -> None:
    async def main() -> None:
        async with fasterapi.pg.create_pool(database, min_size=1, max_size=2) as pool:
            names = ("one", "neither", "other")
            outcomes = await asyncio.gather(
                *[pool.set_type_codec(name, **CODEC) for name in names], return_exceptions=True
            )
            assert isinstance(outcomes[1], ValueError)
            # Whoever came across the wrong one was told of it, and may try again.
            for name, outcome in zip(names, outcomes, strict=True):
                if name != "neither" and outcome is not None:
                    await pool.set_type_codec(name, **CODEC)
            async with pool.acquire() as first, pool.acquire() as second:
                for connection in (first, second):
                    assert await connection.fetch(QUERY) == [("decoded a", "decoded b")]

    run(main())


@pytest.mark.parametrize("mode", [Mode.NATIVE, Mode.STOCK], ids=lambda mode: mode.value)
@pytest.mark.parametrize("end", ["close", "terminate"])
def test_who_waits_when_the_pool_ends_is_told_so(mode: Mode, database: str, end: str) -> None:
    async def main() -> None:
        pool = await fasterapi.pg.create_pool(database, min_size=1, max_size=1)
        lent = await pool.acquire()
        waiting = [asyncio.ensure_future(pool.fetchval("select 1")) for _ in range(3)]
        await asyncio.sleep(0)
        if end == "terminate":
            pool.terminate()
        else:
            closing = asyncio.ensure_future(pool.close())
            await asyncio.sleep(0)
            await pool.release(lent)
            await closing
        async with asyncio.timeout(PATIENCE):
            for waiter in waiting:
                with pytest.raises(fasterapi.pg.InterfaceError, match="pool is clos"):
                    await waiter

    run(main(), mode)
