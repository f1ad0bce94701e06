"""An application served by the package on a loop of its own, in a thread of its own."""

from __future__ import annotations

import asyncio
import enum
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import fasterapi
from fasterapi._engine import Reactor
from wire import PATIENCE, Wire

T = TypeVar("T")
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Mode(enum.Enum):
    """The kinds of loop the engine runs in."""

    NATIVE = "native"
    STOCK = "stock"
    UVLOOP = "uvloop"
    BARE = "bare"

    def make_loop(self) -> asyncio.AbstractEventLoop:
        match self:
            case Mode.NATIVE:
                return fasterapi.new_event_loop()
            case Mode.STOCK:
                return asyncio.SelectorEventLoop()
            case Mode.UVLOOP:
                import uvloop

                return uvloop.new_event_loop()
            case Mode.BARE:
                return LoopWithoutReaders()

    @property
    def reactor(self) -> str:
        """What the reactor of such a loop calls its mode."""
        return {Mode.NATIVE: "native", Mode.BARE: "thread"}.get(self, "embedded")


class LoopWithoutReaders(asyncio.SelectorEventLoop):
    """A loop that can watch no descriptor for others, as the Proactor loop is."""

    def _refuse(self, *arguments: object) -> Any:
        raise NotImplementedError

    add_reader = add_writer = _refuse  # type: ignore[assignment]


def listening(family: int = socket.AF_INET, address: str = "127.0.0.1") -> socket.socket:
    """A socket that listens on a free port: who connects before the server runs waits in the backlog."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, 0))
    sock.listen(2048)
    return sock


class Served:
    """A running server. Errors that are logged or reach the loop's handler must be taken, or `stop` fails the test."""

    def __init__(self, app: Any, mode: Mode = Mode.NATIVE, *, debug: bool = False, **options: Any) -> None:
        # The server's deadlines are longer than a test's patience, so that none of them can cover up a lost wake-up.
        patient = {"header_timeout": 6 * PATIENCE, "timeout_keep_alive": 6 * PATIENCE}
        options = {"access_log": False, "log_config": None, "lifespan": "off", **patient, **options}
        self.mode = mode
        self.socket = listening()
        self.address: tuple[str, int] = self.socket.getsockname()
        self.config = fasterapi.Config(app, **options)
        self.server = fasterapi.Server(self.config)
        self.errors = Errors()
        self.failure: BaseException | None = None
        self.loop: asyncio.AbstractEventLoop
        self._debug = debug
        self._forced = options["lifespan"] == "off"
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"served-{mode.value}", daemon=True)
        self._thread.start()
        assert self._running.wait(PATIENCE), "the server's loop did not start"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    def connect(self, **options: Any) -> Wire:
        return Wire(self.address, **options)

    def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Runs a coroutine on the server's loop and returns its result."""
        return asyncio.run_coroutine_threadsafe(function(), self.loop).result(PATIENCE)

    def settle(self) -> None:
        """Lets the loop finish all that is ready, so that what was not sent by then will not be."""

        async def turns() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        self.call(turns)

    def connections(self) -> int:
        """How many connections the engine of this loop holds."""

        async def count() -> int:
            return Reactor.attach(self.loop).connections

        return self.call(count)

    def wait_until_idle(self) -> None:
        """Waits until the engine holds no connection; fails where one stays."""

        async def watch() -> None:
            reactor = Reactor.attach(self.loop)
            async with asyncio.timeout(PATIENCE):
                while reactor.connections:
                    await asyncio.sleep(0.001)

        self.call(watch)

    def stop(self) -> None:
        """Ends the server, at once where no lifespan is to end, and fails on errors nobody took."""
        self.server.force_exit = self._forced
        self.server.should_exit = True
        self.join()
        self.errors.close()
        if self.failure is not None:
            raise self.failure
        assert not self.errors.seen, f"{len(self.errors.seen)} unexpected errors, first {self.errors.seen[0][-2000:]}"

    def join(self) -> None:
        """Waits for the server to end by itself."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server did not end"
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.stop()
        else:
            try:
                self.stop()
            except BaseException as failure:
                assert error is not None
                error.add_note(f"and the server: {failure!r}")

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self.mode.make_loop, debug=self._debug) as runner:
                runner.run(self._serve())
        except BaseException as failure:
            self.failure = failure
        finally:
            self._running.set()

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(lambda loop, context: self.errors.report(context))
        self._running.set()
        await self.server.serve(sockets=[self.socket])


class Serve(Protocol):
    """What the `serve` fixture gives."""

    def __call__(self, app: Any, **options: Any) -> Served: ...


class Errors(logging.Handler):
    """Error records of the server's log and contexts given to the loop's exception handler."""

    def __init__(self, logger: str = "fasterapi.error") -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []
        self._changed = threading.Condition()
        self._logger = logging.getLogger(logger)
        self._logger.addHandler(self)
        self.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._add(self.format(record))

    def report(self, context: dict[str, Any]) -> None:
        self._add(f"loop: {context!r}")

    def take(self, count: int = 1) -> list[str]:
        """Waits for `count` errors and removes them."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.seen) >= count, PATIENCE)
            assert came, f"only {len(self.seen)} of {count} errors were reported: {self.seen}"
            taken, self.seen = self.seen[:count], self.seen[count:]
        return taken

    def close(self) -> None:
        self._logger.removeHandler(self)
        super().close()

    def _add(self, text: str) -> None:
        with self._changed:
            self.seen.append(text)
            self._changed.notify_all()
