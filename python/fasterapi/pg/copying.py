"""COPY: tables and results out, data and records in."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import IO, Any, Literal, TypeAlias, cast

from fasterapi.pg import exceptions, utils
from fasterapi.pg.session import Session

Output: TypeAlias = "str | os.PathLike[str] | IO[bytes] | Callable[[bytes], Awaitable[object]]"
Source: TypeAlias = "str | os.PathLike[str] | IO[bytes] | AsyncIterable[bytes] | bytes | bytearray | memoryview"
Records: TypeAlias = "Iterable[Sequence[Any]] | AsyncIterable[Sequence[Any]]"
CopyFormat: TypeAlias = Literal["text", "csv", "binary"]

# Read from a file at a time.
_CHUNK = 512 * 1024


class Copying(Session):
    """The part of a connection that copies."""

    __slots__ = ()

    async def copy_from_table(
        self,
        table_name: str,
        *,
        output: Output,
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        format: CopyFormat | None = None,
        oids: bool | None = None,
        delimiter: str | None = None,
        null: str | None = None,
        header: bool | None = None,
        quote: str | None = None,
        escape: str | None = None,
        force_quote: bool | Iterable[str] | None = None,
        encoding: str | None = None,
    ) -> str:
        """Copies a table out, to a file, the path of one, or a coroutine function; gives the status, `COPY n`."""
        options = _options(
            format=format,
            oids=oids,
            delimiter=delimiter,
            null=null,
            header=header,
            quote=quote,
            escape=escape,
            force_quote=force_quote,
            encoding=encoding,
        )
        statement = f"COPY {_table(table_name, schema_name)}{_columns(columns)} TO STDOUT {options}"
        return await self._copy_out(statement, output, timeout)

    async def copy_from_query(
        self,
        query: str,
        *args: Any,
        output: Output,
        timeout: float | None = None,
        format: CopyFormat | None = None,
        oids: bool | None = None,
        delimiter: str | None = None,
        null: str | None = None,
        header: bool | None = None,
        quote: str | None = None,
        escape: str | None = None,
        force_quote: bool | Iterable[str] | None = None,
        encoding: str | None = None,
    ) -> str:
        """Copies the result of a query out, as `copy_from_table()` does a table."""
        options = _options(
            format=format,
            oids=oids,
            delimiter=delimiter,
            null=null,
            header=header,
            quote=quote,
            escape=escape,
            force_quote=force_quote,
            encoding=encoding,
        )
        if args:
            # COPY takes no parameters: the server writes them into the text.
            query = await utils._mogrify(cast("Any", self), query, args)
        return await self._copy_out(f"COPY ({query}) TO STDOUT {options}", output, timeout)

    async def copy_to_table(
        self,
        table_name: str,
        *,
        source: Source,
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        format: CopyFormat | None = None,
        oids: bool | None = None,
        freeze: bool | None = None,
        delimiter: str | None = None,
        null: str | None = None,
        header: bool | None = None,
        quote: str | None = None,
        escape: str | None = None,
        force_quote: bool | Iterable[str] | None = None,
        force_not_null: Iterable[str] | None = None,
        force_null: Iterable[str] | None = None,
        encoding: str | None = None,
        where: str | None = None,
    ) -> str:
        """Copies data into a table, from a file, the path of one, an asynchronous iterable, or bytes."""
        options = _options(
            format=format,
            oids=oids,
            freeze=freeze,
            delimiter=delimiter,
            null=null,
            header=header,
            quote=quote,
            escape=escape,
            force_quote=force_quote,
            force_not_null=force_not_null,
            force_null=force_null,
            encoding=encoding,
        )
        condition = self._format_copy_where(where)
        statement = f"COPY {_table(table_name, schema_name)}{_columns(columns)} FROM STDIN {options} {condition}"
        return await self._copy_in(statement, source, timeout)

    async def copy_records_to_table(
        self,
        table_name: str,
        *,
        records: Records,
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        where: str | None = None,
    ) -> str:
        """Copies records, each a sequence of values, into a table; by COPY's binary format."""
        columns = None if columns is None else list(columns)
        table = _table(table_name, schema_name)
        selected = ", ".join(map(utils._quote_ident, columns)) if columns else "*"
        condition = self._format_copy_where(where)
        self._check_open()
        # The statement knows the types of the columns.
        statement = await self._get_statement(f"SELECT {selected} FROM {table} LIMIT 1", timeout)
        return await self._protocol.copy_in(
            f"COPY {table}{_columns(columns)} FROM STDIN (FORMAT binary) {condition}",
            None,
            None,
            records,
            statement,
            self._get_timeout(timeout),
        )

    def _format_copy_where(self, where: str | None) -> str:
        if not where:
            return ""
        if not self._server_caps.sql_copy_from_where:
            raise exceptions.UnsupportedServerFeatureError("the `where` parameter requires PostgreSQL 12 or later")
        return f"WHERE {where}"

    async def _copy_out(self, copy_stmt: str, output: Any, timeout: float | None) -> str:
        self._check_open()
        path = _path(output)
        seconds = self._get_timeout(timeout)
        if path is None and not hasattr(output, "write"):
            if not inspect.iscoroutinefunction(output) and not inspect.iscoroutinefunction(type(output).__call__):
                raise TypeError(
                    "output is expected to be a file-like object, a path-like object or a coroutine function, "
                    f"not {type(output).__name__}"
                )
            return await self._protocol.copy_out(copy_stmt, output, seconds)

        in_thread = self._loop.run_in_executor
        file = output if path is None else await in_thread(None, open, path, "wb")

        async def write(data: bytes) -> None:
            await in_thread(None, file.write, data)

        try:
            return await self._protocol.copy_out(copy_stmt, write, seconds)
        finally:
            if path is not None:
                await _close(in_thread(None, file.close))

    async def _copy_in(self, copy_stmt: str, source: Any, timeout: float | None) -> str:
        self._check_open()
        path = _path(source)
        seconds = self._get_timeout(timeout)
        if path is None and not hasattr(source, "read"):
            reader: AsyncIterable[bytes] | None = (
                cast("AsyncIterable[bytes]", source) if isinstance(source, AsyncIterable) else None
            )
            data = None if reader is not None else _data(source)
            return await self._protocol.copy_in(copy_stmt, reader, data, None, None, seconds)

        in_thread = self._loop.run_in_executor
        file = source if path is None else await in_thread(None, open, path, "rb")

        async def read() -> AsyncIterator[bytes]:
            while piece := await in_thread(None, file.read, _CHUNK):
                yield piece

        try:
            return await self._protocol.copy_in(copy_stmt, read(), None, None, None, seconds)
        finally:
            if path is not None:
                await _close(in_thread(None, file.close))


def _path(value: Any) -> str | bytes | None:
    if isinstance(value, (str, os.PathLike)):
        path: str | bytes = os.fspath(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return path
    return None


def _data(source: Any) -> Any:
    try:
        return memoryview(source).tobytes() if not isinstance(source, bytes) else source
    except TypeError:
        raise TypeError(
            "source is expected to be a file-like object, a path-like object, an asynchronous iterable or bytes, "
            f"not {type(source).__name__}"
        ) from None


async def _close(closing: "asyncio.Future[None]") -> None:
    """Closes to the end; a cancellation is only raised after that."""
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait([closing])
        raise


def _table(name: str, schema: str | None) -> str:
    table = utils._quote_ident(name)
    return f"{utils._quote_ident(schema)}.{table}" if schema else table


def _columns(columns: Iterable[str] | None) -> str:
    listed = ", ".join(map(utils._quote_ident, columns or ()))
    return f"({listed})" if listed else ""


def _options(**options: Any) -> str:
    """What stands in the parentheses of COPY."""
    clauses: list[str] = []
    for name, value in options.items():
        if value is None or (name == "force_quote" and value is False):
            continue
        if name == "force_quote" and value is True:
            text = "*"
        elif name in ("force_quote", "force_not_null", "force_null"):
            text = f"({', '.join(map(utils._quote_ident, value))})"
        elif name in ("oids", "freeze", "header"):
            text = str(bool(value)).upper()
        elif name == "format":
            text = str(value)
        else:
            text = utils._quote_literal(value)
        clauses.append(f"{name.upper()} {text}")
    return f"({', '.join(clauses)})" if clauses else ""
