"""Connections: a session with a server, and how it is asked."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from fasterapi.pg import connect_utils, cursor, exceptions, prepared_stmt, protocol, transaction
from fasterapi.pg.copying import Copying
from fasterapi.pg.listeners import LoggedQuery
from fasterapi.pg.pipeline import Pipeline
from fasterapi.pg.rows import RowFactory, checked_record_class, checked_row_factory, chosen
from fasterapi.pg.running import Running
from fasterapi.pg.session import ServerCapabilities

if TYPE_CHECKING:
    import ssl as ssl_module

    from fasterapi._engine import PgArrow
    from fasterapi.pg import types
    from fasterapi.pg.protocol import Record
    from fasterapi.pg.protocol.protocol import ConnectionSettings

__all__ = ["Connection", "ConnectionMeta", "LoggedQuery", "ServerCapabilities", "connect"]

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound="Record")

# Names on servers are unique in the process.
_uid = 0

# What happens when an operation is asked for while another one is under way, if `connect()` is not told.
_pipelining: Literal["queue", "error"] = "queue"


class ConnectionMeta(type):
    """Makes what the pool lends out an instance of `Connection`."""

    def __instancecheck__(cls, instance: Any) -> bool:
        mro: tuple[Any, ...] = type(instance).__mro__
        return cls in mro or (Connection in cls.__mro__ and _ConnectionProxy in mro)


class Connection(Copying, Running, metaclass=ConnectionMeta):
    """A session with a server; made by `connect()`.

    Operations queue: those of several coroutines are sent without waiting for each other, and done in turn.
    """

    __slots__ = ()

    def get_server_pid(self) -> int:
        """The process of the server that serves the connection."""
        return cast("int", self._protocol.get_server_pid())

    def get_server_version(self) -> "types.ServerVersion":
        """The version of the server."""
        return self._server_version

    def get_settings(self) -> "ConnectionSettings":
        """What the server reports of the session, as attributes."""
        return self._protocol.get_settings()

    def transaction(
        self,
        *,
        isolation: "transaction.Isolation | None" = None,
        readonly: bool = False,
        deferrable: bool = False,
        lazy: bool = False,
    ) -> "transaction.Transaction":
        """A transaction, or a savepoint inside of one, for `async with`.

        With `lazy` its BEGIN goes out with the first statement, and not at all where there is none.
        """
        if self.is_closed():
            raise exceptions.InterfaceError("connection is closed")
        return transaction.Transaction(self, isolation, readonly, deferrable, lazy)

    def is_in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._held_begin is not None or self._protocol.is_in_transaction()

    def pipeline(self) -> Pipeline:
        """For `async with`: statements are sent one behind the other, and their results awaited later."""
        self._check_open()
        return Pipeline(self)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """Execute an SQL command, or several without arguments; gives the status, such as `INSERT 0 1`."""
        if args:
            _, status, _ = await self._execute(
                query, args, 0, timeout, return_status=True, record_class=self._record_class
            )
            return cast("str", status.decode()) if status is not None else ""
        self._check_open()
        with self._logged(query, args, timeout):
            return await self._protocol.query(query, self._get_timeout(timeout))

    async def executemany(self, command: str, args: Iterable[Sequence[Any]], *, timeout: float | None = None) -> None:
        """Runs a statement for each sequence of arguments; all of them or none take effect."""
        self._check_open()
        await self._executemany(command, args, timeout)

    @overload
    def cursor(
        self,
        query: str,
        *args: Any,
        prefetch: int | None = None,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "cursor.CursorFactory": ...
    @overload
    def cursor(
        self,
        query: str,
        *args: Any,
        prefetch: int | None = None,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> "cursor.CursorFactory[RecordT]": ...
    @overload
    def cursor(
        self,
        query: str,
        *args: Any,
        prefetch: int | None = None,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> "cursor.CursorFactory[T]": ...
    def cursor(
        self,
        query: str,
        *args: Any,
        prefetch: int | None = None,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> "cursor.CursorFactory[Any]":
        """A cursor: `async for` over it reads rows, `await` opens it. Needs a transaction."""
        self._check_open()
        return cursor.CursorFactory(self, query, None, args, prefetch, timeout, chosen(record_class, row_factory))

    @overload
    async def prepare(
        self,
        query: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "prepared_stmt.PreparedStatement": ...
    @overload
    async def prepare(
        self,
        query: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> "prepared_stmt.PreparedStatement[RecordT]": ...
    @overload
    async def prepare(
        self,
        query: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> "prepared_stmt.PreparedStatement[T]": ...
    async def prepare(
        self,
        query: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> "prepared_stmt.PreparedStatement[Any]":
        """Prepares a statement to be run later, by a name of its own or `name`."""
        return await self._prepare(query, name=name, timeout=timeout, record_class=chosen(record_class, row_factory))

    @overload
    def fetch(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "Awaitable[list[Record]]": ...
    @overload
    def fetch(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> Awaitable[list[RecordT]]: ...
    @overload
    def fetch(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> Awaitable[list[T]]: ...
    def fetch(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> Awaitable[list[Any]]:
        """Runs a query; all rows: as records, or as `row_factory` makes them of the columns."""
        if record_class is None and row_factory is None:
            return self._execute(query, args, 0, timeout)
        return self._execute(query, args, 0, timeout, record_class=chosen(record_class, row_factory))

    async def fetchval(self, query: str, *args: Any, column: int | str = 0, timeout: float | None = None) -> Any:
        """Runs a query; one value of the first row, `None` without a row."""
        rows = await self._execute(query, args, 1, timeout, record_class=self._record_class)
        return rows[0][column] if rows else None

    @overload
    async def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "Record | None": ...
    @overload
    async def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> RecordT | None: ...
    @overload
    async def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> T | None: ...
    async def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> Any:
        """Runs a query; the first row, or `None`."""
        made = None if record_class is None and row_factory is None else chosen(record_class, row_factory)
        rows = await self._execute(query, args, 1, timeout, record_class=made)
        return rows[0] if rows else None

    @overload
    async def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "list[Record]": ...
    @overload
    async def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> list[RecordT]: ...
    @overload
    async def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> list[T]: ...
    async def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> list[Any]:
        """Runs a statement for each sequence of arguments, all or none; the rows of all of them."""
        self._check_open()
        made = chosen(record_class, row_factory)
        return await self._executemany(query, args, timeout, return_rows=True, record_class=made) or []

    async def fetch_json(self, query: str, *args: Any, timeout: float | None = None) -> bytes:
        """Runs a query; its rows as a JSON array of objects, made without objects of Python's in between."""
        return cast("bytes", await self._fetch_as("json", query, args, timeout))

    async def fetch_arrow(self, query: str, *args: Any, timeout: float | None = None) -> "PgArrow":
        """Runs a query; its rows as columns, for all that reads `__arrow_c_stream__`: `pyarrow.table(...)`,
        `polars.DataFrame(...)`."""
        return cast("PgArrow", await self._fetch_as("arrow", query, args, timeout))

    async def reset(self, *, timeout: float | None = None) -> None:
        """Leaves the session as it was when it was new: no transaction, no listeners, no locks, default settings."""
        async with asyncio.timeout(timeout):
            await self._reset()
            query = self.get_reset_query()
            if query:
                await self.execute(query)

    def get_reset_query(self) -> str:
        """What `reset()` runs; the pool too, before it lends the connection out again."""
        if self._reset_query is None:
            caps = self._server_caps
            commands = (
                (caps.advisory_locks, "SELECT pg_advisory_unlock_all();"),
                (caps.sql_close_all, "CLOSE ALL;"),
                (caps.notifications and caps.plpgsql, "UNLISTEN *;"),
                (caps.sql_reset, "RESET ALL;"),
            )
            self._reset_query = "\n".join(command for known, command in commands if known)
        return self._reset_query

    async def _prepare(
        self,
        query: str,
        *,
        name: str | bool | None = None,
        timeout: float | None = None,
        use_cache: bool = False,
        record_class: Any = None,
    ) -> "prepared_stmt.PreparedStatement[Any]":
        self._check_open()
        if name is None:
            # Without a cache there may be a proxy between that gives each transaction another session.
            name = self._stmt_cache_enabled
        statement = await self._get_statement(
            query, timeout, named=name, use_cache=use_cache, record_class=record_class
        )
        return prepared_stmt.PreparedStatement(self, query, statement)

    async def _reset(self) -> None:
        self._check_open()
        self._listeners.clear()
        self._log_listeners.clear()
        self._drop_begin()
        if self._top_xact is not None or await self._settled_in_transaction():
            if self._top_xact is None or not self._top_xact._managed:
                self._loop.call_exception_handler(
                    {"message": f"Resetting connection with an active transaction {self!r}"}
                )
            self._top_xact = None
            await self.execute("ROLLBACK")

    def _get_unique_id(self, prefix: str) -> str:
        global _uid
        _uid += 1
        return f"__asyncpg_{prefix}_{_uid:x}__"

    def _set_proxy(self, proxy: Any) -> None:
        if self._proxy is not None and proxy is not None:
            raise exceptions.InterfaceError("the connection is lent out already")
        self._proxy = proxy

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} object at {id(self):#x}>"


class _ConnectionProxy:
    """What stands for a connection: see `ConnectionMeta`."""

    __slots__ = ()


async def connect(
    dsn: str | None = None,
    *,
    host: Any = None,
    port: Any = None,
    user: str | None = None,
    password: Any = None,
    passfile: Any = None,
    service: str | None = None,
    servicefile: Any = None,
    database: str | None = None,
    loop: asyncio.AbstractEventLoop | None = None,
    timeout: float | None = 60,
    statement_cache_size: int = 100,
    max_cached_statement_lifetime: float = 300,
    max_cacheable_statement_size: int = 1024 * 15,
    command_timeout: float | None = None,
    ssl: "ssl_module.SSLContext | str | bool | None" = None,
    direct_tls: bool | None = None,
    connection_class: type[Connection] = Connection,
    record_class: "type[Record]" = protocol.Record,
    row_factory: RowFactory[Any] | None = None,
    server_settings: dict[str, str] | None = None,
    target_session_attrs: str | None = None,
    krbsrvname: str | None = None,
    gsslib: str | None = None,
    pipelining: Literal["queue", "error"] | None = None,
    **options: Any,
) -> Connection:
    """Opens a connection.

    What is not given is taken from the DSN, then from the environment, as libpq does; see the guide. Rows are records
    of `record_class`, or what `row_factory` makes of their columns.
    """
    given: Any = connection_class
    if not issubclass(given, Connection):
        raise exceptions.InterfaceError(
            f"connection_class is expected to be a subclass of asyncpg.Connection, got {connection_class!r}"
        )
    record_class = checked_record_class(record_class)
    rows = record_class if row_factory is None else checked_row_factory(row_factory)
    pipelining = _pipelining if pipelining is None else pipelining
    if pipelining not in ("queue", "error"):
        raise exceptions.ClientConfigurationError(f"pipelining must be 'queue' or 'error', not {pipelining!r}")
    if loop is None:
        loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout):
        connection = await connect_utils._connect(
            dsn=dsn,
            host=host,
            port=port,
            user=user,
            password=password,
            passfile=passfile,
            service=service,
            servicefile=servicefile,
            database=database,
            loop=loop,
            ssl=ssl,
            direct_tls=direct_tls,
            connection_class=connection_class,
            record_class=record_class,
            command_timeout=command_timeout,
            statement_cache_size=statement_cache_size,
            max_cached_statement_lifetime=max_cached_statement_lifetime,
            max_cacheable_statement_size=max_cacheable_statement_size,
            server_settings=server_settings,
            target_session_attrs=target_session_attrs,
            krbsrvname=krbsrvname,
            gsslib=gsslib,
            **options,
        )
    connection._record_class = record_class
    connection._rows = rows
    connection._set_serial(pipelining == "error")
    return cast("Connection", connection)
