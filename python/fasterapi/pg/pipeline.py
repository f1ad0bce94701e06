"""Statements sent one behind the other, without waiting for their results."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import asyncio
import types
from collections.abc import Awaitable, Coroutine, Generator, Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, cast

from fasterapi.pg import connresource, exceptions

if TYPE_CHECKING:
    from fasterapi._engine import PgArrow
    from fasterapi.pg.connection import Connection
    from fasterapi.pg.protocol import Record
    from fasterapi.pg.protocol.protocol import StatementState


class Pipeline(connresource.ConnectionResource):
    """A block in which each call sends its statement at once and gives a task with the result.

    The server runs them in the order of the calls, each on its own: one that fails raises where its task is awaited,
    and leaves the others as they are, unless a transaction around them makes them one. At the end of the block all are
    waited for; the error of the first failed task that nobody has awaited is raised there.
    """

    __slots__ = ("_sending", "_tasks", "_turn")

    def __init__(self, connection: "Connection") -> None:
        super().__init__(connection)
        # Statements are prepared, where they have to be, and sent in turn.
        self._turn = asyncio.Lock()
        self._tasks: list[asyncio.Task[Any]] = []
        self._sending = False

    async def __aenter__(self) -> Self:
        if self._sending:
            raise exceptions.InterfaceError("cannot enter context: already in an `async with` block")
        self._sending = True
        return self

    async def __aexit__(
        self,
        extype: type[BaseException] | None,
        ex: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._sending = False
        tasks, self._tasks = self._tasks, []
        if extype is not None and not issubclass(extype, Exception):
            for task in tasks:
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for task in tasks:
            # Python's own mark of an exception that nobody has seen.
            unseen = getattr(task, "_log_traceback", False)
            error = None if task.cancelled() else task.exception()
            if error is not None and unseen and ex is None:
                raise error

    def fetch(self, query: str, *args: Any, timeout: float | None = None) -> "asyncio.Task[list[Record]]":
        """Sends a query; its rows."""
        return self._send(self._rows(query, args, 0, timeout, None))

    def fetchrow(self, query: str, *args: Any, timeout: float | None = None) -> "asyncio.Task[Record | None]":
        """Sends a query; its first row, or `None`."""
        return self._send(self._first(query, args, timeout, None))

    def fetchval(
        self, query: str, *args: Any, column: int | str = 0, timeout: float | None = None
    ) -> "asyncio.Task[Any]":
        """Sends a query; one value of its first row."""
        return self._send(self._value(query, args, column, timeout))

    def fetch_json(self, query: str, *args: Any, timeout: float | None = None) -> "asyncio.Task[bytes]":
        """Sends a query; its rows as a JSON array of objects."""
        return self._send(self._export("json", query, args, timeout))

    def fetch_arrow(self, query: str, *args: Any, timeout: float | None = None) -> "asyncio.Task[PgArrow]":
        """Sends a query; its rows as columns, for all that reads `__arrow_c_stream__`."""
        return self._send(self._export("arrow", query, args, timeout))

    def execute(self, query: str, *args: Any, timeout: float | None = None) -> "asyncio.Task[str]":
        """Sends a statement, or several without arguments; the status."""
        return self._send(self._status(query, args, timeout))

    def executemany(
        self, command: str, args: Iterable[Sequence[Any]], *, timeout: float | None = None
    ) -> "asyncio.Task[None]":
        """Sends a statement for each sequence of arguments; all of them or none take effect."""
        return self._send(self._many(command, args, timeout))

    def _send(self, operation: "Coroutine[Any, Any, Any]") -> "asyncio.Task[Any]":
        try:
            if not self._sending:
                raise exceptions.InterfaceError("a pipeline is used inside its `async with` block")
            self._check_conn_validity("send")
        except exceptions.InterfaceError:
            operation.close()
            raise
        task = self._connection._loop.create_task(operation)
        self._tasks.append(task)
        return task

    async def _rows(
        self,
        query: str,
        args: Sequence[Any],
        limit: int,
        timeout: float | None,
        record_class: "type[Record] | None",
        extra: bool = False,
    ) -> Any:
        connection = self._connection
        async with self._turn:
            statement = await self._statement(query, timeout, record_class)
            seconds = connection._get_timeout(timeout)
            answer = _sent(connection._protocol.bind_execute(statement, args, "", limit, extra, seconds))
        return await answer

    async def _export(
        self, form: Literal["json", "arrow"], query: str, args: Sequence[Any], timeout: float | None
    ) -> object:
        connection = self._connection
        async with self._turn:
            statement = await self._statement(query, timeout)
            seconds = connection._get_timeout(timeout)
            answer = _sent(connection._protocol.bind_execute_as(statement, args, form, seconds))
        result: object = await answer
        return result

    async def _first(
        self, query: str, args: Sequence[Any], timeout: float | None, record_class: "type[Record] | None"
    ) -> "Record | None":
        rows = await self._rows(query, args, 1, timeout, record_class)
        return rows[0] if rows else None

    async def _value(self, query: str, args: Sequence[Any], column: int | str, timeout: float | None) -> Any:
        row = await self._first(query, args, timeout, self._connection._record_class)
        return None if row is None else row[column]

    async def _status(self, query: str, args: Sequence[Any], timeout: float | None) -> str:
        if args:
            _, status, _ = await self._rows(query, args, 0, timeout, self._connection._record_class, extra=True)
            return "" if status is None else cast("str", status.decode())
        connection = self._connection
        async with self._turn:
            connection._check_open()
            answer = _sent(connection._protocol.query(query, connection._get_timeout(timeout)))
        status_text: str = await answer
        return status_text

    async def _many(self, command: str, args: Iterable[Sequence[Any]], timeout: float | None) -> None:
        connection = self._connection
        async with self._turn:
            statement = await self._statement(command, timeout)
            seconds = connection._get_timeout(timeout)
            # It may have to wait for room: nothing else goes out before it is through.
            await connection._protocol.bind_execute_many(statement, args, "", seconds, False)

    async def _statement(
        self, query: str, timeout: float | None, record_class: "type[Record] | None" = None
    ) -> "StatementState":
        self._connection._check_open()
        return await self._connection._get_statement(query, timeout, record_class=record_class)


def _sent(call: Awaitable[Any]) -> Awaitable[Any]:
    """Takes the first step of a call, by which it is sent; what is left is to wait for the answer."""
    steps: Any = call.__await__()
    try:
        waits_for = steps.send(None)
    except StopIteration as done:
        return _finished(done.value)
    return _rest(steps, waits_for)


@types.coroutine
def _rest(steps: Any, waits_for: Any) -> Generator[Any, Any, Any]:
    while True:
        try:
            try:
                sent = yield waits_for
            except BaseException as error:
                waits_for = steps.throw(error)
            else:
                waits_for = steps.send(sent)
        except StopIteration as done:
            return done.value


async def _finished(value: Any) -> Any:
    return value
