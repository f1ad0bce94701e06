"""Taking a connection out of a pool, for a block or for longer."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

from fasterapi.pg import connection, exceptions

if TYPE_CHECKING:
    from collections.abc import Generator

    from fasterapi.pg.pool import Pool
    from fasterapi.pg.pool_proxy import PoolConnectionProxy


class PoolAcquireContext:
    """What `acquire()` gives."""

    __slots__ = ("connection", "done", "pool", "timeout")

    def __init__(self, pool: "Pool", timeout: float | None) -> None:
        self.pool: Pool = pool
        self.timeout: float | None = timeout
        self.connection: PoolConnectionProxy | None = None
        self.done: bool = False

    async def __aenter__(self) -> "connection.Connection":
        if self.connection is not None or self.done:
            raise exceptions.InterfaceError("a connection is already acquired")
        self.connection = await self.pool._acquire(self.timeout)
        return cast("connection.Connection", self.connection)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        self.done = True
        proxy, self.connection = self.connection, None
        if proxy is not None:
            await self.pool._take_back(proxy, None, exc_val)

    def __await__(self) -> "Generator[Any, None, connection.Connection]":
        self.done = True
        return cast("Generator[Any, None, connection.Connection]", self.pool._acquire(self.timeout).__await__())
