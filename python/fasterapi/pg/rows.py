"""What rows are made into: records, or what a class or a function of the user's makes of their columns."""

from collections.abc import Callable
from types import GenericAlias
from typing import TYPE_CHECKING, Any, TypeAlias

from fasterapi.pg import exceptions
from fasterapi.pg.protocol import Record

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    # Of a statement's rows, or a cursor's, where these are not records.
    RowT = TypeVar("RowT", default=Record)
else:
    from typing import TypeVar

    RowT = TypeVar("RowT")

T = TypeVar("T")

# `tuple`, `dict`, a dataclass, a model, a struct; or what takes the columns by their names.
RowFactory: TypeAlias = type[T] | Callable[..., T]


def chosen(record_class: Any, row_factory: Any) -> Any:
    """What an operation's rows are made into; `None` leaves it to the connection."""
    if row_factory is None:
        return None if record_class is None else checked_record_class(record_class)
    if record_class is not None:
        raise exceptions.InterfaceError("rows are made by record_class or by row_factory: give one of them")
    return checked_row_factory(row_factory)


def checked_row_factory(row_factory: Any) -> Any:
    """The factory, if it can be called; `dict[str, Any]` and `tuple[int, str]` are for those who check types."""
    if isinstance(row_factory, GenericAlias):
        row_factory = row_factory.__origin__
    if not callable(row_factory):
        raise exceptions.InterfaceError(
            "row_factory is expected to be a class or a function that takes a row's columns by name, "
            f"got {row_factory!r}"
        )
    return row_factory


def checked_record_class(record_class: Any) -> type[Record]:
    """The class, if it is one of records."""
    base = Record
    if record_class is base:
        return base
    if not isinstance(record_class, type) or not issubclass(record_class, base):
        raise exceptions.InterfaceError(
            f"record_class is expected to be a subclass of asyncpg.Record, got {record_class!r}"
        )
    given: Any = record_class
    if given.__new__ is not base.__new__ or given.__init__ is not base.__init__:
        raise exceptions.InterfaceError("record_class must not redefine __new__ or __init__")
    return record_class
