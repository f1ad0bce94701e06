"""What a pool does of itself: it comes back to its least size, and closes what is idle for too long."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import logging
import weakref
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fasterapi.pg.pool_holder import PoolConnectionHolder
    from fasterapi.pg.pool_queue import HolderQueue

logger: logging.Logger = logging.getLogger("asyncpg.pool")

# Between two attempts to come back to `min_size`: doubled from the first to the last.
_FIRST_RETRY = 1.0
_LAST_RETRY = 60.0


class PoolUpkeep:
    """The part of a pool that nobody calls."""

    __slots__ = ("_idle_timer", "_maintenance_task")

    if TYPE_CHECKING:
        _background: set[asyncio.Task[None]]
        _idle_timer: asyncio.TimerHandle | None
        _initialized: bool
        _initializing: bool
        _loop: asyncio.AbstractEventLoop
        _maintenance_task: asyncio.Task[None] | None
        _max_inactive_connection_lifetime: float
        _minsize: int
        _queue: HolderQueue

        def get_size(self) -> int: ...
        def is_closing(self) -> bool: ...
        def _freed(self, holder: PoolConnectionHolder) -> None: ...

    def _schedule_min_size_maintenance(self) -> None:
        if (
            self._initialized
            and not self._initializing
            and not self.is_closing()
            and self._minsize
            and self._maintenance_task is None
            and self.get_size() < self._minsize
        ):
            self._maintenance_task = self._loop.create_task(self._maintain_min_size())

    async def _maintain_min_size(self) -> None:
        delay = _FIRST_RETRY
        try:
            while not self.is_closing() and self.get_size() < self._minsize:
                holder = self._queue.get_vacant_nowait()
                if holder is None:
                    # All are lent out, or are being opened.
                    return
                failed = False
                try:
                    await holder.ready()
                except Exception:
                    if self.is_closing():
                        return
                    failed = True
                    logger.warning("Failed to restore the pool connection floor; retrying", exc_info=True)
                finally:
                    self._freed(holder)
                if failed:
                    await asyncio.sleep(delay)
                    delay = min(delay * 2, _LAST_RETRY)
                else:
                    delay = _FIRST_RETRY
        finally:
            self._maintenance_task = None

    async def _stop_maintenance(self) -> None:
        task = self._maintenance_task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _arm_idle_timer(self) -> None:
        """Sets the timer to when the first connection may have been idle for too long."""
        lifetime = self._max_inactive_connection_lifetime
        if self._idle_timer is not None or not lifetime or self.is_closing() or self.get_size() <= self._minsize:
            return
        since = min((holder._idle_since for holder in self._queue.idle()), default=self._loop.time())
        # Weakly: a pool that nobody has can go.
        found: weakref.ref[PoolUpkeep] = weakref.ref(self)
        self._idle_timer = self._loop.call_at(since + lifetime, _expire_idle, found)

    def _expire_idle(self) -> None:
        self._idle_timer = None
        surplus = self.get_size() - self._minsize
        # Spared by a hair's breadth, they would be looked at again at once.
        limit = self._loop.time() - self._max_inactive_connection_lifetime + 0.001
        for holder in sorted(self._queue.idle(), key=lambda idle: idle._idle_since):
            if surplus <= 0 or holder._idle_since > limit:
                break
            surplus -= 1
            holder.discard()
        self._arm_idle_timer()

    def _stop_timers(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background_done)

    def _background_done(self, task: "asyncio.Task[None]") -> None:
        self._background.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.debug("A connection of the pool did not close in order", exc_info=task.exception())


def _expire_idle(found: "weakref.ref[PoolUpkeep]") -> None:
    pool = found()
    if pool is not None:
        pool._expire_idle()
