"""What is told about types, and the classes of values that Python has none for."""

from typing import Any, Generic, NamedTuple, Protocol, Self, TypeVar

from fasterapi.pg.pgproto.types import BitString, Box, Circle, Line, LineSegment, Path, Point, Polygon

__all__ = [
    "Type",
    "Attribute",
    "Range",
    "BitString",
    "Point",
    "Path",
    "Polygon",
    "Box",
    "Line",
    "LineSegment",
    "Circle",
    "ServerVersion",
]


class Type(NamedTuple):
    """A type of the database."""

    oid: int
    """Its number."""
    name: str
    """For example "int2"."""
    kind: str
    """"scalar", "array", "composite", "range", "multirange" or "domain"."""
    schema: str
    """Where it is defined."""


class Attribute(NamedTuple):
    """A column of a result, or a field of a composite type."""

    name: str
    """What it is called."""
    type: Type
    """What its values are."""


class ServerVersion(NamedTuple):
    """The version of the server; from 10 on the second number of "15.2" is `micro`."""

    major: int
    minor: int
    micro: int
    releaselevel: str
    serial: int


class _Ordered(Protocol):
    def __eq__(self, other: object, /) -> bool: ...
    def __lt__(self, other: Any, /) -> bool: ...
    def __gt__(self, other: Any, /) -> bool: ...


_Bound = TypeVar("_Bound", bound=_Ordered)


class Range(Generic[_Bound]):
    """A range of values: what lies between two bounds, where None stands for no bound."""

    __slots__ = ("_lower", "_upper", "_lower_inc", "_upper_inc", "_empty")

    _lower: _Bound | None
    _upper: _Bound | None
    _lower_inc: bool
    _upper_inc: bool
    _empty: bool

    def __init__(
        self,
        lower: _Bound | None = None,
        upper: _Bound | None = None,
        *,
        lower_inc: bool = True,
        upper_inc: bool = False,
        empty: bool = False,
    ) -> None:
        self._lower = None if empty else lower
        self._upper = None if empty else upper
        self._lower_inc = lower_inc if self._lower is not None else False
        self._upper_inc = upper_inc if self._upper is not None else False
        self._empty = empty

    @property
    def lower(self) -> _Bound | None:
        """The lower bound."""
        return self._lower

    @property
    def lower_inc(self) -> bool:
        """Whether the lower bound is part of the range."""
        return self._lower_inc

    @property
    def lower_inf(self) -> bool:
        """Whether there is no lower bound."""
        return self._lower is None and not self._empty

    @property
    def upper(self) -> _Bound | None:
        """The upper bound."""
        return self._upper

    @property
    def upper_inc(self) -> bool:
        """Whether the upper bound is part of the range."""
        return self._upper_inc

    @property
    def upper_inf(self) -> bool:
        """Whether there is no upper bound."""
        return self._upper is None and not self._empty

    @property
    def isempty(self) -> bool:
        """Whether nothing is in the range."""
        return self._empty

    def issubset(self, other: Self) -> bool:
        """Whether the other range contains all of this one."""
        if self._empty or other._empty:
            return self._empty
        return self._starts_within(other) and self._ends_within(other)

    def issuperset(self, other: Self) -> bool:
        """Whether this range contains all of the other one."""
        return other.issubset(self)

    def __bool__(self) -> bool:
        return not self._empty

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Range):
            return NotImplemented
        return self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        if self._empty:
            return "<Range empty>"
        lower = "" if self._lower is None else repr(self._lower)
        upper = "" if self._upper is None else repr(self._upper)
        return f"<Range {'[' if self._lower_inc else '('}{lower}, {upper}{']' if self._upper_inc else ')'}>"

    def _parts(self) -> tuple[object, ...]:
        return self._lower, self._upper, self._lower_inc, self._upper_inc, self._empty

    def _starts_within(self, other: Self) -> bool:
        if other._lower is None:
            return True
        if self._lower is None:
            return False
        same = self._lower == other._lower and (other._lower_inc or not self._lower_inc)
        return self._lower > other._lower or same

    def _ends_within(self, other: Self) -> bool:
        if other._upper is None:
            return True
        if self._upper is None:
            return False
        same = self._upper == other._upper and (other._upper_inc or not self._upper_inc)
        return self._upper < other._upper or same
