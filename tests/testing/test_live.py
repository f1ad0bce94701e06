"""`fasterapi.testing`: a server for the length of a block, in the running loop and in a thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request

import fasterapi
import fasterapi.testing
from applications import Notes, echo, hello, respond
from served import Receive, Scope, Send
from wire import Wire, request


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    """Raises for each path an exception of that text."""
    raise LookupError(scope["path"])


async def lifespan_failing(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "lifespan"
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})
    raise ConnectionError("no database")


async def shutdown_failing(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        raise RuntimeError("the shutdown fails")
    await respond(send)


def test_application_is_served_in_the_running_loop() -> None:
    async def main() -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            loops.append(asyncio.get_running_loop())
            await hello(scope, receive, send)

        async with fasterapi.testing.serve(app, lifespan="off") as server:
            async with httpx.AsyncClient(base_url=server.url) as client:
                assert (await client.get("/")).text == "hello"
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(main())


def test_application_is_served_in_a_thread_that_ends_with_the_block() -> None:
    before = threading.active_count()
    with fasterapi.testing.run(hello) as server:
        assert httpx.get(server.url).text == "hello"
    assert threading.active_count() == before
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_server_says_where_it_is() -> None:
    with fasterapi.testing.run(hello) as server:
        assert server.host == "127.0.0.1"
        assert server.port == server.server.sockets[0].getsockname()[1]
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert server.ws_url == f"ws://127.0.0.1:{server.port}"
        assert server.uds is None


def test_server_on_all_addresses_is_reached_on_this_machine() -> None:
    with fasterapi.testing.run(hello, host="0.0.0.0") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert httpx.get(server.url).text == "hello"


def test_server_on_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with fasterapi.testing.run(hello, uds=path) as server:
        assert (server.uds, server.url, server.ws_url) == (str(path), "http://localhost", "ws://localhost")
        with Wire(str(path)) as wire:
            assert wire.ask().body == b"hello"
        with pytest.raises(RuntimeError, match="has no port"):
            print(server.port)
    assert not path.exists()


def test_lifespan_runs_around_the_block() -> None:
    notes = Notes()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        notes.put("up")
        yield
        notes.put("down")

    with fasterapi.testing.run(Starlette(lifespan=lifespan)):
        assert notes.get() == "up"
        assert notes.empty()
    assert notes.get() == "down"


@pytest.mark.parametrize("loop", ["auto", "asyncio"])
def test_loop_of_the_thread_is_chosen_by_the_option(loop: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, type(getattr(asyncio.get_running_loop(), "_selector", None)).__name__.encode())

    with fasterapi.testing.run(app, loop=loop, lifespan="off") as server:
        assert (httpx.get(server.url).text == "NativeSelector") == (loop == "auto")


def test_application_given_as_a_string_and_as_a_factory() -> None:
    with fasterapi.testing.run("applications:hello") as server:
        assert httpx.get(server.url).text == "hello"
    with fasterapi.testing.run(lambda: hello, factory=True) as server:
        assert httpx.get(server.url).text == "hello"


def test_exception_of_the_application_ends_the_block() -> None:
    with pytest.raises(LookupError, match=r"^/lost$") as caught:
        with fasterapi.testing.run(failing, lifespan="off") as server:
            assert httpx.get(f"{server.url}/lost").status_code == 500
    assert caught.traceback[-1].name == "failing"


def test_exception_of_the_application_ends_the_block_in_the_running_loop() -> None:
    async def main() -> None:
        async with fasterapi.testing.serve(failing, lifespan="off") as server:
            async with httpx.AsyncClient(base_url=server.url) as client:
                assert (await client.get("/lost")).status_code == 500

    with pytest.raises(LookupError, match=r"^/lost$"):
        asyncio.run(main())


def test_several_exceptions_end_the_block_as_a_group() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        with fasterapi.testing.run(failing, lifespan="off") as server:
            for path in ("/1", "/2"):
                httpx.get(server.url + path)
    assert [str(one) for one in caught.value.exceptions] == ["/1", "/2"]


def test_failing_block_keeps_its_exception_with_the_applications_as_a_note() -> None:
    with pytest.raises(AssertionError, match="wanted") as caught:
        with fasterapi.testing.run(failing, lifespan="off") as server:
            assert httpx.get(server.url).status_code == 200, "wanted"
    (note,) = caught.value.__notes__
    assert note.startswith("The application had raised:\nTraceback")
    assert note.endswith("LookupError: /")


def test_exceptions_that_were_taken_do_not_end_the_block() -> None:
    with fasterapi.testing.run(failing, lifespan="off") as server:
        httpx.get(server.url)
        assert str(server.exceptions.pop()) == "/"


def test_exceptions_are_only_listed_where_that_is_asked_for() -> None:
    with fasterapi.testing.run(failing, lifespan="off", raise_server_exceptions=False) as server:
        assert httpx.get(server.url).status_code == 500
    assert [str(one) for one in server.exceptions] == ["/"]


def test_application_that_cannot_start_raises_with_its_cause() -> None:
    with pytest.raises(fasterapi.StartupError) as caught:
        with fasterapi.testing.run(lifespan_failing):
            pass
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_application_that_fails_at_shutdown_ends_the_block() -> None:
    with pytest.raises(RuntimeError, match="the shutdown fails"):
        with fasterapi.testing.run(shutdown_failing) as server:
            assert httpx.get(server.url).status_code == 200


def test_wrong_options_raise_before_anything_runs() -> None:
    before = threading.active_count()
    with pytest.raises(fasterapi.ConfigError, match="port"):
        with fasterapi.testing.run(hello, port=70000):
            pass
    assert threading.active_count() == before


def test_client_that_leaves_is_no_failure() -> None:
    notes = Notes()

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("reads")
        try:
            await Request(scope, receive).body()
        except ClientDisconnect:
            notes.put("left")
            raise

    async def sending(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        notes.put("reads")
        await receive()
        try:
            await respond(send)
        except OSError:
            notes.put("left")
            raise

    with fasterapi.testing.run(reading, lifespan="off") as server:
        with Wire(("127.0.0.1", server.port)) as wire:
            wire.send(request("POST", headers=[(b"content-length", b"9")]))
            assert notes.get() == "reads"
        assert notes.get() == "left"
    with fasterapi.testing.run(sending, lifespan="off", asgi_spec="2.4") as server:
        with Wire(("127.0.0.1", server.port)) as wire:
            wire.send(request())
            assert notes.get() == "reads"
            wire.reset()
        assert notes.get() == "left"


def test_log_is_left_to_the_test() -> None:
    handlers = list(logging.getLogger("fasterapi").handlers)
    with fasterapi.testing.run(hello):
        assert logging.getLogger("fasterapi").handlers == handlers


def test_two_servers_at_once() -> None:
    with fasterapi.testing.run(hello) as one, fasterapi.testing.run(echo) as other:
        assert one.port != other.port
        assert httpx.post(other.url, content=b"x").content == b"x"
        assert httpx.get(one.url).text == "hello"
