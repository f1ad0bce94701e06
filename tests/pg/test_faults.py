"""Lines that are cut, backends that are killed, servers that restart: clear exceptions, no hang; pools recover."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pg.looping import run
from pg.proxy import Proxy
from pg.server import Account, Server
from served import Mode

PATIENCE = 20
MOST = 100
ROWS = [(number, f"row {number}") for number in range(1, 6)]
MANY = "select i, 'row ' || i from generate_series(1, 5) as i"


async def _connected(connection: Any) -> None:
    assert not connection.is_closed()


async def _simple(connection: Any) -> None:
    assert await connection.execute("select 1; select 2") == "SELECT 1"


async def _cold(connection: Any) -> None:
    assert [tuple(row) for row in await connection.fetch(MANY)] == ROWS


async def _arguments(connection: Any) -> None:
    assert await connection.fetchval("select $1::int + $2::int8", 40, 2) == 42


async def _many(connection: Any) -> None:
    await connection.execute("create temporary table kept (id int, name text)")
    await connection.executemany("insert into kept values ($1, $2)", ROWS)


async def _copy_out(connection: Any) -> None:
    output = io.BytesIO()
    await connection.copy_from_query(MANY, output=output)
    assert output.getvalue().count(b"\n") == len(ROWS)


async def _copy_in(connection: Any) -> None:
    await connection.execute("create temporary table kept (id int, name text)")
    await connection.copy_records_to_table("kept", records=ROWS)


async def _cursor(connection: Any) -> None:
    async with connection.transaction():
        assert [tuple(row) async for row in connection.cursor(MANY, prefetch=2)] == ROWS


async def _error(connection: Any) -> None:
    try:
        await connection.fetch("select 1 / $1::int", 0)
    except Exception as error:
        if type(error).__name__ != "DivisionByZeroError":
            raise


async def _notify(connection: Any) -> None:
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    connection.add_termination_listener(lambda _: lost.done() or lost.set_result("lost"))
    await connection.add_listener("channel", lambda *arguments: heard.done() or heard.set_result(arguments[-1]))
    await connection.execute("notify channel, 'payload'")
    await asyncio.wait([heard, lost], return_when=asyncio.FIRST_COMPLETED)


EXCHANGES: dict[str, Callable[[Any], Awaitable[None]]] = {
    "connecting": _connected,
    "a script": _simple,
    "a cold query": _cold,
    "a query with arguments": _arguments,
    "executemany": _many,
    "copying out": _copy_out,
    "copying in": _copy_in,
    "a cursor": _cursor,
    "an error": _error,
    "a notification": _notify,
}


@pytest.mark.slow
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_line_cut_after_any_byte_gives_the_answer_or_a_clear_error(
    pg: Any, server: Server, request: pytest.FixtureRequest, exchange: str
) -> None:
    if request.config.getoption("--reference"):
        pytest.skip("the reference: a cut is an error without a text, or of its own states")
    work = EXCHANGES[exchange]

    async def main() -> int:
        async with Proxy("127.0.0.1", server.port) as proxy:
            dsn = f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres?sslmode=disable"
            whole = await _passed(pg, proxy, dsn, work)
            for count in range(whole):
                await _cut(pg, proxy, dsn, work, count)
            return whole

    assert run(main()) > 20


async def _passed(pg: Any, proxy: Proxy, dsn: str, work: Callable[[Any], Awaitable[None]]) -> int:
    """How many bytes the server sends in the exchange."""
    proxy.arm(None)
    connection = await pg.connect(dsn)
    if work is not _connected:
        proxy.arm(None)
    await work(connection)
    whole = proxy.passed
    await connection.close()
    return whole


async def _cut(pg: Any, proxy: Proxy, dsn: str, work: Callable[[Any], Awaitable[None]], count: int) -> None:
    expected = (pg.PostgresConnectionError, pg.InterfaceError, OSError)
    if work is _connected:
        proxy.arm(count)
        with pytest.raises(expected) as caught:
            await asyncio.wait_for(pg.connect(dsn), PATIENCE)
        assert len(str(caught.value)) > 10, repr(caught.value)
        return
    proxy.arm(None)
    connection = await pg.connect(dsn)
    proxy.arm(count)
    try:
        await asyncio.wait_for(work(connection), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"cut after {count} bytes, it waits for ever") from None
    except expected as error:
        assert len(str(error)) > 10, f"cut after {count} bytes: {error!r}"
    with pytest.raises(expected):
        await asyncio.wait_for(connection.fetch("select 1"), PATIENCE)
    assert connection.is_closed(), f"cut after {count} bytes"
    await asyncio.wait_for(connection.close(), PATIENCE)


async def _idle(connection: Any) -> None:
    gone = asyncio.get_running_loop().create_future()
    connection.add_termination_listener(lambda _: gone.done() or gone.set_result(None))
    await asyncio.wait_for(gone, PATIENCE)
    await connection.fetchval("select 1")


async def _sleeping(connection: Any) -> None:
    await connection.fetch("select pg_sleep(60)")


async def _sleeping_script(connection: Any) -> None:
    await connection.execute("select pg_sleep(60)")


async def _listening(connection: Any) -> None:
    await connection.add_listener("channel", lambda *arguments: None)
    await _idle(connection)


async def _in_a_transaction(connection: Any) -> None:
    async with connection.transaction():
        await connection.fetch("select pg_sleep(60)")


async def _in_a_savepoint(connection: Any) -> None:
    async with connection.transaction(), connection.transaction():
        await connection.fetch("select pg_sleep(60)")


async def _copying_out(connection: Any) -> None:
    await connection.copy_from_query("select pg_sleep(60)", output=io.BytesIO())


async def _copying_in(connection: Any) -> None:
    await connection.execute("create temporary table kept (id int)")

    async def endless() -> Any:
        while True:
            await asyncio.sleep(0)
            yield b"1\n"

    await connection.copy_to_table("kept", source=endless())


async def _iterating(connection: Any) -> None:
    async with connection.transaction():
        async for _ in connection.cursor("select pg_sleep(0.001) from generate_series(1, 100000)", prefetch=1):
            pass


@pytest.mark.parametrize(
    "work",
    [_idle, _sleeping, _sleeping_script, _listening, _in_a_transaction, _in_a_savepoint, _copying_out, _copying_in,
     _iterating],
    ids=lambda work: work.__name__,
)  # fmt: skip
def test_a_killed_backend_is_a_clear_error_and_the_connection_is_closed(
    pg: Any, mode: Mode, server: Server, work: Callable[[Any], Awaitable[None]], request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--reference") and work in {_copying_in, _iterating}:
        pytest.skip("the reference waits for ever")

    async def main() -> None:
        observer = await pg.connect(server.dsn())
        connection = await pg.connect(server.dsn())
        process = connection.get_server_pid()
        killed = asyncio.ensure_future(work(connection))
        wanted = "idle" if work in {_idle, _listening} else "active"
        while await observer.fetchval("select state from pg_stat_activity where pid = $1", process) != wanted:
            await asyncio.sleep(0)
        for _ in range(5):  # the request that made it so is answered, and the client waits again
            await observer.fetchval("select 1")
        assert await observer.fetchval("select pg_terminate_backend($1)", process)
        with pytest.raises((pg.PostgresError, pg.InterfaceError, ConnectionError)) as caught:
            await asyncio.wait_for(killed, PATIENCE)
        assert "cannot switch to state" not in str(caught.value)
        assert len(str(caught.value)) > 10
        assert connection.is_closed()
        await connection.close()
        await observer.close()

    run(main(), mode)


def test_a_pool_of_killed_backends_serves_the_next_who_asks(pg: Any, mode: Mode, server: Server) -> None:
    async def main() -> None:
        observer = await pg.connect(server.dsn())
        made: list[Any] = []

        async def init(connection: Any) -> None:
            made.append(connection)

        async with pg.create_pool(server.dsn(), min_size=4, max_size=4, init=init) as pool:
            held = [await pool.acquire() for _ in range(4)]
            killed = made[:]
            processes = [connection.get_server_pid() for connection in held]
            for connection in held:
                await pool.release(connection)
            await observer.fetch("select pg_terminate_backend(pid) from unnest($1::int[]) as pid", processes)
            # A backend is off the server's list before its socket is closed.
            while not all(connection.is_closed() for connection in killed):
                await asyncio.sleep(0)
            answers = await asyncio.wait_for(asyncio.gather(*(pool.fetchval("select 1") for _ in range(8))), PATIENCE)
            assert answers == [1] * 8
        await observer.close()

    run(main(), mode)


@pytest.fixture
def own_server(server: Server) -> Iterator[Server]:
    """A server that a test may stop."""
    with Server(server.installation, Account.choose()) as running:
        yield running


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["in order", "at once"])
def test_a_pool_survives_a_restart_of_the_server(pg: Any, own_server: Server, how: signal.Signals) -> None:
    async def main() -> None:
        async with pg.create_pool(own_server.dsn(), min_size=3, max_size=3) as pool:
            busy = [asyncio.ensure_future(pool.fetch("select pg_sleep(60)")) for _ in range(2)]
            observer = await pg.connect(own_server.dsn())
            sleeping = "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"
            while await observer.fetchval(sleeping) < 2:
                await asyncio.sleep(0)
            await observer.close()
            own_server.stop(how)
            for failed in await asyncio.wait_for(asyncio.gather(*busy, return_exceptions=True), PATIENCE):
                assert isinstance(failed, pg.PostgresError | ConnectionError), repr(failed)
            own_server.start()
            assert await asyncio.wait_for(pool.fetchval("select 1"), PATIENCE) == 1

    run(main())


def test_a_stopped_server_is_named_with_host_port_and_reason(pg: Any, own_server: Server, request: Any) -> None:
    _names_addresses(request)
    own_server.stop()

    async def main() -> Exception:
        try:
            await asyncio.wait_for(pg.connect(own_server.dsn()), PATIENCE)
        except (OSError, pg.PostgresError) as error:
            return error
        raise AssertionError("it is stopped")

    text = str(run(main()))
    assert "127.0.0.1" in text and str(own_server.port) in text and "refused" in text


def test_a_missing_socket_is_named(pg: Any, tmp_path: Path, request: Any) -> None:
    _names_addresses(request)

    async def main() -> Exception:
        try:
            await pg.connect(host=str(tmp_path), user="postgres", database="postgres")
        except (OSError, pg.PostgresError) as error:
            return error
        raise AssertionError("there is none")

    assert str(tmp_path) in str(run(main()))


def _names_addresses(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--reference"):
        pytest.skip("the reference says what the system says")
