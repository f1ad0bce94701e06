"""Reading a result piece by piece, by a portal on the server."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import collections
from collections.abc import AsyncIterator, Generator, Sequence
from typing import TYPE_CHECKING, Any, Generic

from fasterapi.pg import connresource, exceptions
from fasterapi.pg.rows import RowT

if TYPE_CHECKING:
    from fasterapi.pg.connection import Connection
    from fasterapi.pg.protocol.protocol import StatementState

# Rows asked for at a time when the user does not say.
PREFETCH = 50


class CursorFactory(connresource.ConnectionResource, Generic[RowT]):
    """What `cursor()` gives: `async for` over it reads rows, `await` opens a `Cursor`."""

    __slots__ = ("_args", "_prefetch", "_query", "_record_class", "_state", "_timeout")

    def __init__(
        self,
        connection: "Connection",
        query: str,
        state: "StatementState | None",
        args: Sequence[Any],
        prefetch: int | None,
        timeout: float | None,
        record_class: Any,
    ) -> None:
        super().__init__(connection)
        self._args = args
        self._prefetch = prefetch
        self._query = query
        self._timeout = timeout
        self._state = state
        self._record_class = record_class
        if state is not None:
            state.attach()

    @connresource.guarded
    def __aiter__(self) -> "CursorIterator[RowT]":
        return CursorIterator(
            self._connection,
            self._query,
            self._state,
            self._args,
            self._record_class,
            PREFETCH if self._prefetch is None else self._prefetch,
            self._timeout,
        )

    @connresource.guarded
    def __await__(self) -> "Generator[Any, None, Cursor[RowT]]":
        if self._prefetch is not None:
            raise exceptions.InterfaceError("prefetch argument can only be specified for iterable cursor")
        cursor: Cursor[RowT] = Cursor(self._connection, self._query, self._state, self._args, self._record_class)
        return cursor._init(self._timeout).__await__()

    def __del__(self) -> None:
        _release(self._connection, self._state)


class BaseCursor(connresource.ConnectionResource, Generic[RowT]):
    """A portal, and the statement it runs."""

    __slots__ = ("_args", "_exhausted", "_portal_name", "_query", "_record_class", "_state")

    def __init__(
        self,
        connection: "Connection",
        query: str,
        state: "StatementState | None",
        args: Sequence[Any],
        record_class: Any,
    ) -> None:
        super().__init__(connection)
        self._args = args
        self._state = state
        self._portal_name: str | None = None
        self._exhausted = False
        self._query = query
        self._record_class = record_class
        if state is not None:
            state.attach()

    async def _open(self, timeout: float | None) -> "StatementState":
        """The statement, prepared if it is not, once it is sure that a cursor can be."""
        connection = self._connection
        if connection._top_xact is None and not connection.is_in_transaction():
            raise exceptions.NoActiveSQLTransactionError("cursor cannot be created outside of a transaction")
        connection._check_open()
        if self._state is None:
            # Named, since the portal outlives this call, and others may use the unnamed statement.
            state = await connection._get_statement(self._query, timeout, named=True, record_class=self._record_class)
            state.attach()
            self._state = state
        return self._state

    def _check_ready(self) -> "StatementState":
        if self._state is None:
            raise exceptions.InterfaceError("cursor: no associated prepared statement")
        if self._state.closed:
            raise exceptions.InterfaceError("cursor: the prepared statement is closed")
        if self._connection._top_xact is None and not self._connection.is_in_transaction():
            raise exceptions.NoActiveSQLTransactionError("cursor cannot be created outside of a transaction")
        return self._state

    async def _bind_exec(self, n: int, timeout: float | None) -> list[RowT]:
        """Opens the portal and reads its first rows, in one exchange."""
        state, portal = self._new_portal()
        connection = self._connection
        buffer: list[RowT]
        buffer, _, self._exhausted = await connection._protocol.bind_execute(
            state, self._args, portal, n, True, connection._get_timeout(timeout)
        )
        return buffer

    async def _bind(self, timeout: float | None) -> None:
        state, portal = self._new_portal()
        connection = self._connection
        await connection._protocol.bind(state, self._args, portal, connection._get_timeout(timeout))

    def _new_portal(self) -> "tuple[StatementState, str]":
        state = self._check_ready()
        if self._portal_name:
            raise exceptions.InterfaceError("cursor already has an open portal")
        self._connection._check_open()
        self._portal_name = self._connection._get_unique_id("portal")
        return state, self._portal_name

    async def _exec(self, n: int, timeout: float | None) -> list[RowT]:
        """Reads the next rows of the open portal."""
        state = self._check_ready()
        if not self._portal_name:
            raise exceptions.InterfaceError("cursor does not have an open portal")
        connection = self._connection
        connection._check_open()
        buffer: list[RowT]
        buffer, _, self._exhausted = await connection._protocol.execute(
            state, self._portal_name, n, True, connection._get_timeout(timeout)
        )
        return buffer

    async def _close_portal(self, timeout: float | None) -> None:
        self._check_ready()
        if not self._portal_name:
            raise exceptions.InterfaceError("cursor does not have an open portal")
        name, self._portal_name = self._portal_name, None
        connection = self._connection
        await connection._protocol.close_portal(name, connection._get_timeout(timeout))

    def __repr__(self) -> str:
        words: list[str] = []
        if self._exhausted:
            words.append("exhausted")
        words.append("")  # a space before the address
        query = self._query if len(self._query) <= 60 else self._query[:59] + "…"
        return f'<asyncpg.{type(self).__name__} "{query}" {" ".join(words)}{id(self):#x}>'

    def __del__(self) -> None:
        _release(self._connection, self._state)


class CursorIterator(BaseCursor[RowT]):
    """Rows one by one; several are asked for at a time."""

    __slots__ = ("_buffer", "_prefetch", "_timeout")

    def __init__(
        self,
        connection: "Connection",
        query: str,
        state: "StatementState | None",
        args: Sequence[Any],
        record_class: Any,
        prefetch: int,
        timeout: float | None,
    ) -> None:
        super().__init__(connection, query, state, args, record_class)
        if prefetch <= 0:
            raise exceptions.InterfaceError("prefetch argument must be greater than zero")
        self._buffer: collections.deque[RowT] = collections.deque()
        self._prefetch = prefetch
        self._timeout = timeout

    @connresource.guarded
    def __aiter__(self) -> AsyncIterator[RowT]:
        return self

    @connresource.guarded
    async def __anext__(self) -> RowT:
        if self._state is None:
            await self._open(self._timeout)
        if not self._portal_name and not self._exhausted:
            self._buffer.extend(await self._bind_exec(self._prefetch, self._timeout))
        if not self._buffer and not self._exhausted:
            self._buffer.extend(await self._exec(self._prefetch, self._timeout))
        if self._portal_name and self._exhausted:
            await self._close_portal(self._timeout)
        if self._buffer:
            return self._buffer.popleft()
        raise StopAsyncIteration


class Cursor(BaseCursor[RowT]):
    """An open portal, read as its user says."""

    __slots__ = ()

    async def _init(self, timeout: float | None) -> "Cursor[RowT]":
        if self._state is None:
            await self._open(timeout)
        await self._bind(timeout)
        return self

    @connresource.guarded
    async def fetch(self, n: int, *, timeout: float | None = None) -> list[RowT]:
        """The next `n` rows, fewer at the end."""
        if n <= 0:
            raise exceptions.InterfaceError("n must be greater than zero")
        if self._exhausted:
            return []
        rows = await self._exec(n, timeout)
        if len(rows) < n:
            self._exhausted = True
        return rows

    @connresource.guarded
    async def fetchrow(self, *, timeout: float | None = None) -> RowT | None:
        """The next row, or `None` at the end."""
        if self._exhausted:
            return None
        rows = await self._exec(1, timeout)
        if not rows:
            self._exhausted = True
            return None
        return rows[0]

    @connresource.guarded
    async def forward(self, n: int, *, timeout: float | None = None) -> int:
        """Skips `n` rows, and tells how many there were to skip."""
        self._check_ready()
        if n <= 0:
            raise exceptions.InterfaceError("n must be greater than zero")
        connection = self._connection
        connection._check_open()
        status = await connection._protocol.query(
            f"MOVE FORWARD {n:d} {self._portal_name}", connection._get_timeout(timeout)
        )
        skipped = int(status.split()[1])
        if skipped < n:
            self._exhausted = True
        return skipped


def _release(connection: "Connection", state: "StatementState | None") -> None:
    if state is not None:
        state.detach()
        connection._maybe_gc_stmt(state)
