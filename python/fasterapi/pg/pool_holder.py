"""A place for one connection in a pool."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import weakref
from typing import TYPE_CHECKING, Any

from fasterapi.pg import connection, exceptions
from fasterapi.pg.pool_proxy import PoolConnectionProxy

if TYPE_CHECKING:
    from fasterapi.pg.pool import Pool

# What a server says that goes away, and what one says that has become a standby.
_EVICTING = {"57P01", "57P02", "57P03", "57P04", "57P05", "25006"}


class PoolConnectionHolder:
    """A place that has a connection, or can have one; lent to one user at a time."""

    __slots__ = (
        "__weakref__",
        "_codecs",
        "_con",
        "_due",
        "_expires",
        "_idle_since",
        "_in_use",
        "_loop",
        "_outdated",
        "_plain_reset",
        "_pool",
        "_proxy",
        "_released",
        "_retired",
        "_timeout",
    )

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._loop = pool._loop
        self._con: connection.Connection | None = None
        self._proxy: PoolConnectionProxy | None = None
        # Lent out; None when not.
        self._in_use: bool | None = None
        # Done when it is lent out no longer, if anybody waits for that.
        self._released: asyncio.Future[None] | None = None
        # Of the loan: how long its return may take.
        self._timeout: float | None = None
        # The connection is of an earlier generation of the pool's, or the place goes.
        self._outdated = False
        # Before it is lent it is to be closed, or to be given codecs.
        self._due = False
        # When the connection has lived for long enough.
        self._expires: float | None = None
        self._idle_since = 0.0
        # How many of the pool's codecs the connection has.
        self._codecs = 0
        # The connection is reset by a query alone, which nobody has to wait for.
        self._plain_reset = False
        # The pool has become smaller: the place goes when it is free.
        self._retired = False

    @property
    def _inactive_callback(self) -> asyncio.TimerHandle | None:
        """The timer that would close the idle connection: the pool's."""
        return None if self._in_use else self._pool._idle_timer

    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self._con is not None and not self._con.is_closed()

    def is_idle(self) -> bool:
        """Whether it is not lent out."""
        return not self._in_use

    async def connect(self) -> None:
        """Opens a connection."""
        if self.is_connected():
            raise exceptions.InternalClientError("PoolConnectionHolder.connect() called while a connection is open")
        pool = self._pool
        generation = pool._generation
        con = await pool._get_new_connection()
        if con.is_closed():
            raise exceptions.ConnectionDoesNotExistError("the connection was closed while it was being set up")
        # What was set for the pool while it connected counts for the next one.
        self._outdated = self._retired or generation != pool._generation
        self._idle_since = self._loop.time()
        self._expires = None if pool._max_lifetime is None else self._idle_since + pool._max_lifetime
        self._codecs = 0
        self._due = self._outdated or bool(pool._codecs)
        kind = type(con)
        own = connection.Connection
        self._plain_reset = pool._reset is None and kind.reset is own.reset and kind._reset is own._reset
        self._con = con
        con._pool_holder = weakref.ref(self)
        pool._connected(self)

    def lend(self, timeout: float | None) -> PoolConnectionProxy:
        """What the user gets."""
        con = self._con
        assert con is not None
        self._timeout = timeout
        proxy = self._proxy = PoolConnectionProxy(self, con)
        return proxy

    def fail_setup(self, proxy: PoolConnectionProxy) -> None:
        """Takes back what could not be lent: the proxy keeps its connection, which is closed."""
        self._proxy = None
        if proxy._con is not None:
            proxy._con.terminate()

    async def ready(self) -> "connection.Connection":
        """The connection, opened anew if it is gone, worn out, or does not pass the check."""
        pool = self._pool
        if self.is_connected() and self.is_worn_out():
            self.discard()
        if self.is_connected() and pool._check is not None and self._con is not None:
            try:
                await pool._check(self._con)
            except Exception:
                pool._discarded += 1
                self.terminate()
            except BaseException:
                self.terminate()
                raise
        if not self.is_connected():
            self._con = None
            await self.connect()
        con = self._con
        assert con is not None
        if self._codecs < len(pool._codecs):
            await self._set_codecs(con)
        self._due = self._outdated
        return con

    async def _set_codecs(self, con: "connection.Connection") -> None:
        codecs = self._pool._codecs
        # More may come meanwhile.
        while self._codecs < len(codecs):
            entry = codecs[self._codecs]
            if entry is not None:
                typename, options = entry
                await con.set_type_codec(typename, **options)
            self._codecs += 1

    def is_fit(self) -> bool:
        """Whether there is a connection that can be lent, with nothing done to it before."""
        con = self._con
        return (
            not self._due
            and con is not None
            and con._protocol.is_fit(self._pool._max_queries)
            and (self._expires is None or self._loop.time() < self._expires)
        )

    def is_worn_out(self) -> bool:
        """Whether the connection must not be lent again."""
        con = self._con
        return (
            self._outdated
            or (con is not None and con._protocol.queries_count >= self._pool._max_queries)
            or (self._expires is not None and self._loop.time() >= self._expires)
        )

    def retire(self) -> None:
        """The pool becomes smaller by this place."""
        self._retired = True
        self.outdate()

    def outdate(self) -> None:
        """The connection is to be closed when it comes back."""
        self._outdated = True
        self._due = True

    def discard(self) -> None:
        """Closes the connection behind the user's back."""
        con, self._con = self._con, None
        if con is not None:
            con._pool_holder = None
            self._pool._discarded += 1
            self._pool._in_background(con.close())

    def give_back(self, con: "connection.Connection", error: BaseException | None = None) -> bool:
        """Ends a loan, if that can be done at once: the reset goes out, and nobody waits for it."""
        if self._con is not con:
            # It was closed, and the place free since then.
            return True
        if (
            not self._plain_reset
            or con._top_xact is not None
            or not self.is_fit()
            or (error is not None and is_evicting(error))
        ):
            return False
        con._on_release()
        if con._listeners or con._log_listeners:
            con._listeners.clear()
            con._log_listeners.clear()
        if con._held_begin is not None:
            con._drop_begin()
        query = con.get_reset_query()
        if query:
            con._protocol.post(query)
        self._release()
        return True

    async def release(self, con: "connection.Connection", timeout: float | None, error: BaseException | None) -> None:
        """Ends a loan, with all that takes time."""
        con._on_release()
        pool = self._pool
        try:
            async with asyncio.timeout(timeout):
                if con._cancellations:
                    await asyncio.wait(con._cancellations)
                if con.is_closed():
                    # Its own end has freed the place, unless nobody has told it of that.
                    con._cleanup()
                elif self.is_worn_out() or (error is not None and is_evicting(error)):
                    pool._discarded += 1
                    await con.close()
                elif pool._reset is None:
                    await con.reset(timeout=timeout)
                else:
                    await con._reset()
                    await pool._reset(con)
        except BaseException:
            # Nobody knows what state it is in.
            con.terminate()
            raise
        if self._con is con:
            self._release()

    async def wait_until_released(self) -> None:
        """Waits until it is lent out no longer."""
        if self._in_use is None:
            return
        if self._released is None:
            self._released = self._loop.create_future()
        await asyncio.shield(self._released)

    async def close(self) -> None:
        """Closes the connection."""
        if self._con is not None:
            await self._con.close()

    def terminate(self) -> None:
        """Closes the connection at once."""
        if self._con is not None:
            self._con.terminate()

    def _release_on_close(self) -> None:
        """The connection is gone; the place is free, unless somebody is about to fill it."""
        self._con = None
        if self._in_use:
            self._release()
        self._pool._schedule_min_size_maintenance()

    def _release(self) -> None:
        if self._in_use is None:
            return
        self._in_use = None
        if self._released is not None:
            if not self._released.done():
                self._released.set_result(None)
            self._released = None
        if self._proxy is not None:
            self._proxy._detach()
            self._proxy = None
        self._pool._freed(self)


def is_evicting(error: Any) -> bool:
    """Whether an error says that the server is no place to come back to."""
    for _ in range(4):
        if getattr(error, "sqlstate", None) in _EVICTING or isinstance(error, BrokenPipeError):
            return True
        error = getattr(error, "__cause__", None) or getattr(error, "__context__", None)
    return False
