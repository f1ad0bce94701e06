"""Transactions and savepoints."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import enum
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TypeAlias

from fasterapi.pg import connresource, exceptions

if TYPE_CHECKING:
    from fasterapi.pg.connection import Connection

Isolation: TypeAlias = Literal["read_committed", "read_uncommitted", "serializable", "repeatable_read"]

ISOLATION_LEVELS = {"read_committed", "read_uncommitted", "serializable", "repeatable_read"}


class TransactionState(enum.Enum):
    """Where a transaction is in its life."""

    NEW = 0
    STARTED = 1
    COMMITTED = 2
    ROLLEDBACK = 3
    FAILED = 4


class Transaction(connresource.ConnectionResource):
    """A transaction, or a savepoint where there is one already.

    Made by `Connection.transaction()`, for `async with`, or for `start()` and then `commit()` or `rollback()`.
    """

    __slots__ = ("_deferrable", "_id", "_isolation", "_lazy", "_managed", "_nested", "_readonly", "_state")

    def __init__(
        self,
        connection: "Connection",
        isolation: "Isolation | None",
        readonly: bool,
        deferrable: bool,
        lazy: bool = False,
    ) -> None:
        super().__init__(connection)
        if isolation and isolation not in ISOLATION_LEVELS:
            raise ValueError(f"isolation is expected to be either of {ISOLATION_LEVELS}, got {isolation!r}")
        self._isolation = isolation
        self._readonly = readonly
        self._deferrable = deferrable
        self._lazy = lazy
        self._state = TransactionState.NEW
        self._nested = False
        self._id: str | None = None
        self._managed = False

    async def __aenter__(self) -> None:
        if self._managed:
            raise exceptions.InterfaceError("cannot enter context: already in an `async with` block")
        self._managed = True
        try:
            await self.start()
        except BaseException:
            self._managed = False
            raise

    async def __aexit__(
        self,
        extype: type[BaseException] | None,
        ex: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        try:
            self._check_conn_validity("__aexit__")
        except exceptions.InterfaceError:
            if extype is GeneratorExit:
                # An asynchronous generator is torn down after its connection went back: nothing is left to end.
                return
            raise
        try:
            if extype is None:
                await self._commit()
            else:
                await self._rollback()
        finally:
            self._managed = False

    @connresource.guarded
    async def start(self) -> None:
        """Begins the transaction, or sets the savepoint."""
        self._check_state_base("start")
        if self._state is TransactionState.STARTED:
            raise exceptions.InterfaceError("cannot start; the transaction is already started")
        con = self._connection
        outer = con._top_xact
        if outer is None:
            if await con._settled_in_transaction():
                raise exceptions.InterfaceError("cannot use Connection.transaction() in a manually started transaction")
            con._top_xact = self
            if self._lazy:
                con._hold_begin(self._begin())
                self._state = TransactionState.STARTED
                return
            query = self._begin()
        else:
            if self._isolation and await self._isolation_of(outer) != self._isolation:
                raise exceptions.InterfaceError(
                    "nested transaction has a different isolation level: "
                    f"current {self._isolation!r} != outer {outer._isolation!r}"
                )
            self._nested = True
            self._id = con._get_unique_id("savepoint")
            query = f"SAVEPOINT {self._id};"
        try:
            await con.execute(query)
        except BaseException:
            self._state = TransactionState.FAILED
            if not self._nested:
                self._abandon()
            raise
        self._state = TransactionState.STARTED

    @connresource.guarded
    async def commit(self) -> None:
        """Makes the work of the block permanent, and ends it."""
        if self._managed:
            raise exceptions.InterfaceError("cannot manually commit from within an `async with` block")
        await self._commit()

    @connresource.guarded
    async def rollback(self) -> None:
        """Takes the work of the block back, and ends it."""
        if self._managed:
            raise exceptions.InterfaceError("cannot manually rollback from within an `async with` block")
        await self._rollback()

    async def _commit(self) -> None:
        self._check_state("commit")
        await self._end(f"RELEASE SAVEPOINT {self._id};" if self._nested else "COMMIT;")
        self._state = TransactionState.COMMITTED

    async def _rollback(self) -> None:
        self._check_state("rollback")
        await self._end(f"ROLLBACK TO {self._id};" if self._nested else "ROLLBACK;")
        self._state = TransactionState.ROLLEDBACK

    async def _end(self, query: str) -> None:
        con = self._connection
        if not self._nested and con._top_xact is self:
            con._top_xact = None
            if con._drop_begin():
                # Nothing was sent since `start()`, and so there is nothing to end.
                return
        try:
            await con.execute(query)
        except BaseException:
            self._state = TransactionState.FAILED
            if not self._nested:
                self._abandon()
            elif query.startswith("ROLLBACK") and con.is_in_transaction():
                # It may have been dropped before it was sent; twice does no harm.
                con._post(query)
            raise

    def _abandon(self) -> None:
        """Leaves no transaction behind, whatever the server made of a command that failed or was cancelled."""
        con = self._connection
        if con._top_xact is self:
            con._top_xact = None
        if not con.is_closed() and (con._protocol.in_flight or con._protocol.is_in_transaction()):
            con._post("ROLLBACK;")

    def _begin(self) -> str:
        query = "BEGIN"
        if self._isolation:
            query += f" ISOLATION LEVEL {self._isolation.replace('_', ' ').upper()}"
        if self._readonly:
            query += " READ ONLY"
        if self._deferrable:
            query += " DEFERRABLE"
        return query + ";"

    async def _isolation_of(self, outer: "Transaction") -> str:
        if outer._isolation is None:
            level = await self._connection.fetchval("SHOW transaction_isolation;")
            outer._isolation = level.replace(" ", "_")
        return outer._isolation or ""

    def _check_state_base(self, opname: str) -> None:
        if self._state is TransactionState.COMMITTED:
            raise exceptions.InterfaceError(f"cannot {opname}; the transaction is already committed")
        if self._state is TransactionState.ROLLEDBACK:
            raise exceptions.InterfaceError(f"cannot {opname}; the transaction is already rolled back")
        if self._state is TransactionState.FAILED:
            raise exceptions.InterfaceError(f"cannot {opname}; the transaction is in error state")

    def _check_state(self, opname: str) -> None:
        if self._state is not TransactionState.STARTED:
            if self._state is TransactionState.NEW:
                raise exceptions.InterfaceError(f"cannot {opname}; the transaction is not yet started")
            self._check_state_base(opname)

    def __repr__(self) -> str:
        words = [f"state:{self._state.name.lower()}"]
        if self._isolation is not None:
            words.append(self._isolation)
        if self._readonly:
            words.append("readonly")
        if self._deferrable:
            words.append("deferrable")
        return f"<asyncpg.{type(self).__name__} {' '.join(words)} {id(self):#x}>"
