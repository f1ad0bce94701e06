"""A pool of connections."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import warnings
from collections.abc import Awaitable, Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from fasterapi.pg import connection, exceptions, protocol
from fasterapi.pg.pool_acquiring import PoolAcquireContext
from fasterapi.pg.pool_holder import PoolConnectionHolder
from fasterapi.pg.pool_lending import PoolLending
from fasterapi.pg.pool_operations import PoolOperations
from fasterapi.pg.pool_proxy import PoolConnectionProxy, PoolConnectionProxyMeta
from fasterapi.pg.pool_queue import HolderQueue
from fasterapi.pg.pool_upkeep import logger
from fasterapi.pg.shared import Databases

if TYPE_CHECKING:
    from fasterapi.pg.protocol import Record

__all__ = [
    "Pool",
    "PoolAcquireContext",
    "PoolConnectionHolder",
    "PoolConnectionProxy",
    "PoolConnectionProxyMeta",
    "PoolStats",
    "create_pool",
]

# After this many seconds a `close()` says that it still waits.
_LONG_CLOSE = 60


class PoolStats(NamedTuple):
    """What a pool does, and has done."""

    size: int
    idle: int
    in_use: int
    waiting: int
    acquired: int
    waited: int
    connected: int
    discarded: int


class Pool(PoolOperations, PoolLending):
    """Connections to be lent out, and taken back, instead of being opened and closed; made by `create_pool()`."""

    __slots__ = (
        "__weakref__",
        "_background",
        "_check",
        "_closed",
        "_closing",
        "_codecs",
        "_connect",
        "_connect_args",
        "_connect_kwargs",
        "_connection_class",
        "_connections",
        "_databases",
        "_discarded",
        "_generation",
        "_holders",
        "_init",
        "_initialized",
        "_initializing",
        "_initsize",
        "_loop",
        "_max_inactive_connection_lifetime",
        "_max_lifetime",
        "_max_queries",
        "_max_waiting",
        "_maxsize",
        "_minsize",
        "_queue",
        "_record_class",
        "_reset",
        "_setup",
    )

    def __init__(
        self,
        *connect_args: Any,
        init_size: int | None = None,
        min_size: int,
        max_size: int,
        max_queries: int,
        max_inactive_connection_lifetime: float,
        connect: Callable[..., Awaitable["connection.Connection"]] | None = None,
        setup: Callable[[Any], Awaitable[object]] | None = None,
        init: Callable[[Any], Awaitable[object]] | None = None,
        reset: Callable[[Any], Awaitable[object]] | None = None,
        check: Callable[[Any], Awaitable[object]] | None = None,
        max_lifetime: float | None = None,
        max_waiting: int | None = None,
        loop: asyncio.AbstractEventLoop | None,
        connection_class: type["connection.Connection"],
        record_class: "type[Record]",
        **connect_kwargs: Any,
    ) -> None:
        if len(connect_args) > 1:
            warnings.warn(
                "Pool() takes the DSN as its only positional argument; pass the others by name",
                DeprecationWarning,
                stacklevel=2,
            )
        init_size = min_size if init_size is None else init_size
        _check_sizes(init_size, min_size, max_size)
        if max_queries <= 0:
            raise ValueError("max_queries is expected to be greater than zero")
        if max_inactive_connection_lifetime < 0:
            raise ValueError("max_inactive_connection_lifetime is expected to be greater or equal to zero")
        if max_lifetime is not None and max_lifetime <= 0:
            raise ValueError("max_lifetime is expected to be greater than zero")
        if max_waiting is not None and max_waiting < 0:
            raise ValueError("max_waiting is expected to be greater or equal to zero")
        kinds: tuple[Any, Any] = (connection_class, record_class)
        if not issubclass(kinds[0], connection.Connection):
            raise TypeError(
                f"connection_class is expected to be a subclass of asyncpg.Connection, got {connection_class!r}"
            )
        if not issubclass(kinds[1], protocol.Record):
            raise TypeError(f"record_class is expected to be a subclass of asyncpg.Record, got {record_class!r}")

        self._loop = asyncio.get_event_loop() if loop is None else loop
        self._initsize = init_size
        self._minsize = min_size
        self._maxsize = max_size
        self._max_queries = int(min(max_queries, 1 << 63))
        self._max_inactive_connection_lifetime = max_inactive_connection_lifetime
        self._max_lifetime = max_lifetime
        self._max_waiting = max_waiting
        self._connection_class = connection_class
        self._record_class = record_class
        self._connect: Callable[..., Awaitable[connection.Connection]] = (
            connection.connect if connect is None else connect
        )
        self._connect_args: tuple[Any, ...] = connect_args
        self._connect_kwargs = connect_kwargs
        self._setup = setup
        self._init = init
        self._reset = reset
        self._check = check

        self._databases = Databases()
        self._holders: list[PoolConnectionHolder] = []
        self._queue = HolderQueue(self._loop)
        # Set for all connections: the name of the type, and the rest of the arguments; None for what was wrong.
        self._codecs: list[tuple[str, dict[str, Any]] | None] = []
        # Connections of an older generation are closed when they come back.
        self._generation = 0
        self._initialized = False
        self._initializing = False
        self._closing = False
        self._closed = False
        # Closes what has been idle for too long; armed while there are more than `min_size`.
        self._idle_timer: asyncio.TimerHandle | None = None
        self._maintenance_task: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._acquired = 0
        self._waited = 0
        self._connections = 0
        self._discarded = 0

    async def _async__init__(self) -> "Pool":
        if self._initialized:
            return self
        if self._initializing:
            raise exceptions.InterfaceError("pool is being initialized in another task")
        if self._closed:
            raise exceptions.InterfaceError("pool is closed")
        self._initializing = True
        try:
            await self._initialize()
        except BaseException:
            self._closed = True
            for holder in self._holders:
                holder.terminate()
            raise
        finally:
            self._initializing = False
            self._initialized = True
        self._schedule_min_size_maintenance()
        self._arm_idle_timer()
        return self

    async def _initialize(self) -> None:
        self._holders = [PoolConnectionHolder(self) for _ in range(self._maxsize)]
        if self._initsize:
            first, *others = self._holders[: self._initsize]
            # Alone: where it fails the others would, too.
            await first.connect()
            await asyncio.gather(*(holder.connect() for holder in others))
        for holder in reversed(self._holders):
            self._queue.put_nowait(holder)

    def is_closing(self) -> bool:
        """Whether the pool is closed, or about to be."""
        return self._closed or self._closing

    def get_size(self) -> int:
        """How many connections there are."""
        return sum(holder.is_connected() for holder in self._holders)

    def get_init_size(self) -> int:
        """How many connections the pool began with."""
        return self._initsize

    def get_min_size(self) -> int:
        """How many connections are kept, however idle."""
        return self._minsize

    def get_max_size(self) -> int:
        """How many connections there can be."""
        return self._maxsize

    def get_idle_size(self) -> int:
        """How many connections are not lent out."""
        return sum(holder.is_connected() and holder.is_idle() for holder in self._holders)

    def stats(self) -> PoolStats:
        """What the pool does, and has done since it began."""
        size = self.get_size()
        idle = self.get_idle_size()
        return PoolStats(
            size=size,
            idle=idle,
            in_use=size - idle,
            waiting=self._queue.waiting(),
            acquired=self._acquired,
            waited=self._waited,
            connected=self._connections,
            discarded=self._discarded,
        )

    def set_connect_args(self, dsn: str | None = None, **connect_kwargs: Any) -> None:
        """Changes where new connections go to; see `expire_connections()`."""
        self._connect_args = (dsn,)
        self._connect_kwargs = connect_kwargs

    async def set_type_codec(self, typename: str, **options: Any) -> None:
        """Sets a codec on all connections, those to come too: `Connection.set_type_codec()`.

        A connection that is lent out has it from its next loan on.
        """
        self._check_init()
        entry = (typename, options)
        self._codecs.append(entry)
        for holder in self._holders:
            holder._due = True
        try:
            # It is tried once, so that a mistake is told here.
            async with self.acquire():
                pass
        except BaseException:
            # Its place stays: connections know by their number what they have.
            self._codecs[next(at for at, known in enumerate(self._codecs) if known is entry)] = None
            raise

    def acquire(self, *, timeout: float | None = None) -> "PoolAcquireContext":
        """A connection, for `async with`; or for `await`, and then `release()`."""
        return PoolAcquireContext(self, timeout)

    async def release(
        self,
        connection: Any,
        *,
        timeout: float | None = None,  # the name is part of the interface
    ) -> None:
        """Takes a connection back."""
        if type(connection) is not PoolConnectionProxy or connection._holder._pool is not self:
            raise exceptions.InterfaceError(
                f"Pool.release() received invalid connection: {connection!r} is not a member of this pool"
            )
        self._check_init()
        await self._take_back(connection, timeout, None)

    async def close(self) -> None:
        """Waits until all connections have come back, and closes them."""
        if self._closed:
            return
        self._check_init()
        self._closing = True
        self._stop_timers()
        slow = self._loop.call_later(_LONG_CLOSE, self._warn_on_long_close)
        try:
            await self._stop_maintenance()
            await asyncio.gather(*(holder.wait_until_released() for holder in self._holders))
            await asyncio.gather(*(holder.close() for holder in self._holders))
            if self._background:
                await asyncio.wait(self._background)
        except BaseException:
            self.terminate()
            raise
        finally:
            slow.cancel()
            self._closed = True
            self._closing = False

    def terminate(self) -> None:
        """Closes all connections at once."""
        if self._closed:
            return
        self._check_init()
        self._closed = True
        self._stop_timers()
        if self._maintenance_task is not None:
            self._maintenance_task.cancel()
        for holder in self._holders:
            holder.terminate()

    async def expire_connections(self) -> None:
        """Has every connection there is now closed, and opened anew, before it is lent out again."""
        self._outdate()

    async def drain(self) -> None:
        """Closes every idle connection now, and those that are lent out when they come back."""
        self._check_init()
        self._outdate()
        for holder in self._queue.idle():
            holder.discard()
        self._schedule_min_size_maintenance()

    def _outdate(self) -> None:
        # Those that are being opened belong to the generation that ends here.
        self._generation += 1
        for holder in self._holders:
            holder.outdate()

    async def resize(self, min_size: int, max_size: int | None = None) -> None:
        """Changes how many connections are kept, and how many there can be."""
        self._check_init()
        if max_size is None:
            max_size = max(min_size, self._maxsize)
        _check_sizes(min_size, min_size, max_size)
        self._minsize, self._maxsize = min_size, max_size
        while len(self._holders) < max_size:
            holder = PoolConnectionHolder(self)
            self._holders.append(holder)
            self._queue.put_nowait(holder)
        # The empty places first, then the idle ones; the others when they come back.
        surplus = len(self._holders) - max_size
        for holder in sorted(self._holders, key=lambda held: (not held.is_idle(), held.is_connected()))[:surplus]:
            holder.retire()
            if self._queue.remove(holder):
                holder.discard()
                self._holders.remove(holder)
        self._schedule_min_size_maintenance()
        self._arm_idle_timer()

    def __await__(self) -> "Generator[Any, None, Pool]":
        return self._async__init__().__await__()

    async def __aenter__(self) -> Self:
        await self._async__init__()
        return self

    async def __aexit__(
        self,
        extype: type[BaseException] | None,
        ex: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()

    def _connected(self, holder: PoolConnectionHolder) -> None:
        """A place has a new connection."""
        self._connections += 1
        if self._closed:
            holder.terminate()
        elif self._initialized and self._idle_timer is None:
            self._arm_idle_timer()

    async def _get_new_connection(self) -> "connection.Connection":
        con = await self._connect(
            *self._connect_args,
            loop=self._loop,
            connection_class=self._connection_class,
            record_class=self._record_class,
            **self._connect_kwargs,
        )
        if not isinstance(con, self._connection_class):
            raise exceptions.InterfaceError(
                "expected pool connect callback to return an instance of "
                f"'{_full_name(self._connection_class)}', got '{_full_name(type(con))}'"
            )
        con._share(self._databases.of(con))
        if self._init is not None:
            try:
                await self._init(con)
            except BaseException:
                con.terminate()
                raise
        return con

    def _warn_on_long_close(self) -> None:
        logger.warning(
            "Pool.close() is taking over 60 seconds to complete. "
            "Check if you have any unreleased connections left. "
            "Use asyncio.wait_for() to set a timeout for Pool.close()."
        )

    def _check_init(self) -> None:
        if not self._initialized:
            if self._initializing:
                raise exceptions.InterfaceError(
                    "pool is being initialized, but not yet ready: "
                    "likely there is a race between creating a pool and using it"
                )
            raise exceptions.InterfaceError("pool is not initialized")
        if self._closed:
            raise exceptions.InterfaceError("pool is closed")

    def _drop_statement_cache(self) -> None:
        for holder in self._holders:
            if holder._con is not None:
                holder._con._drop_local_statement_cache()

    def _drop_type_cache(self) -> None:
        for holder in self._holders:
            if holder._con is not None:
                holder._con._drop_local_type_cache()


def create_pool(
    dsn: str | None = None,
    *,
    init_size: int | None = None,
    min_size: int = 10,
    max_size: int = 10,
    max_queries: int = 50000,
    max_inactive_connection_lifetime: float = 300.0,
    connect: Callable[..., Awaitable["connection.Connection"]] | None = None,
    setup: Callable[[Any], Awaitable[object]] | None = None,
    init: Callable[[Any], Awaitable[object]] | None = None,
    reset: Callable[[Any], Awaitable[object]] | None = None,
    check: Callable[[Any], Awaitable[object]] | None = None,
    max_lifetime: float | None = None,
    max_waiting: int | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    connection_class: type["connection.Connection"] = connection.Connection,
    record_class: "type[Record]" = protocol.Record,
    **connect_kwargs: Any,
) -> Pool:
    """A pool, for `async with` or `await`.

    `connect` opens a connection, `init` is awaited with each new one, `check` before each loan, and one that it raises
    for is replaced; `setup` gets each that is lent out, and `reset` each that comes back. A connection is closed after
    `max_queries`, after `max_lifetime` seconds, and when it was idle for `max_inactive_connection_lifetime` seconds
    while there were more than `min_size`. At most `max_waiting` wait for one. The other arguments go to `connect()`.
    """
    return Pool(
        dsn,
        init_size=init_size,
        min_size=min_size,
        max_size=max_size,
        max_queries=max_queries,
        max_inactive_connection_lifetime=max_inactive_connection_lifetime,
        connect=connect,
        setup=setup,
        init=init,
        reset=reset,
        check=check,
        max_lifetime=max_lifetime,
        max_waiting=max_waiting,
        loop=loop,
        connection_class=connection_class,
        record_class=record_class,
        **connect_kwargs,
    )


def _check_sizes(init_size: int, min_size: int, max_size: int) -> None:
    if max_size <= 0:
        raise ValueError("max_size is expected to be greater than zero")
    if min_size < 0:
        raise ValueError("min_size is expected to be greater or equal to zero")
    if min_size > max_size:
        raise ValueError("min_size is greater than max_size")
    if init_size < 0:
        raise ValueError("init_size is expected to be greater or equal to zero")
    if init_size > max_size:
        raise ValueError("init_size is greater than max_size")
    if init_size < min_size:
        raise ValueError("init_size is smaller than min_size")


def _full_name(kind: type) -> str:
    module = kind.__module__.replace("fasterapi.pg", "asyncpg")
    return kind.__name__ if module == "builtins" else f"{module}.{kind.__name__}"
