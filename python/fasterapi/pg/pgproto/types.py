"""Values that Python has no class for: bit strings and what lies in the plane."""

import builtins
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Self, SupportsFloat, SupportsIndex, overload

__all__ = ["BitString", "Point", "Path", "Polygon", "Box", "Line", "LineSegment", "Circle"]

_Number = SupportsFloat | SupportsIndex | str | bytes | bytearray


class BitString:
    """A string of bits, made from a text such as "1001 11"; blanks count for nothing."""

    __slots__ = ("_bytes", "_bitlength")

    _bytes: builtins.bytes
    _bitlength: int

    def __init__(self, bitstring: str | Sequence[int] | None = None) -> None:
        value = length = 0
        digits: Sequence[str | int] = bitstring or ""
        for position, digit in enumerate(digits):
            if digit == " ":
                continue
            bit = int(digit)
            if bit not in (0, 1):
                raise ValueError(f"invalid bit value at position {position}")
            value = value << 1 | bit
            length += 1
        self._bytes = (value << -length % 8).to_bytes((length + 7) // 8, "big")
        self._bitlength = length

    @classmethod
    def frombytes(cls, bytes_: builtins.bytes | None = None, bitlength: int | None = None) -> Self:
        """The bits of the bytes, as many as told; the last byte may have some to spare."""
        if bytes_ is None:
            bytes_ = bytes((bitlength or 0) // 8 + 1) if bitlength is not None else b""
            bitlength = bitlength or 0
        elif bitlength is None:
            bitlength = len(bytes_) * 8
        elif not len(bytes_) * 8 - 8 <= bitlength <= len(bytes_) * 8 or (bitlength == 0) != (bytes_ == b""):
            raise ValueError("invalid bit length specified")
        made = cls()
        made._bytes = bytes_
        made._bitlength = bitlength
        return made

    @property
    def bytes(self) -> builtins.bytes:
        """The bits from the left, filled up to whole bytes."""
        return self._bytes

    def as_string(self) -> str:
        """The digits in groups of four."""
        digits = "".join(str(self._bit(position)) for position in range(self._bitlength))
        return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))

    def to_int(self, bitorder: Literal["big", "little"] = "big", *, signed: bool = False) -> int:
        """The bits as a number. "big", as in PostgreSQL's casts: the first bit counts most; "little": it counts least.

        With `signed` the bit that counts most is that of the two's complement. How many bits there are is lost.
        """
        number = _turned(int.from_bytes(self._bytes, "big") >> -self._bitlength % 8, self._bitlength, bitorder)
        if signed and self._bitlength > 0 and number >> self._bitlength - 1:
            number -= 1 << self._bitlength
        return number

    @classmethod
    def from_int(cls, x: int, length: int, bitorder: Literal["big", "little"] = "big", *, signed: bool = False) -> Self:
        """The number in so many bits; a negative one needs `signed`. OverflowError when it does not fit."""
        if length < 0:
            raise ValueError("length argument must be non-negative")
        if length < x.bit_length():
            raise OverflowError("int too big to convert")
        if x < 0:
            if not signed:
                raise OverflowError("can't convert negative int to unsigned")
            x += 1 << length
        number = _turned(x, length, bitorder) << -length % 8
        return cls.frombytes(number.to_bytes((length + 7) // 8, "big"), length)

    def __repr__(self) -> str:
        return f"<BitString {self.as_string()}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BitString):
            return NotImplemented
        return self._bytes == other._bytes and self._bitlength == other._bitlength

    def __hash__(self) -> int:
        return hash((self._bytes, self._bitlength))

    def __getitem__(self, i: int) -> int:
        if i >= self._bitlength:
            raise IndexError("index out of range")
        return self._bit(i)

    def __len__(self) -> int:
        return self._bitlength

    def _bit(self, position: int) -> int:
        return self._bytes[position // 8] >> 7 - position % 8 & 1


class Point(tuple[float, float]):
    """A point of the plane."""

    __slots__ = ()

    def __new__(cls, x: _Number, y: _Number) -> Self:
        return super().__new__(cls, (float(x), float(y)))

    def __repr__(self) -> str:
        return _shown(self)

    @property
    def x(self) -> float:
        """To the right."""
        return self[0]

    @property
    def y(self) -> float:
        """Upwards."""
        return self[1]


class Box(tuple[Point, Point]):
    """A rectangle between two corners."""

    __slots__ = ()

    def __new__(cls, high: Sequence[float], low: Sequence[float]) -> Self:
        return super().__new__(cls, (Point(*high), Point(*low)))

    def __repr__(self) -> str:
        return _shown(self)

    @property
    def high(self) -> Point:
        """The upper right corner."""
        return self[0]

    @property
    def low(self) -> Point:
        """The lower left corner."""
        return self[1]


class Line(tuple[float, float, float]):
    """The points for which A x + B y + C = 0."""

    __slots__ = ()

    def __new__(cls, A: float, B: float, C: float) -> Self:  # noqa: N803 - the names of the equation
        return super().__new__(cls, (A, B, C))

    @property
    def A(self) -> float:  # noqa: N802
        """What x is taken times."""
        return self[0]

    @property
    def B(self) -> float:  # noqa: N802
        """What y is taken times."""
        return self[1]

    @property
    def C(self) -> float:  # noqa: N802
        """What is added."""
        return self[2]


class LineSegment(tuple[Point, Point]):
    """The line between two points."""

    __slots__ = ()

    def __new__(cls, p1: Sequence[float], p2: Sequence[float]) -> Self:
        return super().__new__(cls, (Point(*p1), Point(*p2)))

    def __repr__(self) -> str:
        return _shown(self)

    @property
    def p1(self) -> Point:
        """One end."""
        return self[0]

    @property
    def p2(self) -> Point:
        """The other end."""
        return self[1]


class Path:
    """A line from point to point, open or closed."""

    __slots__ = ("_is_closed", "points")

    points: tuple[Point, ...]

    def __init__(self, *points: Sequence[float], is_closed: bool = False) -> None:
        self.points = tuple(Point(*point) for point in points)
        self._is_closed = is_closed

    @property
    def is_closed(self) -> bool:
        """Whether a line goes from the last point to the first."""
        return self._is_closed

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Path):
            return NotImplemented
        return self.points == other.points and self._is_closed == other._is_closed

    def __hash__(self) -> int:
        return hash((self.points, self._is_closed))

    def __iter__(self) -> Iterator[Point]:
        return iter(self.points)

    def __len__(self) -> int:
        return len(self.points)

    @overload
    def __getitem__(self, i: int) -> Point: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Point, ...]: ...
    def __getitem__(self, i: int | slice) -> Point | tuple[Point, ...]:
        return self.points[i]

    def __contains__(self, point: object) -> bool:
        return point in self.points


class Polygon(Path):
    """A closed path with what it encloses."""

    __slots__ = ()

    def __init__(self, *points: Sequence[float]) -> None:
        super().__init__(*points, is_closed=True)


class Circle(tuple[Point, float]):
    """The points within a distance of a centre."""

    __slots__ = ()

    def __new__(cls, center: Point, radius: float) -> Self:
        return super().__new__(cls, (center, radius))

    @property
    def center(self) -> Point:
        """Where it is."""
        return self[0]

    @property
    def radius(self) -> float:
        """How far it reaches."""
        return self[1]


def _shown(value: tuple[Any, ...]) -> str:
    return f"{type(value).__module__}.{type(value).__name__}({tuple(value)!r})"


def _turned(number: int, length: int, bitorder: str) -> int:
    if bitorder == "big":
        return number
    if bitorder == "little":
        return int(f"{number:0{length}b}"[::-1], 2)
    raise ValueError("bitorder must be either 'big' or 'little'")
