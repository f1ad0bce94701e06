"""Who gets the next free connection of a pool."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import collections
from typing import TYPE_CHECKING

from fasterapi._engine import Reactor

if TYPE_CHECKING:
    from fasterapi._engine import NativeFuture
    from fasterapi.pg.pool_holder import PoolConnectionHolder


class HolderQueue:
    """The free holders, and those who wait for one, in the order of their coming.

    A holder is handed to the first who waits; it is never both free and waited for.
    """

    __slots__ = ("_idle", "_loop", "_reactor", "_vacant", "_waiters")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Connected; the last used on top, so that the others can expire.
        self._idle: list[PoolConnectionHolder] = []
        # Without a connection.
        self._vacant: list[PoolConnectionHolder] = []
        self._waiters: collections.deque[NativeFuture[PoolConnectionHolder]] = collections.deque()
        self._reactor: Reactor | None = None

    def qsize(self) -> int:
        """How many are free."""
        return len(self._idle) + len(self._vacant)

    def waiting(self) -> int:
        """How many wait."""
        return sum(not waiter.done() for waiter in self._waiters)

    def put_nowait(self, holder: "PoolConnectionHolder") -> None:
        """Frees a holder."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(holder)
                return
        if holder.is_connected():
            holder._idle_since = self._loop.time()
            self._idle.append(holder)
        else:
            self._vacant.append(holder)

    def get_fit(self) -> "PoolConnectionHolder | None":
        """The free holder that was used last, if its connection can be lent as it is."""
        return self._idle.pop() if self._idle and self._idle[-1].is_fit() else None

    def get_nowait(self) -> "PoolConnectionHolder | None":
        """A free holder, with a connection if there is one."""
        while self._idle:
            holder = self._idle.pop()
            if holder.is_connected():
                return holder
            self._vacant.append(holder)
        return self._vacant.pop() if self._vacant else None

    def join(self) -> "NativeFuture[PoolConnectionHolder]":
        """Waits for the next holder that is freed; who stops waiting has to `leave()`."""
        if self._reactor is None:
            self._reactor = Reactor.attach(self._loop)
        waiter: NativeFuture[PoolConnectionHolder] = self._reactor.create_future()
        self._waiters.append(waiter)
        return waiter

    def leave(self, waiter: "NativeFuture[PoolConnectionHolder]") -> None:
        """Waits no longer; a holder that was handed over meanwhile is freed again."""
        if waiter.done() and not waiter.cancelled():
            self.put_nowait(waiter.result())
        else:
            waiter.cancel()
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def get_vacant_nowait(self) -> "PoolConnectionHolder | None":
        """A free holder without a connection."""
        for holder in [holder for holder in self._idle if not holder.is_connected()]:
            self._idle.remove(holder)
            self._vacant.append(holder)
        return self._vacant.pop() if self._vacant else None

    def remove(self, holder: "PoolConnectionHolder") -> bool:
        """Takes a certain holder out; false if it is not free."""
        for free in (self._vacant, self._idle):
            if holder in free:
                free.remove(holder)
                return True
        return False

    def idle(self) -> "list[PoolConnectionHolder]":
        """The free ones with a connection, the least recently used first."""
        return [holder for holder in self._idle if holder.is_connected()]
