"""The operations of a connection, done on one of a pool's."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from fasterapi.pg.rows import RowFactory

if TYPE_CHECKING:
    from fasterapi._engine import PgArrow
    from fasterapi.pg.connection import Connection
    from fasterapi.pg.copying import CopyFormat, Output, Records, Source
    from fasterapi.pg.protocol import Record

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound="Record")


class PoolOperations:
    """Each call takes a connection, uses it, and gives it back."""

    __slots__ = ()

    if TYPE_CHECKING:
        # The pool's.
        async def _with_one(self, operation: Callable[[Connection], Awaitable[T]]) -> T: ...

    def execute(self, query: str, *args: Any, timeout: float | None = None) -> Awaitable[str]:
        """`Connection.execute()`."""
        return self._with_one(lambda con: con.execute(query, *args, timeout=timeout))

    def executemany(
        self, command: str, args: Iterable[Sequence[Any]], *, timeout: float | None = None
    ) -> Awaitable[None]:
        """`Connection.executemany()`."""
        return self._with_one(lambda con: con.executemany(command, args, timeout=timeout))

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
    ) -> Awaitable[Any]:
        """`Connection.fetch()`."""
        return self._with_one(
            lambda con: con.fetch(query, *args, timeout=timeout, record_class=record_class, row_factory=row_factory)
        )

    def fetchval(self, query: str, *args: Any, column: int | str = 0, timeout: float | None = None) -> Awaitable[Any]:
        """`Connection.fetchval()`."""
        return self._with_one(lambda con: con.fetchval(query, *args, column=column, timeout=timeout))

    @overload
    def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "Awaitable[Record | None]": ...
    @overload
    def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> Awaitable[RecordT | None]: ...
    @overload
    def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> Awaitable[T | None]: ...
    def fetchrow(
        self,
        query: str,
        *args: Any,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> Awaitable[Any]:
        """`Connection.fetchrow()`."""
        return self._with_one(
            lambda con: con.fetchrow(query, *args, timeout=timeout, record_class=record_class, row_factory=row_factory)
        )

    @overload
    def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: None = None,
    ) -> "Awaitable[list[Record]]": ...
    @overload
    def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: type[RecordT],
        row_factory: None = None,
    ) -> Awaitable[list[RecordT]]: ...
    @overload
    def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: None = None,
        row_factory: RowFactory[T],
    ) -> Awaitable[list[T]]: ...
    def fetchmany(
        self,
        query: str,
        args: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,
        record_class: Any = None,
        row_factory: Any = None,
    ) -> Awaitable[Any]:
        """`Connection.fetchmany()`."""
        return self._with_one(
            lambda con: con.fetchmany(query, args, timeout=timeout, record_class=record_class, row_factory=row_factory)
        )

    def fetch_json(self, query: str, *args: Any, timeout: float | None = None) -> Awaitable[bytes]:
        """`Connection.fetch_json()`."""
        return self._with_one(lambda con: con.fetch_json(query, *args, timeout=timeout))

    def fetch_arrow(self, query: str, *args: Any, timeout: float | None = None) -> "Awaitable[PgArrow]":
        """`Connection.fetch_arrow()`."""
        return self._with_one(lambda con: con.fetch_arrow(query, *args, timeout=timeout))

    def copy_from_table(
        self,
        table_name: str,
        *,
        output: "Output",
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        format: "CopyFormat | None" = None,
        oids: bool | None = None,
        delimiter: str | None = None,
        null: str | None = None,
        header: bool | None = None,
        quote: str | None = None,
        escape: str | None = None,
        force_quote: bool | Iterable[str] | None = None,
        encoding: str | None = None,
    ) -> Awaitable[str]:
        """`Connection.copy_from_table()`."""
        return self._with_one(
            lambda con: con.copy_from_table(
                table_name,
                output=output,
                columns=columns,
                schema_name=schema_name,
                timeout=timeout,
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
        )

    def copy_from_query(
        self,
        query: str,
        *args: Any,
        output: "Output",
        timeout: float | None = None,
        format: "CopyFormat | None" = None,
        oids: bool | None = None,
        delimiter: str | None = None,
        null: str | None = None,
        header: bool | None = None,
        quote: str | None = None,
        escape: str | None = None,
        force_quote: bool | Iterable[str] | None = None,
        encoding: str | None = None,
    ) -> Awaitable[str]:
        """`Connection.copy_from_query()`."""
        return self._with_one(
            lambda con: con.copy_from_query(
                query,
                *args,
                output=output,
                timeout=timeout,
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
        )

    def copy_to_table(
        self,
        table_name: str,
        *,
        source: "Source",
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        format: "CopyFormat | None" = None,
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
    ) -> Awaitable[str]:
        """`Connection.copy_to_table()`."""
        return self._with_one(
            lambda con: con.copy_to_table(
                table_name,
                source=source,
                columns=columns,
                schema_name=schema_name,
                timeout=timeout,
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
                where=where,
            )
        )

    def copy_records_to_table(
        self,
        table_name: str,
        *,
        records: "Records",
        columns: Iterable[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
        where: str | None = None,
    ) -> Awaitable[str]:
        """`Connection.copy_records_to_table()`."""
        return self._with_one(
            lambda con: con.copy_records_to_table(
                table_name,
                records=records,
                columns=columns,
                schema_name=schema_name,
                timeout=timeout,
                where=where,
            )
        )
