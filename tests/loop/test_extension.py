"""The example extension, a crate of its own: Rust futures awaited on every kind of loop, beside the engine's module."""

from __future__ import annotations

import asyncio
import gc
import importlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from applications import echo
from fasterapi import _engine
from served import Mode, Served
from wire import PATIENCE, request

T = TypeVar("T")


@pytest.fixture
def extension(request: pytest.FixtureRequest) -> Any:
    if not request.config.getoption("--extension"):
        pytest.importorskip("extension", reason="the example extension is not installed (make test installs it)")
    return importlib.import_module("extension")


@pytest.fixture
def run(mode: Mode) -> Callable[[Coroutine[Any, Any, T]], T]:
    def on_this_kind_of_loop(main: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=mode.make_loop) as runner:
            return runner.run(asyncio.wait_for(main, PATIENCE))

    return on_this_kind_of_loop


def test_sleeps_end_and_give_their_results(extension: Any, run: Any) -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        start = loop.time()
        results = await asyncio.gather(*[extension.nap(0.01 * number) for number in range(5)])
        assert loop.time() - start >= 0.04
        return results

    assert run(main()) == [0.01 * number for number in range(5)]
    assert extension.tokens_left() == 0


def test_stream_of_the_engine_talks_to_a_server(extension: Any, run: Any) -> None:
    with Served(echo, Mode.STOCK) as served:

        async def main() -> list[bytes]:
            body = bytes(300_000)
            raw = request("POST", headers=[(b"connection", b"close")], body=body)
            host, port = served.address
            return await asyncio.gather(*[extension.exchange(f"{host}:{port}", raw) for _ in range(10)])

        for answer in run(main()):
            assert bytes(answer).endswith(bytes(300_000))
    assert extension.tokens_left() == 0


def test_refused_connection_is_an_os_error(extension: Any, run: Any) -> None:
    async def main() -> None:
        with pytest.raises(OSError):
            await extension.exchange("127.0.0.1:1", b"")

    run(main())
    assert extension.tokens_left() == 0


def test_panic_becomes_an_exception_and_the_loop_goes_on(extension: Any, run: Any) -> None:
    async def main() -> float:
        with pytest.raises(RuntimeError, match="as asked"):
            await extension.explode()
        return await extension.nap(0.001)

    assert run(main()) == 0.001
    assert extension.tokens_left() == 0


def test_cancelling_the_task_drops_the_rust_future(extension: Any, run: Any) -> None:
    async def main() -> None:
        async def one() -> None:
            await extension.nap(60)

        tasks = [asyncio.create_task(one()) for _ in range(10)]
        await asyncio.sleep(0.01)
        assert extension.tokens_left() == 10
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError)
        await asyncio.sleep(0.01)
        gc.collect()
        assert extension.tokens_left() == 0

    run(main())


def test_timeout_around_a_rust_future_fires(extension: Any, run: Any) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await extension.nap(60)

    run(main())


def test_generic_runtime_of_pyo3_async_runtimes_runs_on_it(extension: Any, run: Any) -> None:
    async def main() -> list[float]:
        return await asyncio.gather(*[extension.nap_by_runtime(0.005 * number) for number in range(5)])

    assert run(main()) == [0.005 * number for number in range(5)]
    assert extension.tokens_left() == 0


def test_futures_of_the_engine_and_of_the_extension_share_a_loop(extension: Any, run: Any) -> None:
    async def main() -> None:
        await asyncio.gather(_engine.sleep(0.01), extension.nap(0.01), asyncio.sleep(0.01))

    run(main())


def test_loop_may_end_while_a_rust_future_is_pending(extension: Any, mode: Mode) -> None:
    loop = mode.make_loop()

    async def begin() -> Any:
        return asyncio.ensure_future(extension.nap(60))

    pending = loop.run_until_complete(begin())
    pending.cancel()
    loop.run_until_complete(asyncio.gather(pending, return_exceptions=True))
    loop.close()
    gc.collect()
    assert extension.tokens_left() == 0
