"""Statements that a user has prepared."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, cast

from fasterapi.pg import connresource, cursor, exceptions
from fasterapi.pg.protocol import Record
from fasterapi.pg.rows import RowT

if TYPE_CHECKING:
    from fasterapi._engine import PgArrow
    from fasterapi.pg import types
    from fasterapi.pg.connection import Connection
    from fasterapi.pg.protocol.protocol import StatementState


class PreparedStatement(connresource.ConnectionResource, Generic[RowT]):
    """A statement on the server, ready to be run; made by `Connection.prepare()`."""

    __slots__ = ("_last_status", "_of_records", "_query", "_state")

    def __init__(self, connection: "Connection", query: str, state: "StatementState") -> None:
        super().__init__(connection)
        self._state = state
        # The same with rows in which a value can be found, whatever the rows are made into.
        self._of_records = state if _makes_records(state) else state.with_rows(Record)
        self._query = query
        self._last_status: bytes | None = None
        state.attach()

    @connresource.guarded
    def get_name(self) -> str:
        """Its name on the server."""
        return self._state.name

    @connresource.guarded
    def get_query(self) -> str:
        """Its text."""
        return self._query

    @connresource.guarded
    def get_statusmsg(self) -> str | None:
        """The status of its last run, such as `SELECT 1`."""
        return None if self._last_status is None else self._last_status.decode()

    @connresource.guarded
    def get_parameters(self) -> "tuple[types.Type, ...]":
        """The types of its arguments."""
        return self._state._get_parameters()

    @connresource.guarded
    def get_attributes(self) -> "tuple[types.Attribute, ...]":
        """The columns of its result."""
        return self._state._get_attributes()

    @connresource.guarded
    def cursor(
        self, *args: Any, prefetch: int | None = None, timeout: float | None = None
    ) -> "cursor.CursorFactory[RowT]":
        """A cursor over its result; `prefetch` is how many rows `async for` asks for at a time."""
        return cursor.CursorFactory(self._connection, self._query, self._state, args, prefetch, timeout, None)

    @connresource.guarded
    async def explain(self, *args: Any, analyze: bool = False) -> Any:
        """The plan of the statement, as `EXPLAIN (FORMAT JSON)` gives it.

        With `analyze` the statement runs, inside a transaction that is rolled back.
        """
        query = "EXPLAIN (FORMAT JSON, VERBOSE"
        if analyze:
            query += ", ANALYZE) "
            transaction = self._connection.transaction()
            await transaction.start()
            try:
                plan = await self._connection.fetchval(query + self._query, *args)
            finally:
                await transaction.rollback()
        else:
            plan = await self._connection.fetchval(query + ") " + self._query, *args)
        # With a codec for `json` it has been read already.
        return json.loads(plan) if isinstance(plan, str) else plan

    @connresource.guarded
    async def fetch(self, *args: Any, timeout: float | None = None) -> list[RowT]:
        """Runs it; all rows."""
        return await self._bind_execute(self._state, args, 0, timeout)

    @connresource.guarded
    async def fetchval(self, *args: Any, column: int | str = 0, timeout: float | None = None) -> Any:
        """Runs it; one value of the first row, `None` without a row."""
        rows = await self._bind_execute(self._of_records, args, 1, timeout)
        return rows[0][column] if rows else None

    @connresource.guarded
    async def fetchrow(self, *args: Any, timeout: float | None = None) -> RowT | None:
        """Runs it; the first row, or `None`."""
        rows = await self._bind_execute(self._state, args, 1, timeout)
        return rows[0] if rows else None

    @connresource.guarded
    async def fetch_json(self, *args: Any, timeout: float | None = None) -> bytes:
        """Runs it; its rows as a JSON array of objects."""
        return cast("bytes", await self._export("json", args, timeout))

    @connresource.guarded
    async def fetch_arrow(self, *args: Any, timeout: float | None = None) -> "PgArrow":
        """Runs it; its rows as columns, for all that reads `__arrow_c_stream__`."""
        return cast("PgArrow", await self._export("arrow", args, timeout))

    @connresource.guarded
    async def fetchmany(self, args: Iterable[Sequence[Any]], *, timeout: float | None = None) -> list[RowT]:
        """Runs it for each sequence of arguments, all or none; the rows of all of them."""
        return await self._execute_many(args, timeout, return_rows=True)

    @connresource.guarded
    async def executemany(self, args: Iterable[Sequence[Any]], *, timeout: float | None = None) -> None:
        """Runs it for each sequence of arguments, all or none."""
        await self._execute_many(args, timeout, return_rows=False)

    async def _bind_execute(
        self, state: "StatementState", args: Sequence[Any], limit: int, timeout: float | None
    ) -> list[Any]:
        connection = self._begin()
        rows: list[Any]
        try:
            with connection._logged(self._query, args, timeout):
                rows, self._last_status, _ = await connection._protocol.bind_execute(
                    state, args, "", limit, True, connection._get_timeout(timeout)
                )
        except exceptions.OutdatedSchemaCacheError:
            await connection.reload_schema_state()
            self._state.mark_closed()
            raise
        return rows

    async def _export(self, form: Literal["json", "arrow"], args: Sequence[Any], timeout: float | None) -> object:
        connection = self._begin()
        with connection._logged(self._query, args, timeout):
            return await connection._protocol.bind_execute_as(self._state, args, form, connection._get_timeout(timeout))

    async def _execute_many(
        self, args: Iterable[Sequence[Any]], timeout: float | None, *, return_rows: bool
    ) -> list[Any]:
        connection = self._begin()
        with connection._logged(self._query, args, timeout):
            rows = await connection._bind_execute_many(self._state, args, timeout, return_rows)
        return rows or []

    def _begin(self) -> "Connection":
        self._connection._check_open()
        return self._connection

    def _check_conn_validity(self, meth_name: str) -> None:
        super()._check_conn_validity(meth_name)
        if self._state.closed:
            raise exceptions.InterfaceError(f"cannot call PreparedStmt.{meth_name}(): the prepared statement is closed")

    def __del__(self) -> None:
        self._state.detach()
        self._connection._maybe_gc_stmt(self._state)


def _makes_records(state: "StatementState") -> bool:
    made: Any = state.record_class
    return isinstance(made, type) and issubclass(made, Record)
