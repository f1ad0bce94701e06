"""An application served by uvicorn, with the face of `Served`: what the suites compare with."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import uvicorn

from served import Errors, listening
from wire import PATIENCE, Wire

T = TypeVar("T")


class Reference:
    """A running uvicorn on a loop of its own, in a thread of its own. What it logs is not held against the test."""

    def __init__(self, app: Any, *, listener: socket.socket | None = None, **options: Any) -> None:
        options = {"access_log": False, "log_config": None, "lifespan": "off", "loop": "asyncio", **options}
        self.socket = listener or listening()
        self.address: Any = self.socket.getsockname()
        self.server = uvicorn.Server(uvicorn.Config(app, **options))
        self.errors = Errors("uvicorn.error")
        self.loop: asyncio.AbstractEventLoop
        self._forced = options["lifespan"] == "off"
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reference", daemon=True)
        self._thread.start()
        assert self._running.wait(PATIENCE), "uvicorn's loop did not start"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def connect(self, **options: Any) -> Wire:
        return Wire(self.address, **options)

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine on the server's loop and returns its result."""
        return asyncio.run_coroutine_threadsafe(function(), self.loop).result(PATIENCE)

    def settle(self) -> None:
        """Lets the loop finish all that is ready."""

        async def turns() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        self.call(turns)

    def wait_until_idle(self) -> None:
        """Waits until no connection is left."""

        async def watch() -> None:
            async with asyncio.timeout(PATIENCE):
                while self.server.server_state.connections:
                    await asyncio.sleep(0.001)

        self.call(watch)

    def stop(self) -> None:
        """Ends the server, at once where no lifespan is to end."""
        self.server.force_exit = self._forced
        self.server.should_exit = True
        self.join()
        self.errors.close()
        # A logger that does not propagate gets handlers from pytest, and the next server would take it for configured.
        logging.getLogger("uvicorn.error").propagate = True

    def join(self) -> None:
        """Waits for the server to end by itself."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "uvicorn did not end"
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        # uvicorn's own would take the process's signals.
        logging.getLogger("uvicorn.error").propagate = False
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._running.set()
        await self.server.serve(sockets=[self.socket])
