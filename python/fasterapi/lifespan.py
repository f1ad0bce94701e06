"""The lifespan protocol: the application is told of start and end, and hands over its state."""

import asyncio
import logging
from collections.abc import MutableMapping
from typing import Any, Literal

from fasterapi.config import Application
from fasterapi.errors import StartupError

__all__ = ["Lifespan", "LifespanError"]

_Message = MutableMapping[str, Any]

_WRONG_STATE = "Got invalid state transition on lifespan protocol."


class LifespanError(StartupError):
    """The application said that it cannot start, or crashed while starting. What it said has been logged."""


class Lifespan:
    """One run of the application's lifespan.

    auto: an exception before `lifespan.startup.complete` means that the application does not know the protocol.
    on: it means that the application failed to start. off: the application is not asked.
    """

    def __init__(self, app: Application, mode: Literal["auto", "on", "off"], logger: logging.Logger) -> None:
        self.state: dict[str, Any] = {}
        self._app = app
        self._mode = mode
        self._logger = logger
        self._inbox: asyncio.Queue[_Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._is_complete = False
        self._startup_failed = False
        self._shutdown_failed = False
        self._has_crashed = False
        self._is_ending = False
        self._is_cancelled = False
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Runs the application's startup. Raises LifespanError if the server must not start."""
        if self._mode == "off":
            return
        self._logger.info("Waiting for application startup.")
        self._task = asyncio.create_task(self._run(), name="fasterapi lifespan")
        self._inbox.put_nowait({"type": "lifespan.startup"})
        await self._started.wait()
        if self._startup_failed or (self._has_crashed and self._mode == "on"):
            self._logger.error("Application startup failed. Exiting.")
            raise LifespanError("the application failed to start")
        self._logger.info("Application startup complete.")

    async def shutdown(self) -> None:
        """Runs the application's shutdown, once."""
        if self._task is None or self._has_crashed or self._is_ending:
            return
        self._is_ending = True
        self._logger.info("Waiting for application shutdown.")
        self._inbox.put_nowait({"type": "lifespan.shutdown"})
        await self._stopped.wait()
        if self._shutdown_failed or self._has_crashed:
            self._logger.error("Application shutdown failed. Exiting.")
        else:
            self._logger.info("Application shutdown complete.")

    async def give_up(self, patience: float) -> None:
        """Cancels an application whose shutdown takes too long, and waits `patience` seconds for its end."""
        self.cancel()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=patience)

    @property
    def is_deaf(self) -> bool:
        """Whether the application goes on although it was cancelled."""
        return self._is_cancelled and self._task is not None and not self._task.done()

    def cancel(self) -> None:
        """Ends the application's lifespan where it stands; what it says about that is not logged."""
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._receive, self._send)
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._has_crashed = True
            raise
        except BaseException as error:
            self._has_crashed = True
            self._log_crash(error)
        finally:
            self._started.set()
            self._stopped.set()

    def _log_crash(self, error: BaseException) -> None:
        if self._startup_failed or self._shutdown_failed or self._is_cancelled:
            return
        if self._mode == "auto" and not self._is_complete:
            self._logger.info("ASGI 'lifespan' protocol appears unsupported.")
        else:
            self._logger.error("Exception in 'lifespan' protocol\n", exc_info=error)

    async def _receive(self) -> _Message:
        return await self._inbox.get()

    async def _send(self, message: _Message) -> None:
        kind = message["type"]
        if kind in ("lifespan.startup.complete", "lifespan.startup.failed"):
            if self._started.is_set() or self._stopped.is_set():
                raise RuntimeError(_WRONG_STATE)
            self._is_complete = kind == "lifespan.startup.complete"
            self._startup_failed = not self._is_complete
            self._started.set()
        elif kind in ("lifespan.shutdown.complete", "lifespan.shutdown.failed"):
            if not self._started.is_set() or self._stopped.is_set():
                raise RuntimeError(_WRONG_STATE)
            self._shutdown_failed = kind == "lifespan.shutdown.failed"
            self._stopped.set()
        else:
            raise RuntimeError(f"Expected a lifespan message, got {kind!r}.")
        if kind.endswith("failed") and message.get("message") and not self._is_cancelled:
            self._logger.error(message["message"])
