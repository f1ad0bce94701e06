"""The server: startup, serving, shutdown."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from contextvars import Context, copy_context
from logging import Logger
from socket import socket
from types import FrameType, TracebackType
from typing import Any, Self, Unpack

from fasterapi import _engine, logs
from fasterapi.config import Application, Config, Options
from fasterapi.environment import load_env_file, one_worker, trusted_peers
from fasterapi.errors import ApplicationError, StartupError
from fasterapi.importer import load_application
from fasterapi.lifespan import Lifespan, LifespanError
from fasterapi.listening import Listeners
from fasterapi.loops import loop_factory
from fasterapi.signals import Signals
from fasterapi.substitutes import substitutions
from fasterapi.tracing import traced

__all__ = ["STARTUP_FAILURE", "Server", "run", "serve"]

STARTUP_FAILURE = 3
"""The exit status of a process whose server could not start."""

_CANCEL_GRACE = 1.0
"""Seconds that cancelled requests and tasks get to clean up."""


def run(app: Any, **options: Unpack[Options]) -> None:
    """Serves `app` until SIGINT or SIGTERM, in a loop of its own; with `reload=True` in a process of its own.

    Options are those of `Config`. Exits the process with status 3 if the server cannot start. The second Ctrl-C
    raises KeyboardInterrupt.
    """
    config = Config(app, **options)
    if config.reload:
        from fasterapi.reload import Reloader  # only who reloads pays for it

        Reloader(config).run()
    else:
        Server(config).run()


async def serve(app: Any, **options: Unpack[Options]) -> None:
    """Serves `app` in the running loop until SIGINT, SIGTERM or cancellation. Options are those of `Config`."""
    await Server(Config(app, **options)).serve()


class Server:
    """One application on its sockets.

    `run()` and `serve()` do everything. For tests and notebooks `startup()` and `shutdown()` are the two halves, and
    `async with Server(config) as server:` calls them.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.started: bool = False
        self._should_exit = False
        self._force_exit = False
        self._wake_exit = asyncio.Event()
        self._wake_force = asyncio.Event()
        self._signals = Signals(self.handle_exit)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: Application | None = None
        self._listeners: Listeners | None = None
        self._lifespan: Lifespan | None = None
        self._service: _engine.HttpService | None = None
        self._limit: int | None = None
        if config.limit_max_requests is not None:
            self._limit = config.limit_max_requests + random.randint(0, config.limit_max_requests_jitter)
        self._level = logs.level_number(config.log_level)
        logs.configure(config.log_config, self._level, config.use_colors)
        if config.env_file is not None:
            load_env_file(config.env_file, self._error_logger())
        if not config.reload and (config.reload_dirs or config.reload_includes or config.reload_excludes):
            self._error_logger().warning("The options of reload have no effect alone: add --reload, or reload=True.")
        # The file may have named them.
        self._trusted_peers = trusted_peers(config.forwarded_allow_ips) if config.proxy_headers else None
        for substitution in substitutions(config):
            self._error_logger().debug("%s", substitution)

    @property
    def should_exit(self) -> bool:
        """True ends `serve()`, from any thread: requests under way are finished first."""
        return self._should_exit

    @should_exit.setter
    def should_exit(self, value: bool) -> None:
        self._should_exit = value
        self._wake(self._wake_exit, value)

    @property
    def force_exit(self) -> bool:
        """True ends `shutdown()`, from any thread: requests under way are cancelled."""
        return self._force_exit

    @force_exit.setter
    def force_exit(self, value: bool) -> None:
        self._force_exit = value
        self._wake(self._wake_force, value)

    @property
    def sockets(self) -> list[socket]:
        """The bound sockets, from `startup()` to `shutdown()`."""
        return [] if self._listeners is None else list(self._listeners.sockets)

    @property
    def service(self) -> _engine.HttpService | None:
        """The engine's side of this server, once started."""
        return self._service

    def load(self) -> None:
        """Imports the application, if that has not been done."""
        if self._app is None:
            app: Application = load_application(
                self.config.app,
                factory=self.config.factory,
                interface=self.config.interface,
                logger=self._error_logger(),
            )
            self._app = traced(app, self._error_logger())

    def run(self, sockets: Sequence[socket] | None = None) -> None:
        """Serves in a loop of its own, as `fasterapi.run()` does."""
        if sockets is None:
            one_worker(self.config.workers)
        try:
            self.load()
            with ExitStack() as stack:
                runner = stack.enter_context(asyncio.Runner(loop_factory=loop_factory(self.config.loop)))
                try:
                    runner.run(self._serve_captured(sockets))
                finally:
                    if self._force_exit or self._has_deaf_tasks():
                        # Closing the runner would wait for them without end.
                        stack.pop_all()
                        self._abandon(runner.get_loop())
        except StartupError as error:
            self._report(error)
            sys.exit(STARTUP_FAILURE)
        with suppress(KeyboardInterrupt):
            self._signals.raise_captured()

    async def serve(self, sockets: Sequence[socket] | None = None) -> None:
        """Serves in the running loop until `should_exit`, a signal or cancellation."""
        await self._serve_captured(sockets)
        self._signals.raise_captured()

    async def startup(self, sockets: Sequence[socket] | None = None) -> None:
        """Binds, runs the application's startup and accepts connections. Raises StartupError if it cannot."""
        if self._service is not None:
            raise RuntimeError("this server has been started before: make a new Server")
        self._loop = asyncio.get_running_loop()
        self.load()
        assert self._app is not None
        self._listeners = Listeners(self.config, sockets)
        self._lifespan = Lifespan(self._app, self.config.lifespan, self._error_logger())
        try:
            await self._lifespan.startup()
        except BaseException:
            self._listeners.close()
            self._lifespan.cancel()
            raise
        try:
            self._accept(self._app, self._listeners, self._lifespan.state)
        except BaseException:
            self._abort()
            await self._lifespan.shutdown()
            raise

    async def shutdown(self) -> None:
        """Stops accepting, lets requests under way finish, and runs the application's shutdown."""
        if not self.started:
            return
        self.started = False
        self._error_logger().info("Shutting down")
        self._close_listeners()
        await self._drain()
        if self._lifespan is not None and not self.force_exit:
            await self._end_lifespan(self._lifespan)

    def install_signal_handlers(self) -> None:
        """Makes SIGINT and SIGTERM call `handle_exit`, until `serve()` returns."""
        self._signals.install()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The signal handler: the first signal ends the server, a second SIGINT forces it."""
        self._signals.captured.append(sig)
        if not (self.should_exit and sig == signal.SIGINT):
            self.should_exit = True
            return
        self.force_exit = True
        if frame is not None:
            # Whatever runs now may never give the loop its turn again.
            raise KeyboardInterrupt

    async def __aenter__(self) -> Self:
        await self.startup()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.shutdown()

    async def _serve_captured(self, sockets: Sequence[socket] | None) -> None:
        if self.config.install_signal_handlers:
            self.install_signal_handlers()
        try:
            await self._serve(sockets)
        finally:
            self._signals.restore()

    async def _serve(self, sockets: Sequence[socket] | None) -> None:
        process = os.getpid()
        self._error_logger().info("Started server process [%d]", process)
        try:
            await self.startup(sockets)
            if not self.should_exit:
                await self._wake_exit.wait()
            await self.shutdown()
        except asyncio.CancelledError:
            await self._stop_now()
            raise
        except BaseException:
            self._abort()
            raise
        self._error_logger().info("Finished server process [%d]", process)

    def _accept(self, app: Application, listeners: Listeners, state: dict[str, Any]) -> None:
        config = self.config
        loop = asyncio.get_running_loop()
        sink = logs.access_sink(config.log_config, self._level, config.use_colors) if config.access_log else None
        self._service = _engine.HttpService(
            app,
            loop,
            root_path=config.root_path,
            spec_version=config.asgi_spec,
            server_header=config.server_header,
            date_header=config.date_header,
            headers=config.encoded_headers(),
            state=state,
            context=Context() if config.reset_contextvars else copy_context(),
            access_log=sink,
            error_log=self._error_logger(),
            header_timeout=config.header_timeout,
            keep_alive_timeout=config.timeout_keep_alive,
            max_request_line=config.max_request_line,
            max_field=config.max_field,
            max_header_block=config.max_header_block,
            max_fields=config.max_fields,
            max_chunk_extension=config.max_chunk_extension,
            max_chunk_extensions=config.max_chunk_extensions,
            max_trailer_block=config.max_trailer_block,
            max_trailers=config.max_trailers,
            **_websocket_options(config),
            trusted_peers=self._trusted_peers,
            forwarded_headers=tuple(config.forwarded_headers),
            limit_concurrency=config.limit_concurrency,
            limit_requests=self._limit,
            on_limit=self._end_by_limit,
        )
        listeners.listen()
        reactor = _engine.Reactor.attach(loop)
        for listener in listeners.sockets:
            # The engine owns what it gets; this side keeps its socket to name it and to close it.
            reactor.serve(self._service, os.dup(listener.fileno()))
        self.started = True
        self._log_addresses(listeners)

    def _end_by_limit(self) -> None:
        self._error_logger().info("Maximum request limit of %d exceeded. Terminating process.", self._limit)
        self.should_exit = True

    def _log_addresses(self, listeners: Listeners) -> None:
        for name in listeners.names:
            self._error_logger().info("FasterAPI running on %s (Press CTRL+C to quit)", name)

    async def _drain(self) -> None:
        """Waits for the requests under way: to their end, to the deadline, or until forced."""
        service = self._service
        if service is None:
            return
        service.close()
        closed = asyncio.ensure_future(service.wait_closed())
        forced = asyncio.ensure_future(self._wake_force.wait())
        try:
            if service.active and not self.force_exit:
                self._error_logger().info("Waiting for connections to close. (CTRL+C to force quit)")
            waiting = {closed, forced}
            await asyncio.wait(
                waiting, timeout=self.config.timeout_graceful_shutdown, return_when=asyncio.FIRST_COMPLETED
            )
            if not closed.done():
                cancelled = service.abort()
                if not self.force_exit:
                    self._error_logger().error(
                        "Cancel %s running task(s), timeout graceful shutdown exceeded", cancelled
                    )
                await asyncio.wait({closed}, timeout=_CANCEL_GRACE)
        finally:
            closed.cancel()
            forced.cancel()

    async def _end_lifespan(self, lifespan: Lifespan) -> None:
        """Runs the application's shutdown: to its end, to the deadline, or until forced."""
        ended = asyncio.ensure_future(lifespan.shutdown())
        forced = asyncio.ensure_future(self._wake_force.wait())
        try:
            timeout = self.config.timeout_graceful_shutdown
            await asyncio.wait({ended, forced}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                if not self.force_exit:
                    self._error_logger().error("Cancel application shutdown, timeout graceful shutdown exceeded")
                await lifespan.give_up(_CANCEL_GRACE)
        finally:
            ended.cancel()
            forced.cancel()

    async def _stop_now(self) -> None:
        """What a cancelled `serve()` owes the application: its requests are cancelled, its shutdown runs."""
        self._abort()
        if self._service is None or self._lifespan is None:
            return
        closed = asyncio.ensure_future(self._service.wait_closed())
        await asyncio.wait({closed}, timeout=_CANCEL_GRACE)
        closed.cancel()
        if not self.force_exit:
            await self._end_lifespan(self._lifespan)

    def _abort(self) -> None:
        self.started = False
        self._close_listeners()
        if self._service is not None:
            self._service.close()
            self._service.abort()

    def _close_listeners(self) -> None:
        if self._listeners is not None:
            self._listeners.close()

    def _abandon(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancels what runs and waits a moment only: what does not listen to its cancellation is left behind."""
        if self._lifespan is not None:
            self._lifespan.cancel()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks, timeout=_CANCEL_GRACE))
        self._signals.restore()

    def _has_deaf_tasks(self) -> bool:
        """Whether requests or the lifespan go on although they were cancelled."""
        requests = self._service is not None and self._service.active > 0
        return requests or (self._lifespan is not None and self._lifespan.is_deaf)

    def _report(self, error: StartupError) -> None:
        if isinstance(error, LifespanError):
            return  # The lifespan has logged what the application said.
        cause = error.__cause__ if isinstance(error, ApplicationError) else None
        self._error_logger().error("%s", error, exc_info=cause)

    def _error_logger(self) -> Logger:
        return logs.error_logger(self.config.log_config, self._level, self.config.use_colors)

    def _wake(self, event: asyncio.Event, value: bool) -> None:
        change = event.set if value else event.clear
        if self._loop is None or self._loop.is_closed():
            change()
        else:
            self._loop.call_soon_threadsafe(change)


def _websocket_options(config: Config) -> dict[str, Any]:
    return {
        "websocket": config.ws != "none",
        "ws_max_size": config.ws_max_size,
        "ws_max_queue": config.ws_max_queue,
        "ws_ping_interval": config.ws_ping_interval or None,
        "ws_ping_timeout": config.ws_ping_timeout or None,
        "ws_deflate": config.ws_per_message_deflate,
        "ws_deflate_memory": config.ws_deflate_memory,
    }
