"""Serving inside a loop that runs already."""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pytest

import fasterapi
from applications import hello
from fasterapi._engine import Reactor
from served import Mode, Serve, listening
from wire import PATIENCE


async def until_started(server: fasterapi.Server) -> None:
    async with asyncio.timeout(PATIENCE):
        while not server.started:
            await asyncio.sleep(0)


def test_reactor_finds_its_mode(mode: Mode) -> None:
    async def main() -> str:
        return Reactor.attach(asyncio.get_running_loop()).mode

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        assert runner.run(main()) == mode.reactor


def test_serve_runs_beside_other_tasks_until_it_is_cancelled(mode: Mode) -> None:
    async def main() -> list[bytes]:
        with listening() as probe:
            port = probe.getsockname()[1]
        serving = asyncio.create_task(
            fasterapi.serve(
                hello, port=port, lifespan="off", access_log=False, log_config=None, install_signal_handlers=False
            )
        )
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            answers: list[bytes] = []
            while not answers:
                with contextlib.suppress(httpx.ConnectError):
                    answers = [(await client.get("/")).content for _ in range(3)]
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        return answers

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        assert runner.run(main()) == [b"hello"] * 3


def test_server_is_an_async_context_manager(mode: Mode) -> None:
    async def main() -> bytes:
        config = fasterapi.Config(hello, port=0, lifespan="off", access_log=False, log_config=None)
        async with fasterapi.Server(config) as server:
            assert server.started
            port = server.sockets[0].getsockname()[1]
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                answer = (await client.get(f"http://127.0.0.1:{port}")).content
        assert not server.started
        return answer

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        assert runner.run(main()) == b"hello"


def test_should_exit_set_in_the_loop_ends_serve(mode: Mode) -> None:
    async def main() -> None:
        config = fasterapi.Config(
            hello, port=0, lifespan="off", access_log=False, log_config=None, install_signal_handlers=False
        )
        server = fasterapi.Server(config)
        serving = asyncio.create_task(server.serve())
        await until_started(server)
        server.should_exit = True
        await asyncio.wait_for(serving, PATIENCE)

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        runner.run(main())


def test_should_exit_set_from_another_thread_ends_serve(serve: Serve) -> None:
    served = serve(hello)
    with served.connect() as wire:
        assert wire.ask().body == b"hello"
    served.server.should_exit = True
    served.join()


def test_loop_goes_on_after_the_server(mode: Mode) -> None:
    async def main() -> None:
        for _ in range(3):
            config = fasterapi.Config(hello, port=0, lifespan="off", access_log=False, log_config=None)
            async with fasterapi.Server(config) as server:
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                writer.write(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")
                assert (await reader.read()).endswith(b"hello")
                writer.close()
        await asyncio.sleep(0.001)
        echoed = await asyncio.create_subprocess_exec("echo", "alive", stdout=asyncio.subprocess.PIPE)
        assert (await echoed.communicate())[0] == b"alive\n"

    if mode is Mode.BARE:
        pytest.skip("a subprocess's pipes need add_reader")
    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        runner.run(main())
