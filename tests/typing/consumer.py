"""A user's program, for the type checkers: `pyright` strict and `mypy --strict` accept it, and what it asserts."""

import asyncio
import dataclasses
import selectors
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, assert_type

import fasterapi
import fasterapi.pg
import fasterapi.testing
from fasterapi import Config, ConfigError, Options, Server, StartupError
from fasterapi._engine import AccessLog, HttpService, NativeFuture, NativeSelector, Reactor, Ready, Waiting, sleep
from pytest_fasterapi import ServerFactory

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": message.get("body", b"")})


class Application:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)


def make_app() -> Application:
    return Application()


def run_every_way() -> None:
    options: Options = {"host": "127.0.0.1", "port": 0, "timeout_graceful_shutdown": None}
    fasterapi.run(app, **options)
    fasterapi.run(Application(), headers=[("x-frame-options", "DENY")], log_level="debug")
    fasterapi.run(make_app, factory=True, uds="/run/app.sock", access_log=False)
    fasterapi.run("main:app", loop=fasterapi.new_event_loop, lifespan="on", log_config=None)


@dataclasses.dataclass
class Row:
    id: int


class OwnRecord(fasterapi.pg.Record):
    pass


def total(*, price: int, count: int) -> int:
    return price * count


async def rows_every_way(connection: fasterapi.pg.Connection, pool: fasterapi.pg.Pool) -> None:
    assert_type(await connection.fetch("select 1"), list[fasterapi.pg.Record])
    assert_type(await connection.fetch("select 1", record_class=OwnRecord), list[OwnRecord])
    assert_type(await connection.fetch("select 1 as id", row_factory=Row), list[Row])
    assert_type(await connection.fetch("select 1 as id", row_factory=dict[str, Any]), list[dict[str, Any]])
    assert_type(await connection.fetch("select 1 as price, 2 as count", row_factory=total), list[int])
    assert_type(await pool.fetchrow("select 1 as id", row_factory=Row), Row | None)
    assert_type(await pool.fetchmany("select $1::int as id", [(1,)], row_factory=Row), list[Row])
    statement = await connection.prepare("select 1 as id", row_factory=Row)
    assert_type(await statement.fetchrow(), Row | None)
    assert_type(await statement.fetch_json(), bytes)
    async for row in connection.cursor("select 1 as id", row_factory=Row):
        assert_type(row, Row)
    async with connection.pipeline() as pipeline:
        assert_type(await pipeline.fetch_json("select 1"), bytes)


async def serve_every_way() -> None:
    assert_type(await fasterapi.serve(app, port=0), None)
    server = Server(Config(app, port=0, asgi_spec="2.4"))
    async with server as same:
        assert_type(same, Server)
        assert_type(server.sockets[0].getsockname()[1], Any)
        assert_type(server.started, bool)
        server.should_exit = True
        server.force_exit = False
        service = server.service
        assert_type(service, HttpService | None)
        if service is not None:
            assert_type(service.active + service.connections + service.requests, int)
            assert_type(await service.wait_closed(), None)
    signal.signal(signal.SIGTERM, server.handle_exit)


async def test_against_the_real_server() -> None:
    async with fasterapi.testing.serve(app, lifespan="off", uds="/run/app.sock") as server:
        assert_type(server, fasterapi.testing.LiveServer)
        assert_type(server.uds, str | None)
    with fasterapi.testing.run(app, raise_server_exceptions=False) as live:
        assert_type(live.url + live.ws_url + live.host, str)
        assert_type(live.port, int)
        assert_type(live.exceptions, list[Exception])


async def test_with_the_fixture(fasterapi_server: ServerFactory) -> None:
    live = fasterapi_server(app, raise_server_exceptions=False, port=0)
    assert_type(live, fasterapi.testing.LiveServer)
    assert_type(await live, fasterapi.testing.LiveServer)
    assert_type(live.server, Server)


def errors() -> str:
    try:
        Config("main")
    except ConfigError as error:
        assert_type(error, ConfigError)
        return str(error)
    except StartupError as error:
        return str(error)
    return fasterapi.__version__


def loops() -> None:
    with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
        assert_type(runner.run(asyncio.sleep(0, "done")), str)
    with NativeSelector() as selector:
        as_base: selectors.BaseSelector = selector
        assert_type(as_base.select(0), list[tuple[selectors.SelectorKey, int]])
    if sys.version_info < (3, 14):
        policy = fasterapi.EventLoopPolicy()
        assert_type(policy.new_event_loop(), asyncio.AbstractEventLoop)


async def awaitables(ready: Ready[int], waiting: Waiting[str], future: NativeFuture[bytes]) -> None:
    as_coroutine: Coroutine[Any, None, int] = ready
    assert_type(await as_coroutine, int)
    assert_type(await waiting, str)
    assert_type(await future, bytes)
    assert_type(await asyncio.wait_for(sleep(0.1), 1), None)
    assert_type(Reactor.attach(asyncio.get_running_loop()).connections, int)
    assert_type(AccessLog(1, colors=False).dropped, int)
