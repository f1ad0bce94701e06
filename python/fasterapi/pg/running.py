"""Running queries by the extended protocol."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fasterapi._engine import Waiting
from fasterapi.pg import exceptions, protocol
from fasterapi.pg.listeners import Listening
from fasterapi.pg.type_codecs import TypeCodecs

if TYPE_CHECKING:
    from fasterapi.pg.protocol.protocol import StatementState
    from fasterapi.pg.statement_cache import Key


class Running(TypeCodecs, Listening):
    """The part of a connection that runs queries.

    One that the connection has prepared takes one round trip, and so does one that another connection to the same
    database has: it is parsed, bound and run in one go, and the server says with the rows what they are.
    """

    __slots__ = ()

    async def _execute(
        self,
        query: str,
        args: Sequence[Any],
        limit: int,
        timeout: float | None,
        *,
        return_status: bool = False,
        ignore_custom_codec: bool = False,
        record_class: Any = None,
    ) -> Any:
        """Runs a query by the extended protocol: a list of rows; with `return_status` also the status, and whether
        these were all."""
        timeout = self._command_timeout if timeout is None else self._get_timeout(timeout)
        if self._slow:
            self._check_open()
        # One that is closed has no statements, and the protocol knows of its end before all others.
        if self._direct and not self._query_loggers:
            statement = self._stmt_cache.get((query, record_class or self._rows, ignore_custom_codec))
            if statement is not None:
                try:
                    result = self._protocol.bind_execute_now(statement, args, limit, return_status, timeout)
                    return await result if isinstance(result, Waiting) else result
                except exceptions.OutdatedSchemaCacheError:
                    await self.reload_schema_state()
                    raise
                except exceptions.InvalidCachedStatementError:
                    # A table or a type has changed since.
                    self._drop_global_statement_cache()
                    if self._protocol.is_in_transaction():
                        raise
        self._check_open()
        return await self._execute_anew(query, args, limit, timeout, return_status, ignore_custom_codec, record_class)

    async def _execute_anew(
        self,
        query: str,
        args: Sequence[Any],
        limit: int,
        timeout: float | None,
        return_status: bool,
        ignore_custom_codec: bool,
        record_class: Any,
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
        record_class: Any = None,
    ) -> list[Any] | None:
        async def run(statement: "StatementState", left: float | None) -> Any:
            return await self._protocol.bind_execute_many(statement, args, "", left, return_rows)

        with self._logged(query, args, timeout):
            # The arguments can be read only once: the statement has to be right.
            result: list[Any] | None = await self._do_execute(
                query, run, self._get_timeout(timeout), assume=False, record_class=record_class
            )
        return result

    async def _do_execute(
        self,
        query: str,
        run: "Callable[[StatementState, float | None], Awaitable[Any]]",
        timeout: float | None,
        *,
        retry: bool = True,
        assume: bool = True,
        ignore_custom_codec: bool = False,
        record_class: Any = None,
    ) -> Any:
        """Prepares and runs, once more if the statement was out of date."""
        began = self._loop.time()
        key = (query, record_class or self._rows, ignore_custom_codec)
        statement = self._assumed(key) if assume else None
        if statement is not None:
            try:
                return await self._run_assumed(key, statement, run, timeout)
            except _NothingRunError:
                pass
            timeout = _left(timeout, self._loop.time() - began)
            began = self._loop.time()
        statement = await self._get_statement(
            query,
            protocol.NO_TIMEOUT if timeout is None else timeout,
            ignore_custom_codec=ignore_custom_codec,
            record_class=record_class,
        )
        try:
            return await run(statement, _left(timeout, self._loop.time() - began))
        except exceptions.OutdatedSchemaCacheError:
            await self.reload_schema_state()
            raise
        except exceptions.InvalidCachedStatementError:
            self._drop_global_statement_cache()
            if self._protocol.is_in_transaction() or not retry:
                raise
        return await self._do_execute(
            query,
            run,
            timeout,
            retry=False,
            assume=False,
            ignore_custom_codec=ignore_custom_codec,
            record_class=record_class,
        )

    def _assumed(self, key: "Key") -> "StatementState | None":
        """A statement as another connection knows it; none where it is prepared already, or has to be."""
        query, rows, ignore_custom_codec = key
        described = self._shared.get(query) if self._direct else None
        if described is None:
            return None
        keep = self._keeps(query)
        if keep and self._stmt_cache.has(key):
            return None
        # Of several at a time only one is worth a name.
        named = self._get_unique_id("stmt") if keep and key not in self._assuming else ""
        statement = self._protocol.assume(
            named, query, described, record_class=rows, ignore_custom_codec=ignore_custom_codec
        )
        return None if statement.missing_types() else statement

    async def _run_assumed(
        self,
        key: "Key",
        statement: "StatementState",
        run: "Callable[[StatementState, float | None], Awaitable[Any]]",
        timeout: float | None,
    ) -> Any:
        """Parses and runs in one go. Raises _NothingRunError where the statement is to be prepared instead."""
        named = bool(statement.name)
        if named:
            self._assuming.add(key)
        try:
            if self._stmts_to_close:
                await self._cleanup_stmts()
            return await run(statement, timeout)
        except exceptions.OutdatedSchemaCacheError:
            await self.reload_schema_state()
            raise
        except Exception as error:
            failed = isinstance(error, exceptions.PostgresError) and self._protocol.is_in_transaction()
            if statement.refuted and not failed:
                raise _NothingRunError from error
            raise
        finally:
            if statement.refuted:
                self._shared.forget(statement.query)
            if named:
                self._assuming.discard(key)
                self._keep(key, statement)

    def _keep(self, key: "Key", statement: "StatementState") -> None:
        """Puts a statement that was right into the cache; has others closed, for the server may have them."""
        if self.is_closed():
            return
        if not statement.assumed and not self._stmt_cache.has(key):
            self._stmt_cache.put(key, statement)
        else:
            statement.mark_closed()
            self._stmts_to_close.add(statement)


class _NothingRunError(Exception):
    """What was assumed of a statement is wrong, and nothing has come of it."""


def _left(timeout: float | None, elapsed: float) -> float | None:
    # Too late is for the protocol to say.
    return None if timeout is None else max(timeout - elapsed, 1e-9)
