"""A server for the length of a block."""

import asyncio
import threading
import traceback
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import partial
from typing import Any, Self, Unpack

from fasterapi.config import Config, Options
from fasterapi.errors import StartupError
from fasterapi.loops import LoopFactory, loop_factory
from fasterapi.server import Server
from fasterapi.testing.witness import Witness

__all__ = ["LiveServer", "run", "serve"]

_DEFAULTS: Options = {
    "port": 0,
    "timeout_graceful_shutdown": 5.0,
    "access_log": False,
    "log_config": None,
    "install_signal_handlers": False,
}
"""What a test wants otherwise than a process: a free port, an end, and the log where pytest captures it."""

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


class LiveServer:
    """A running server and the way to it."""

    def __init__(self, server: Server, exceptions: list[Exception]) -> None:
        self.server: Server = server
        self.exceptions: list[Exception] = exceptions
        """What the application has raised so far. What is taken out of the list is not raised at the end."""
        self._name: Any = server.sockets[0].getsockname()

    @property
    def uds(self) -> str | None:
        """The path of the Unix socket; None where the server listens on a port."""
        return self._name if isinstance(self._name, str) else None

    @property
    def host(self) -> str:
        """The address to connect to; "localhost" where the server listens on a Unix socket."""
        if self.uds is not None:
            return "localhost"
        return _ANYWHERE.get(self._name[0], str(self._name[0]))

    @property
    def port(self) -> int:
        """The port to connect to."""
        if self.uds is not None:
            raise RuntimeError(f'this server has no port: connect to the Unix socket "{self.uds}"')
        return int(self._name[1])

    @property
    def url(self) -> str:
        """`http://host:port`, without a slash at the end."""
        return f"http://{self._authority()}"

    @property
    def ws_url(self) -> str:
        """`ws://host:port`, without a slash at the end."""
        return f"ws://{self._authority()}"

    def __await__(self) -> Generator[Any, Any, Self]:
        """The server itself, so that asynchronous tests may write `await fasterapi_server(app)`."""
        yield from ()
        return self

    def _authority(self) -> str:
        if self.uds is not None:
            return "localhost"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@asynccontextmanager
async def serve(
    app: Any, *, raise_server_exceptions: bool = True, **options: Unpack[Options]
) -> AsyncGenerator[LiveServer]:
    """Serves `app` in the running loop for the length of the block, on a free port. Its lifespan is run.

    What the application raises is answered as always, and raised again at the end of the block. Where the block itself
    fails, the application's exceptions become notes of the block's. With `raise_server_exceptions=False` they are only
    listed in `LiveServer.exceptions`.

    Options are those of `Config`. Here `port` is 0, requests under way get 5 seconds at the end, no access log is
    written, and logging and signals are left alone.
    """
    settings: Options = {**_DEFAULTS, **options}
    server = _WitnessedServer(Config(app, **settings))
    witness = server.witness
    try:
        await server.startup()
    except StartupError as error:
        raise error from (witness.startup_exception or error.__cause__)
    surfacing = _surfaced(witness.exceptions) if raise_server_exceptions else nullcontext()
    with surfacing:
        try:
            yield LiveServer(server, witness.exceptions)
        finally:
            await server.shutdown()


@contextmanager
def run(app: Any, *, raise_server_exceptions: bool = True, **options: Unpack[Options]) -> Generator[LiveServer]:
    """Serves `app` for the length of the block in a loop and a thread of its own. All else is as with `serve`."""
    thread = _ServerThread(app, options)
    server = thread.wait_started()
    surfacing = _surfaced(server.exceptions) if raise_server_exceptions else nullcontext()
    with surfacing:
        try:
            yield server
        finally:
            thread.stop()


class _WitnessedServer(Server):
    """A server that keeps what its application raises."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.load()
        assert self._app is not None
        self.witness = Witness(self._app)
        self._app = self.witness


class _ServerThread:
    """A thread with a loop in which one server runs."""

    def __init__(self, app: Any, options: Options) -> None:
        self._started: Future[LiveServer] = Future()
        self._ended: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        make_loop = loop_factory(options.get("loop", "auto"))
        work = partial(self._work, partial(serve, app, raise_server_exceptions=False, **options), make_loop)
        # A daemon, so that an application which does not end cannot keep the process.
        threading.Thread(target=work, name="fasterapi.testing", daemon=True).start()

    def wait_started(self) -> LiveServer:
        """The server, once it accepts. Raises what kept it from that."""
        return self._started.result()

    def stop(self) -> None:
        """Ends the server and waits for it."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._ended.result()

    def _work(self, serving: Callable[[], AbstractAsyncContextManager[LiveServer]], make_loop: LoopFactory) -> None:
        try:
            with asyncio.Runner(loop_factory=make_loop) as runner:
                runner.run(self._hold(serving))
        except BaseException as error:
            (self._ended if self._started.done() else self._started).set_exception(error)
        else:
            self._ended.set_result(None)

    async def _hold(self, serving: Callable[[], AbstractAsyncContextManager[LiveServer]]) -> None:
        self._loop = asyncio.get_running_loop()
        async with serving() as server:
            self._started.set_result(server)
            await self._stop.wait()


@contextmanager
def _surfaced(exceptions: list[Exception]) -> Generator[None]:
    """Raises the application's exceptions at the end of the block, or adds them to what the block raises."""
    try:
        yield
    except BaseException as error:
        for one in exceptions:
            text = "".join(traceback.format_exception(one)).rstrip()
            error.add_note(f"The application had raised:\n{text}")
        raise
    if len(exceptions) == 1:
        raise exceptions[0]
    if exceptions:
        raise ExceptionGroup("the application raised", list(exceptions))
