"""The classes of values: what they are made of, how they compare, what they show."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fasterapi.pg import serverversion, types, utils
from fasterapi.pg.pgproto import pgproto
from fasterapi.pg.protocol import Record
from fasterapi.pg.types import BitString, Box, Circle, Line, LineSegment, Path, Point, Polygon, Range

VALUES: list[tuple[str, Callable[[Any], Any]]] = [
    ("point", lambda t: t.Point("1.5", 2)),
    ("box", lambda t: t.Box((1, 2), (3, 4))),
    ("line", lambda t: t.Line(1, 2.5, 3)),
    ("lseg", lambda t: t.LineSegment((1, 2), (3, 4))),
    ("circle", lambda t: t.Circle(t.Point(1, 2), 3)),
    ("path", lambda t: list(t.Path((1, 2), (3, 4)))),
    ("path, a slice", lambda t: t.Path((1, 2), (3, 4), is_closed=True)[1:]),
    ("polygon", lambda t: (t.Polygon((1, 2), (3, 4)).is_closed, len(t.Polygon((1, 2))))),
    ("bits", lambda t: t.BitString("1011 0011 1")),
    ("bits, none", lambda t: (t.BitString(), t.BitString("").bytes, t.BitString.frombytes(bitlength=9).bytes)),
    ("bits, bytes", lambda t: (t.BitString("10110011 1").bytes, len(t.BitString("1 1")))),
    ("bits, of bytes", lambda t: (t.BitString.frombytes(b"\xf0", 5), t.BitString.frombytes(b"ab"))),
    ("bits, indices", lambda t: [t.BitString("101")[index] for index in range(3)]),
    ("range", lambda t: t.Range(1, 5)),
    ("range, closed", lambda t: t.Range("a", None, lower_inc=False, upper_inc=True)),
    ("range, empty", lambda t: (t.Range(1, 2, empty=True), bool(t.Range(empty=True)), t.Range(empty=True).lower_inf)),
    ("range, everything", lambda t: (t.Range(), t.Range().lower_inf, t.Range().upper_inf, bool(t.Range()))),
    ("type", lambda t: t.Type(23, "int4", "scalar", "pg_catalog")),
    ("attribute", lambda t: t.Attribute("a", t.Type(23, "int4", "scalar", "pg_catalog"))),
    ("version", lambda t: t.ServerVersion(15, 0, 2, "final", 0)),
]


@pytest.mark.parametrize(("name", "make"), VALUES, ids=[name for name, _ in VALUES])
def test_a_value_shows_what_it_shows_in_asyncpg(name: str, make: Callable[[Any], Any]) -> None:
    theirs = pytest.importorskip("asyncpg").types
    assert repr(make(types)).replace("fasterapi.pg", "asyncpg") == repr(make(theirs))


@pytest.mark.parametrize(("name", "make"), VALUES, ids=[name for name, _ in VALUES])
def test_equal_values_have_equal_hashes(name: str, make: Callable[[Any], Any]) -> None:
    assert make(types) == make(types)
    if not isinstance(make(types), list):
        assert hash(make(types)) == hash(make(types))


def test_values_of_different_classes_are_not_equal() -> None:
    assert Range(1, 2) != (1, 2)
    assert BitString("1") != "1"
    assert Path((1, 2)) != [(1, 2)]
    assert Path((1, 2)) != Path((1, 2), is_closed=True)
    assert Polygon((1, 2)) == Path((1, 2), is_closed=True)


def test_parts_have_names() -> None:
    assert (Point(1, 2).x, Point(1, 2).y) == (1.0, 2.0)
    assert (Box((3, 4), (1, 2)).high, Box((3, 4), (1, 2)).low) == (Point(3, 4), Point(1, 2))
    assert (Line(1, 2, 3).A, Line(1, 2, 3).B, Line(1, 2, 3).C) == (1, 2, 3)
    assert (LineSegment((1, 2), (3, 4)).p1, LineSegment((1, 2), (3, 4)).p2) == (Point(1, 2), Point(3, 4))
    assert (Circle(Point(1, 2), 3).center, Circle(Point(1, 2), 3).radius) == (Point(1, 2), 3)
    assert Point(3, 4) in Path((1, 2), (3, 4))


@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 17])
def test_numbers_become_bits_as_in_asyncpg(order: Any, length: int) -> None:
    theirs = pytest.importorskip("asyncpg").types.BitString
    for number in {0, 1, 5, 2**length - 1} & set(range(2**length)):
        ours, other = BitString.from_int(number, length, order), theirs.from_int(number, length, order)
        assert (ours.bytes, ours.as_string()) == (other.bytes, other.as_string())
        assert ours.to_int(order) == number
        assert ours.to_int("big", signed=True) == other.to_int("big", signed=True)
    negative = BitString.from_int(-1, length, order, signed=True)
    assert negative.to_int(order, signed=True) == -1


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: BitString("12"), ValueError),
        (lambda: BitString("1x"), ValueError),
        (lambda: BitString.from_int(4, 2), OverflowError),
        (lambda: BitString.from_int(-1, 8), OverflowError),
        (lambda: BitString.from_int(1, -1), ValueError),
        (lambda: BitString.from_int(1, 8, cast("Any", "middle")), ValueError),
        (lambda: BitString.frombytes(b"", 1), ValueError),
        (lambda: BitString.frombytes(b"a", 0), ValueError),
        (lambda: BitString.frombytes(b"ab", 7), ValueError),
        (lambda: BitString.frombytes(b"ab", 17), ValueError),
        (lambda: BitString("1")[1], IndexError),
    ],
)
def test_what_is_no_bit_string_is_refused(make: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_ranges_contain_each_other_as_in_asyncpg() -> None:
    theirs = pytest.importorskip("asyncpg").types.Range
    bounds = [None, 1, 2, 3]
    given: list[dict[str, Any]] = [
        {"lower": low, "upper": high, "lower_inc": low_inc, "upper_inc": high_inc}
        for low, high, low_inc, high_inc in itertools.product(bounds, bounds, (True, False), (True, False))
    ]
    for one, other in itertools.product([*given, {"empty": True}], repeat=2):
        a: Any = Range(**one)
        b: Any = Range(**other)
        assert a.issubset(b) is theirs(**one).issubset(theirs(**other)), (a, b)
        assert b.issuperset(a) is a.issubset(b)
        assert (a == b) is (theirs(**one) == theirs(**other))


@pytest.mark.parametrize(
    "text",
    [
        "15.2",
        "15.2 (Debian 15.2-1)",
        "9.6.1",
        "9.6",
        "10.1",
        "16beta2",
        "17rc1",
        "PostgreSQL 13.3 on x86_64",
        "8.0.2",
        "18devel",
        "11.5-custom",
    ],
)
def test_versions_are_read_as_in_asyncpg(text: str) -> None:
    theirs = pytest.importorskip("asyncpg").serverversion
    ours = serverversion.split_server_version_string(text)
    assert tuple(ours) == tuple(theirs.split_server_version_string(text))


def test_no_version_is_an_error() -> None:
    with pytest.raises(ValueError, match='"unknown"'):
        serverversion.split_server_version_string("unknown")


def test_quoting_doubles_the_quote() -> None:
    assert utils._quote_ident('a"b') == '"a""b"'
    assert utils._quote_literal("it's") == "'it''s'"


def test_arguments_are_written_as_the_server_writes_them() -> None:
    asked: list[tuple[Any, ...]] = []

    class Connection:
        async def prepare(self, query: str) -> Any:
            types_of = (types.Type(23, "int4", "scalar", "pg_catalog"), types.Type(1, 'odd"[]', "array", "my"))
            return SimpleNamespace(get_parameters=lambda: types_of)

        async def fetchrow(self, *asking: Any, record_class: Any) -> Any:
            assert record_class is Record
            asked.append(asking)
            return ("'7'", None)

    query = "select $1, $2, $1, $11a"
    assert asyncio.run(utils._mogrify(Connection(), query, [7, None])) == "select '7', NULL, '7', $11a"
    columns = (
        'pg_catalog.quote_literal($1::"pg_catalog"."int4"::text), pg_catalog.quote_literal($2::"my"."_odd"""::text)'
    )
    assert asked == [(f"SELECT {columns}", 7, None)]


def test_a_uuid_is_pythons_own() -> None:
    assert pgproto.UUID is uuid.UUID
