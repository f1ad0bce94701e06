"""The state of one session: its statements, its transaction, and its end."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import contextlib
import traceback
import warnings
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fasterapi.pg import connect_utils, exceptions, introspection, serverversion
from fasterapi.pg.protocol import NO_TIMEOUT, Record
from fasterapi.pg.shared import Shared
from fasterapi.pg.statement_cache import StatementCache

if TYPE_CHECKING:
    from fasterapi.pg import types
    from fasterapi.pg.listeners import Callback
    from fasterapi.pg.pool import PoolConnectionHolder, PoolConnectionProxy
    from fasterapi.pg.protocol.protocol import ConnectionSettings, Protocol, StatementState
    from fasterapi.pg.statement_cache import Key
    from fasterapi.pg.transaction import Transaction

# Rounds of introspection for one statement; each can be overtaken by a change of the schema.
_INTROSPECTIONS = 5


class ServerCapabilities(NamedTuple):
    """What the server, or what only passes for PostgreSQL, can do."""

    advisory_locks: bool
    notifications: bool
    plpgsql: bool
    sql_reset: bool
    sql_close_all: bool
    sql_copy_from_where: bool
    jit: bool


class Session:
    """What all parts of a connection stand on."""

    __slots__ = (
        "__weakref__",
        "_aborted",
        "_addr",
        "_assuming",
        "_cancel_timer",
        "_cancellations",
        "_command_timeout",
        "_config",
        "_direct",
        "_held_begin",
        "_intro_query",
        "_listeners",
        "_log_listeners",
        "_loop",
        "_params",
        "_pool_holder",
        "_pool_release_ctr",
        "_protocol",
        "_proxy",
        "_query_loggers",
        "_record_class",
        "_reset_query",
        "_rows",
        "_serial",
        "_server_caps",
        "_server_version",
        "_shared",
        "_slow",
        "_source_traceback",
        "_stmt_cache",
        "_stmt_cache_enabled",
        "_stmts_to_close",
        "_termination_listeners",
        "_top_xact",
        "_transport",
    )

    if TYPE_CHECKING:
        # Of the parts that stand on this one.
        def _call_termination_listeners(self) -> None: ...
        def _get_unique_id(self, prefix: str) -> str: ...

    def __init__(
        self,
        protocol: "Protocol",
        transport: Any,
        loop: asyncio.AbstractEventLoop,
        addr: "tuple[str, int] | str",
        config: "connect_utils._ClientConfiguration",
        params: "connect_utils._ConnectionParameters",
    ) -> None:
        self._aborted = False
        self._protocol = protocol
        self._transport = transport
        self._loop = loop
        self._addr = addr
        self._config = config
        self._params = params
        self._command_timeout: float | None = config.command_timeout
        # Of the rows that are records, where the operation does not say otherwise.
        self._record_class: type[Record] = Record
        # What rows are made into, if not said otherwise: that class, or a factory's.
        self._rows: Any = Record
        self._top_xact: Transaction | None = None
        # How often it went back to its pool: what was made before that cannot be used any more.
        self._pool_release_ctr: int = 0
        # A BEGIN that goes out with the first statement.
        self._held_begin: str | None = None
        # Operations do not queue: a second one is an error.
        self._serial = False
        # Something has to be done before each operation: the two above.
        self._slow = False

        self._stmt_cache = StatementCache(
            loop=loop,
            max_size=config.statement_cache_size,
            max_lifetime=config.max_cached_statement_lifetime,
            on_remove=_WeakCollector(self),
        )
        self._stmt_cache_enabled = config.statement_cache_size > 0
        # Statements can be taken out of the cache without asking for them.
        self._direct = type(self)._get_statement is Session._get_statement
        self._stmts_to_close: set[StatementState] = set()
        # Statements under way whose description is another connection's.
        self._assuming: set[Key] = set()
        self._shared = Shared()

        self._listeners: dict[str, set[Callback]] = {}
        self._log_listeners: set[Callback] = set()
        self._termination_listeners: set[Callback] = set()
        self._query_loggers: set[Callback] = set()
        self._cancellations: set[asyncio.Task[None]] = set()
        # By then the server must have answered what it was asked to cancel.
        self._cancel_timer: asyncio.TimerHandle | None = None

        settings = protocol.get_settings()
        self._server_version: types.ServerVersion = serverversion.split_server_version_string(settings.server_version)
        self._server_caps = _capabilities(self._server_version, settings)
        self._intro_query = (
            introspection.LOOKUP_TYPES if self._server_version >= (14, 0) else introspection.LOOKUP_TYPES_13
        )
        self._reset_query: str | None = None
        self._proxy: PoolConnectionProxy | None = None
        self._pool_holder: weakref.ref[PoolConnectionHolder] | None = None
        self._source_traceback = "".join(traceback.format_stack(limit=10)) if loop.get_debug() else None

    def __del__(self) -> None:
        # Half made objects have no protocol.
        found: Protocol | None = getattr(self, "_protocol", None)
        if found is None or self.is_closed():
            return
        if self._source_traceback:
            message = f"unclosed connection {self!r}; created at:\n {self._source_traceback}"
        else:
            message = (
                f"unclosed connection {self!r}; run in asyncio debug mode to show the traceback of connection origin"
            )
        warnings.warn(message, ResourceWarning, stacklevel=1)
        if not self._loop.is_closed():
            self._pool_holder = None
            self.terminate()

    def is_closed(self) -> bool:
        """Whether the connection is closed."""
        return self._aborted or not self._protocol.is_connected()

    async def close(self, *, timeout: float | None = None) -> None:
        """Closes the connection in order; the server is asked to stop what is under way."""
        try:
            if not self.is_closed():
                if self._protocol.awaited and not self._protocol._is_cancelling():
                    self._cancel_current_command()
                async with asyncio.timeout(self._get_timeout(timeout)):
                    await self._protocol.close()
        except BaseException:
            self._abort()
            raise
        finally:
            self._cleanup()

    def terminate(self) -> None:
        """Closes the connection at once."""
        if not self._aborted:
            self._abort()
        self._cleanup()

    def _abort(self) -> None:
        self._aborted = True
        self._protocol.abort()

    def _on_closed(self, _cause: BaseException | None) -> None:
        """The session is over, on whichever side it ended."""
        self._aborted = True
        self._cleanup()

    def _cleanup(self) -> None:
        self._call_termination_listeners()
        if self._pool_holder is not None:
            # An idle connection has no proxy, but belongs to its holder all the same.
            holder, self._pool_holder = self._pool_holder(), None
            if holder is not None and holder._con is self:
                holder._release_on_close()
        self._mark_stmts_as_closed()
        self._listeners.clear()
        self._log_listeners.clear()
        self._query_loggers.clear()
        self._drop_cancel_timer()
        if self._cancellations:
            current = asyncio.current_task(self._loop)
            for task in self._cancellations:
                if task is not current and not task.done():
                    task.cancel()
            self._cancellations.clear()

    def _check_open(self) -> None:
        if self.is_closed():
            raise exceptions.InterfaceError("connection is closed")
        if self._slow:
            self._before_operation()

    def _get_timeout(self, timeout: Any) -> float | None:
        """The timeout of an operation, in seconds."""
        if timeout is None:
            return self._command_timeout
        if timeout is NO_TIMEOUT:
            return None
        if isinstance(timeout, bool):
            raise ValueError(f"invalid timeout value: expected non-negative float (got {timeout!r})")
        try:
            seconds = float(timeout)
        except (TypeError, ValueError):
            raise ValueError(f"invalid timeout value: expected non-negative float (got {timeout!r})") from None
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def _set_serial(self, serial: bool) -> None:
        """Whether a second operation at the same time is an error, instead of waiting for its turn."""
        self._serial = serial
        self._slow = serial or self._held_begin is not None

    def _before_operation(self) -> None:
        if self._serial and self._protocol.awaited:
            raise exceptions.InterfaceError("cannot perform operation: another operation is in progress")
        if self._held_begin is not None:
            begin, self._held_begin = self._held_begin, None
            self._slow = self._serial
            self._protocol.post(begin)

    def _hold_begin(self, begin: str) -> None:
        """BEGIN goes out together with what comes next."""
        self._held_begin = begin
        self._slow = True

    def _drop_begin(self) -> bool:
        """Nothing came: the BEGIN is not sent either. False if it has been."""
        if self._held_begin is None:
            return False
        self._held_begin = None
        self._slow = self._serial
        return True

    def _post(self, query: str) -> None:
        if not self.is_closed():
            self._protocol.post(query)

    async def _settled_in_transaction(self) -> bool:
        """Whether the session is in a transaction, once what was sent without waiting has been answered."""
        if self._protocol.is_in_transaction() and self._protocol.in_flight:
            await self._protocol.query("", None)
        return self._protocol.is_in_transaction()

    async def _get_statement(
        self,
        query: str,
        timeout: Any,
        *,
        named: str | bool = False,
        use_cache: bool = True,
        ignore_custom_codec: bool = False,
        record_class: Any = None,
    ) -> "StatementState":
        """The statement, prepared, and with a codec for each of its types.

        Nothing is awaited between its coming into the cache and the return: nobody can have closed it by then.
        """
        record_class = record_class or self._rows
        key = (query, record_class, ignore_custom_codec)
        if use_cache and self._stmt_cache_enabled:
            found = self._stmt_cache.get(key)
            if found is not None:
                return found
            use_cache = self._keeps(query)
        else:
            use_cache = False
        if not isinstance(named, str):
            named = self._get_unique_id("stmt") if use_cache or named else ""
        seconds = self._get_timeout(timeout)
        statement = await self._protocol.prepare(
            named, query, seconds, record_class=record_class, ignore_custom_codec=ignore_custom_codec
        )
        missing = statement.missing_types()
        if missing:
            await self._learn(statement, missing, timeout)
        statement.init_codecs()
        if not named:
            # Others may use the unnamed statement in between: it goes along each time.
            statement.mark_unprepared()
        if self._stmts_to_close:
            await self._cleanup_stmts()
        if use_cache:
            self._stmt_cache.put(key, statement)
        if not ignore_custom_codec and self._is_short(query):
            self._shared.learn(statement)
        return statement

    def _keeps(self, query: str) -> bool:
        """Whether the query stays prepared; long ones are rather passed again each time."""
        return self._stmt_cache_enabled and self._stmt_cache.get_max_size() > 0 and self._is_short(query)

    def _is_short(self, query: str) -> bool:
        limit = self._config.max_cacheable_statement_size
        return not limit or len(query) <= limit

    def _share(self, shared: Shared) -> None:
        """Knows from now on what other connections to the same database know."""
        self._shared = shared
        self._protocol.get_settings().share_types(shared.types)

    async def _learn(self, statement: "StatementState", missing: set[int], timeout: Any) -> None:
        settings = self._protocol.get_settings()
        for _ in range(_INTROSPECTIONS):
            rows, _ = await self._introspect_types(missing, timeout)
            settings.register_data_types(introspection.parts_first(rows))
            missing = statement.missing_types()
            if not missing:
                return
        unknown = ", ".join(map(str, sorted(missing)))
        raise exceptions.InternalClientError(f"the server does not describe the types {unknown} of the query's values")

    async def _introspect_types(self, typeoids: Iterable[int], timeout: Any) -> "tuple[list[Record], StatementState]":
        statement = await self._get_statement(self._intro_query, timeout, ignore_custom_codec=True, record_class=Record)
        rows = await self._protocol.bind_execute(statement, (list(typeoids),), "", 0, False, self._get_timeout(timeout))
        return rows, statement

    async def _bind_execute_many(
        self, statement: "StatementState", args: Iterable[Sequence[Any]], timeout: Any, return_rows: bool
    ) -> "list[Record] | None":
        return await self._protocol.bind_execute_many(statement, args, "", self._get_timeout(timeout), return_rows)

    def _mark_stmts_as_closed(self) -> None:
        for statement in self._stmt_cache.iter_statements():
            statement.mark_closed()
        for statement in self._stmts_to_close:
            statement.mark_closed()
        self._stmt_cache.clear()
        self._stmts_to_close.clear()

    def _maybe_gc_stmt(self, statement: "StatementState") -> None:
        """Has the statement closed, soon, unless somebody uses it or it is in the cache."""
        if (
            statement.refs == 0
            and statement.name
            and not statement.closed
            and not self._stmt_cache.has((statement.query, statement.record_class, statement.ignore_custom_codec))
        ):
            statement.mark_closed()
            self._stmts_to_close.add(statement)

    async def _cleanup_stmts(self) -> None:
        to_close = self._stmts_to_close
        while to_close:
            statement = to_close.pop()
            try:
                await self._protocol.close_statement(statement, None)
            except BaseException:
                # It may not have been sent; a second time does no harm.
                if not self.is_closed():
                    to_close.add(statement)
                raise

    def _drop_local_statement_cache(self) -> None:
        self._stmt_cache.clear()

    def _drop_local_type_cache(self) -> None:
        self._protocol.get_settings().clear_type_cache()

    def _cancel_current_command(
        self, waiter: "asyncio.Future[None] | None" = None, cancel_waiter: "asyncio.Future[None] | None" = None
    ) -> None:
        """Asks the server to stop what it does; `waiter` is done when it has heard."""
        self._drop_cancel_timer()
        if waiter is None:
            waiter = self._loop.create_future()
            waiter.add_done_callback(self._cancel_sent)
        self._cancellations.add(self._loop.create_task(self._cancel(waiter, cancel_waiter)))

    def _cancel_sent(self, _waiter: "asyncio.Future[None]") -> None:
        self._protocol._cancel_sent()

    def _drop_cancel_timer(self) -> None:
        if self._cancel_timer is not None:
            self._cancel_timer.cancel()
            self._cancel_timer = None

    def _expect_cancelled(self) -> None:
        """The server has heard; a connection on which it does not stop in time is of no use."""
        self._drop_cancel_timer()
        if self._command_timeout is not None and self._protocol._is_cancelling():
            found: weakref.ref[Session] = weakref.ref(self)
            self._cancel_timer = self._loop.call_later(self._command_timeout, _expire_cancellation, found)

    async def _cancel(
        self, waiter: "asyncio.Future[None]", cancel_waiter: "asyncio.Future[None] | None" = None
    ) -> None:
        try:
            async with asyncio.timeout(self._command_timeout):
                # Some servers close like that once they have read the request.
                with contextlib.suppress(ConnectionResetError):
                    await connect_utils._cancel(
                        loop=self._loop,
                        addr=self._addr,
                        params=self._params,
                        backend_pid=self._protocol.backend_pid or 0,
                        backend_secret=self._protocol.backend_secret or b"",
                    )
                if not waiter.done():
                    waiter.set_result(None)
                if cancel_waiter is not None:
                    await asyncio.shield(cancel_waiter)
            self._expect_cancelled()
        except asyncio.CancelledError:
            # The connection is closed while the request is on its way.
            pass
        except Exception:
            # The statement still runs, and nobody reads its answer.
            if not self._aborted:
                self.terminate()
        finally:
            task = _current_task()
            if task is not None:
                self._cancellations.discard(task)
            if not waiter.done():
                waiter.set_result(None)


def _expire_cancellation(found: "weakref.ref[Session]") -> None:
    session = found()
    if session is not None and not session._aborted and session._protocol._is_cancelling():
        session.terminate()


class _WeakCollector:
    """Tells a connection of the statements that leave its cache, without keeping it alive."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = weakref.ref(session)

    def __call__(self, statement: "StatementState") -> None:
        session = self._session()
        if session is not None:
            session._maybe_gc_stmt(statement)


def _current_task() -> "asyncio.Task[Any] | None":
    try:
        return asyncio.current_task()
    except RuntimeError:
        # The loop has ended, and its tasks are thrown away.
        return None


def _capabilities(version: "types.ServerVersion", settings: "ConnectionSettings") -> ServerCapabilities:
    # Redshift, CockroachDB and CrateDB speak the protocol, but each has only a part of the language.
    redshift = hasattr(settings, "padb_revision")
    complete = not (redshift or hasattr(settings, "crdb_version") or hasattr(settings, "crate_version"))
    return ServerCapabilities(
        advisory_locks=complete,
        notifications=complete,
        plpgsql=complete,
        sql_reset=complete or redshift,
        sql_close_all=complete,
        sql_copy_from_where=complete and version.major >= 12,
        jit=complete and version.major >= 11,
    )
