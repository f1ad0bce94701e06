"""Connections: a session with a server, and how it is asked."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from fasterapi.pg import connect_utils, cursor, exceptions, prepared_stmt, protocol, transaction
from fasterapi.pg.copying import Copying
from fasterapi.pg.listeners import Listening, LoggedQuery
from fasterapi.pg.pipeline import Pipeline
from fasterapi.pg.session import ServerCapabilities, _checked_record_class
from fasterapi.pg.type_codecs import TypeCodecs

if TYPE_CHECKING:
    import ssl as ssl_module

    from fasterapi._engine import PgArrow
    from fasterapi.pg import types
    from fasterapi.pg.protocol import Record
    from fasterapi.pg.protocol.protocol import ConnectionSettings, StatementState

__all__ = ["Connection", "ConnectionMeta", "LoggedQuery", "ServerCapabilities", "connect"]

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


class Connection(Copying, TypeCodecs, Listening, metaclass=ConnectionMeta):
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
            _, status, _ = await self._execute(query, args, 0, timeout, return_status=True)
            return cast("str", status.decode()) if status is not None else ""
        self._check_open()
        with self._logged(query, args, timeout):
            return await self._protocol.query(query, self._get_timeout(timeout))

    async def executemany(self, command: str, args: Iterable[Sequence[Any]], *, timeout: float | None = None) -> None:
        """Runs a statement for each sequence of arguments; all of them or none take effect."""
        self._check_open()
        await self._executemany(command, args, timeout)

    def cursor(
        self,
        query: str,
        *args: Any,
        prefetch: int | None = None,
        timeout: float | None = None,
        record_class: "type[Record] | None" = None,
    ) -> "cursor.CursorFactory":
        """A cursor: `async for` over it reads rows, `await` opens it. Needs a transaction."""
        self._check_open()
        return cursor.CursorFactory(self, query, None, args, prefetch, timeout, record_class)

    async def prepare(
        self,
        query: str,
        *,
        name: str | None = None,
        timeout: float | None = None,
        record_class: "type[Record] | None" = None,
    ) -> "prepared_stmt.PreparedStatement":
        """Prepares a statement to be run later, by a name of its own or `name`."""
        return await self._prepare(query, name=name, timeout=timeout, record_class=record_class)

    @overload
    def fetch(
        self, query: str, *args: Any, timeout: float | None = None, record_class: None = None
    ) -> "Awaitable[list[Record]]": ...
    @overload
    def fetch(
        self, query: str, *args: Any, timeout: float | None = None, record_class: type[RecordT]
    ) -> "Awaitable[list[RecordT]]": ...
    def fetch(
        self, query: str, *args: Any, timeout: float | None = None, record_class: "type[Record] | None" = None
    ) -> "Awaitable[list[Any]]":
        """Runs a query; all rows."""
        return self._execute(query, args, 0, timeout, record_class=record_class)

    async def fetchval(self, query: str, *args: Any, column: int | str = 0, timeout: float | None = None) -> Any:
        """Runs a query; one value of the first row, `None` without a row."""
        rows = await self._execute(query, args, 1, timeout)
        return rows[0][column] if rows else None

    @overload
    async def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None, record_class: None = None
    ) -> "Record | None": ...
    @overload
    async def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None, record_class: type[RecordT]
    ) -> "RecordT | None": ...
    async def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None, record_class: "type[Record] | None" = None
    ) -> Any:
        """Runs a query; the first row, or `None`."""
        rows = await self._execute(query, args, 1, timeout, record_class=record_class)
        return rows[0] if rows else None

    async def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: "type[Record] | None" = None,
    ) -> "list[Record]":
        """Runs a statement for each sequence of arguments, all or none; the rows of all of them."""
        self._check_open()
        return await self._executemany(query, args, timeout, return_rows=True, record_class=record_class) or []

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

    async def _execute(
        self,
        query: str,
        args: Sequence[Any],
        limit: int,
        timeout: float | None,
        *,
        return_status: bool = False,
        ignore_custom_codec: bool = False,
        record_class: "type[Record] | None" = None,
    ) -> Any:
        """Runs a query by the extended protocol: a list of rows; with `return_status` also the status, and whether
        these were all."""
        self._check_open()
        timeout = self._command_timeout if timeout is None else self._get_timeout(timeout)
        if self._direct and not self._query_loggers:
            statement = self._stmt_cache.get((query, record_class or self._record_class, ignore_custom_codec))
            if statement is not None:
                try:
                    return await self._protocol.bind_execute(statement, args, "", limit, return_status, timeout)
                except exceptions.OutdatedSchemaCacheError:
                    await self.reload_schema_state()
                    raise
                except exceptions.InvalidCachedStatementError:
                    # A table or a type has changed since.
                    self._drop_global_statement_cache()
                    if self._protocol.is_in_transaction():
                        raise
        return await self._execute_anew(query, args, limit, timeout, return_status, ignore_custom_codec, record_class)

    async def _execute_anew(
        self,
        query: str,
        args: Sequence[Any],
        limit: int,
        timeout: float | None,
        return_status: bool,
        ignore_custom_codec: bool,
        record_class: "type[Record] | None",
    ) -> Any:
        async def run(statement: "StatementState", left: float | None) -> Any:
            return await self._protocol.bind_execute(statement, args, "", limit, return_status, left)

        with self._logged(query, args, timeout):
            return await self._do_execute(
                query, run, timeout, ignore_custom_codec=ignore_custom_codec, record_class=record_class
            )

    async def _fetch_as(
        self, form: Literal["json", "arrow"], query: str, args: Sequence[Any], timeout: float | None
    ) -> object:
        async def run(statement: "StatementState", left: float | None) -> object:
            return await self._protocol.bind_execute_as(statement, args, form, left)

        self._check_open()
        with self._logged(query, args, timeout):
            result: object = await self._do_execute(query, run, self._get_timeout(timeout))
        return result

    async def _executemany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        timeout: float | None,
        return_rows: bool = False,
        record_class: "type[Record] | None" = None,
    ) -> "list[Record] | None":
        async def run(statement: "StatementState", left: float | None) -> Any:
            return await self._protocol.bind_execute_many(statement, args, "", left, return_rows)

        with self._logged(query, args, timeout):
            result: list[Record] | None = await self._do_execute(
                query, run, self._get_timeout(timeout), record_class=record_class
            )
        return result

    async def _do_execute(
        self,
        query: str,
        run: "Callable[[StatementState, float | None], Awaitable[Any]]",
        timeout: float | None,
        *,
        retry: bool = True,
        ignore_custom_codec: bool = False,
        record_class: "type[Record] | None" = None,
    ) -> Any:
        """Prepares and runs, once more if the statement was out of date."""
        began = self._loop.time()
        statement = await self._get_statement(
            query,
            protocol.NO_TIMEOUT if timeout is None else timeout,
            ignore_custom_codec=ignore_custom_codec,
            record_class=record_class,
        )
        left = None if timeout is None else max(timeout - (self._loop.time() - began), 1e-9)
        try:
            return await run(statement, left)
        except exceptions.OutdatedSchemaCacheError:
            await self.reload_schema_state()
            raise
        except exceptions.InvalidCachedStatementError:
            self._drop_global_statement_cache()
            if self._protocol.is_in_transaction() or not retry:
                raise
        return await self._do_execute(
            query, run, timeout, retry=False, ignore_custom_codec=ignore_custom_codec, record_class=record_class
        )

    async def _prepare(
        self,
        query: str,
        *,
        name: str | bool | None = None,
        timeout: float | None = None,
        use_cache: bool = False,
        record_class: "type[Record] | None" = None,
    ) -> "prepared_stmt.PreparedStatement":
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
    server_settings: dict[str, str] | None = None,
    target_session_attrs: str | None = None,
    krbsrvname: str | None = None,
    gsslib: str | None = None,
    pipelining: Literal["queue", "error"] | None = None,
    **options: Any,
) -> Connection:
    """Opens a connection.

    What is not given is taken from the DSN, then from the environment, as libpq does; see the guide.
    """
    given: Any = connection_class
    if not issubclass(given, Connection):
        raise exceptions.InterfaceError(
            f"connection_class is expected to be a subclass of asyncpg.Connection, got {connection_class!r}"
        )
    record_class = _checked_record_class(record_class)
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
    connection._set_serial(pipelining == "error")
    return cast("Connection", connection)
