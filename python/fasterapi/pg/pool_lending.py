"""Lending the connections of a pool, and taking them back."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from fasterapi.pg import exceptions
from fasterapi.pg.pool_upkeep import PoolUpkeep

if TYPE_CHECKING:
    from fasterapi.pg import connection
    from fasterapi.pg.pool_acquiring import PoolAcquireContext
    from fasterapi.pg.pool_holder import PoolConnectionHolder
    from fasterapi.pg.pool_proxy import PoolConnectionProxy

T = TypeVar("T")


class PoolLending(PoolUpkeep):
    """The part of a pool that knows who has which connection."""

    __slots__ = ("_acquired", "_waited")

    if TYPE_CHECKING:
        _acquired: int
        _check: Callable[[Any], Awaitable[object]] | None
        _closed: bool
        _closing: bool
        _holders: list[PoolConnectionHolder]
        _max_waiting: int | None
        _setup: Callable[[Any], Awaitable[object]] | None
        _waited: int

        def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext: ...
        def _check_init(self) -> None: ...

    async def _with_one(self, operation: Callable[["connection.Connection"], Awaitable[T]]) -> T:
        """Runs an operation on a connection, without the proxy that a user would need."""
        if self._setup is not None:
            async with self.acquire() as lent:
                return await operation(lent)
        holder = self._borrow_now()
        if holder is None:
            holder = await self._borrow()
        con = cast("connection.Connection", holder._con)
        try:
            result = await operation(con)
        except BaseException as error:
            if not holder.give_back(con, error):
                await self._give_back_slowly(holder, con, None, error)
            raise
        if not holder.give_back(con):
            await self._give_back_slowly(holder, con, None, None)
        return result

    async def _acquire(self, timeout: float | None) -> "PoolConnectionProxy":
        if timeout is None and self._setup is None:
            holder = self._borrow_now()
            if holder is None:
                holder = await self._borrow()
            return holder.lend(timeout)
        async with asyncio.timeout(timeout):
            holder = await self._borrow()
            proxy = holder.lend(timeout)
            if self._setup is not None:
                try:
                    await self._setup(proxy)
                except BaseException:
                    # Nobody knows what the function has done before it failed.
                    holder.fail_setup(proxy)
                    raise
        return proxy

    def _borrow_now(self) -> "PoolConnectionHolder | None":
        """An idle connection that needs nothing done to it, if there is one."""
        if self._check is not None or self._closing or self._closed:
            return None
        holder = self._queue.get_fit()
        if holder is not None:
            self._acquired += 1
            holder._in_use = True
        return holder

    async def _borrow(self) -> "PoolConnectionHolder":
        """A connection, once there is one that can be used."""
        self._check_lending()
        holder = self._queue.get_nowait()
        if holder is None:
            if self._max_waiting is not None and self._queue.waiting() >= self._max_waiting:
                raise exceptions.InterfaceError(
                    f"{self._max_waiting} acquirers wait for a connection of the pool already, as max_waiting allows"
                )
            self._waited += 1
            waiter = self._queue.join()
            try:
                holder = await waiter
            except BaseException:
                self._queue.leave(waiter)
                raise
            if self._closing or self._closed:
                self._freed(holder)
                self._check_lending()
        if self._check is not None or not holder.is_fit():
            try:
                await holder.ready()
            except BaseException:
                self._freed(holder)
                raise
        self._acquired += 1
        holder._in_use = True
        return holder

    def _check_lending(self) -> None:
        if not self._initialized or self._closed:
            self._check_init()
        if self._closing:
            raise exceptions.InterfaceError("pool is closing")

    async def _take_back(
        self, proxy: "PoolConnectionProxy", timeout: float | None, error: BaseException | None
    ) -> None:
        con = proxy._con
        if con is None:
            # Taken back already, or closed meanwhile.
            return
        holder = proxy._holder
        timeout = holder._timeout if timeout is None else timeout
        # Who says how long it may take wants to know that it did.
        if timeout is None and holder.give_back(con, error):
            return
        proxy._detach()
        await self._give_back_slowly(holder, con, timeout, error)

    async def _give_back_slowly(
        self,
        holder: "PoolConnectionHolder",
        con: "connection.Connection",
        timeout: float | None,
        error: BaseException | None,
    ) -> None:
        # It goes on when the user is cancelled.
        await asyncio.shield(self._loop.create_task(holder.release(con, timeout, error)))

    def _freed(self, holder: "PoolConnectionHolder") -> None:
        """A place is free."""
        if holder._retired:
            holder.discard()
            if holder in self._holders:
                self._holders.remove(holder)
        elif self._initialized:
            self._queue.put_nowait(holder)
