"""Python values of every kind, good and bad, that users give as arguments of a type."""

from __future__ import annotations

import array
import datetime as dt
import enum
import ipaddress
import uuid
import zoneinfo
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

SCHEMA = """
create type card as (a int4, b text, c int4[]);
create type tone as enum ('low', 'high');
create type hand as (best card, tone tone, rest card[]);
create domain positive as int4 check (value > 0);
create domain words as text[];
"""


class _Index:
    def __index__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "Index"


class _Int:
    def __int__(self) -> int:
        return 9

    def __repr__(self) -> str:
        return "Int"


class _Float:
    def __float__(self) -> float:
        return 1.5

    def __repr__(self) -> str:
        return "Float"


class _Long:
    def __repr__(self) -> str:
        return "ü" * 50


class _Level(enum.IntEnum):
    ONE = 1


class _Tone(enum.StrEnum):
    LOW = "low"


class _Sized:
    def __init__(self, *items: object) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[object]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"Sized{self._items}"


class _Contains:
    def __contains__(self, item: object) -> bool:
        return False

    def __repr__(self) -> str:
        return "Contains"


class _Mapping(Mapping[Any, Any]):
    def __init__(self, items: dict[Any, Any]) -> None:
        self._items = items

    def __getitem__(self, key: Any) -> Any:
        return self._items[key]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __repr__(self) -> str:
        return f"Mapping{self._items}"


class _Vague(dt.tzinfo):
    """A zone that does not say what it is."""

    def utcoffset(self, when: dt.datetime | None, /) -> None:
        return None

    def dst(self, when: dt.datetime | None, /) -> None:
        return None

    def tzname(self, when: dt.datetime | None, /) -> None:
        return None

    def __repr__(self) -> str:
        return "Vague"


_UTC = dt.UTC
_TOKYO = zoneinfo.ZoneInfo("Asia/Tokyo")
_NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
_ODD = dt.timezone(dt.timedelta(hours=5, minutes=30, seconds=12, microseconds=7))
_YEAR = dt.datetime(2020, 1, 1, 5, 6, 7, 123456)

_BOUNDS = [2**power + offset for power in (15, 31, 32, 63, 64) for offset in (-1, 0)]
_INTEGERS: list[object] = [
    0, *_BOUNDS, *(-bound for bound in _BOUNDS), *(-bound - 1 for bound in _BOUNDS), 2**256, True, False, 1.0, 1.9,
    -1.9,
    float("inf"), float("nan"), Decimal(5), Decimal("5.9"), Decimal("NaN"), Decimal(2) ** 70, Fraction(7, 2), "1", b"1",
    None, [], _Index(), _Int(), _Level.ONE, _Long(), object, 1j,
]  # fmt: skip
_FLOATS = [
    0, 1, -0.0, 1.5, 1e308, 1e39, -4.1e40, 3.4e38, float("inf"), -float("inf"), float("nan"), True, Decimal("1.25"),
    Decimal("1E400"), Fraction(1, 3), "1.5", b"1", [], _Index(), _Int(), _Float(), 10**400, None, 1j,
]  # fmt: skip
_NUMBERS: list[object] = [
    0, 1, -1, 9999, 10000, 123456789, 10**18, 10**30, -(10**40), 2**63, True, 1.5, 0.1, -0.0, 1e300, float("nan"),
    float("inf"), -float("inf"), "1.5", " 1.5 ", "1_000", "abc", "NaN", "inf", "0x10", b"1", [], (0, (1, 2, 3), -2),
    Fraction(1, 2), None, _Index(), _Level.ONE,
    *map(Decimal, (
        "0", "-0", "0.00", "-0.000", "1.10", "100", "1E+3", "1E-7", "123456.7891230", "0.00012340", "NaN", "-NaN",
        "sNaN",
        "Infinity", "-Infinity", "1E+131071", "1E+131072", "1E-16383", "1E-16384", "0E+10", "0E-16384",
        "9" * 200 + "." + "8" * 300,
    )),
]  # fmt: skip
_TEXTS = [
    "", "abc", "äöü€", "😀", "a\0b", "\ud800", "pg_class", "08:00:2b:01:02:03", "a b", "1.50", "x" * 100_000, b"foo",
    1, 1.5,
    None, ["a"], _Tone.LOW, Decimal(1),
]  # fmt: skip
_MEMORY = [
    b"", b"abc", bytearray(b"xyz"), memoryview(b"abc"), memoryview(b"abcdef")[::2], memoryview(b"\1\2\3\4").cast("I"),
    array.array("d", [1.0]), array.array("B", [1, 2]), array.array("b", [1, -1]), "aaa", 1, None, [1, 2],
]  # fmt: skip
_UUIDS = [
    uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), "00000000-0000-0000-0000-00000000000a", "0" * 31 + "A", "x" * 32,
    "0" * 33,
    "{00000000-0000-0000-0000-00000000000a}", "urn:uuid:00000000-0000-0000-0000-00000000000a", "", "0" * 31,
    b"\0" * 16, 1,
    "0-0-0-0-0" + "0" * 27, None, [], SimpleNamespace(bytes=b"\1" * 16), SimpleNamespace(bytes=b"\1" * 3),
]  # fmt: skip
_DATES = [
    dt.date(2000, 1, 1), dt.date.min, dt.date.max, dt.date(1, 1, 2), dt.date(9999, 12, 30), dt.date(1900, 2, 28),
    dt.date(2024, 2, 29), _YEAR, _YEAR.replace(tzinfo=_UTC), dt.datetime.max, "2020-01-01", 1, None, dt.time(1),
]  # fmt: skip
_MOMENTS = [
    dt.datetime(2000, 1, 1), dt.datetime.max, dt.datetime.min, dt.datetime(1, 1, 1, 0, 0, 0, 1), _YEAR,
    dt.datetime(1, 1, 1, 12), dt.datetime(1999, 12, 31, 23, 59, 59, 999999), dt.datetime(9999, 12, 31, 23, 59, 59,
    999998),
    _YEAR.replace(tzinfo=_UTC), _YEAR.replace(tzinfo=_ODD), _YEAR.replace(tzinfo=_Vague()),
    dt.datetime(2024, 7, 1, 12, tzinfo=_NEW_YORK), dt.datetime(2024, 11, 3, 1, 30, tzinfo=_NEW_YORK),
    dt.datetime(2024, 11, 3, 1, 30, tzinfo=_NEW_YORK, fold=1), dt.datetime(2024, 7, 1, 12, tzinfo=_TOKYO),
    dt.datetime.max.replace(tzinfo=_UTC), dt.datetime.min.replace(tzinfo=_UTC), dt.datetime.min.replace(tzinfo=_TOKYO),
    dt.datetime.max.replace(tzinfo=_NEW_YORK), dt.date(2020, 5, 6), dt.date.min, dt.date.max, "2020", 1, None,
    dt.time(1),
]  # fmt: skip
_TIMES = [
    dt.time(0), dt.time.max, dt.time(12, 30, tzinfo=_UTC), dt.time(12, 30,
    tzinfo=dt.timezone(-dt.timedelta(hours=5.5))),
    dt.time(12, 30, tzinfo=dt.timezone(dt.timedelta(seconds=3661))), dt.time(12, 30, tzinfo=_TOKYO), _YEAR,
    _YEAR.replace(tzinfo=_UTC), "12:00", 1, None, dt.date(2020, 1, 1),
]  # fmt: skip
_INTERVALS = [
    dt.timedelta(0), dt.timedelta(1, 5, 7), dt.timedelta(-1, 5), dt.timedelta.max, dt.timedelta.min, 1, "1 day", None,
    SimpleNamespace(days=2, seconds=3, microseconds=4), SimpleNamespace(days=2.5, seconds=3, microseconds=4),
]  # fmt: skip
_JSON = ['{"a":1}', "[]", "nope", "null", '"ä"', {"a": 1}, 1, None, b"{}"]
_ADDRESSES = [
    "1.2.3.4", "1.2.3.4/32", "1.2.3.4/24", "1.2.3.0/24", "1.2.3.4/255.255.255.0", "1.2.3.0/255.255.255.0", "1.2.3.4/33",
    "::1", "::1/128", "2001:db8::/32", "2001:db8::1/32", "::ffff:1.2.3.4", "fe80::1%eth0", "01.2.3.4", "1.2.3", "", "x",
    "0.0.0.0/0", "1.2.3.0/024", "1.2.3.0/+24", "1.2.3.0/ 24", " 1.2.3.4", 1, 2**40, -1, b"\1\2\3\4", b"\0" * 16,
    b"\0", None,
    1.5, ("1.2.3.0", 24), *map(ipaddress.ip_address, ("1.2.3.4", "::1")),
    *map(ipaddress.ip_interface, ("1.2.3.4/24", "1.2.3.4/32", "::1/64")),
    *map(ipaddress.ip_network, ("1.2.3.0/24", "1.2.3.4/32", "::/0")),
]  # fmt: skip
_TIDS = [
    (1, 2), [1, 2], (2**32 - 1, 65535), (2**32, 0), (0, 65536), (-1, 0), (0, -1), (2**256, 0), (1,), (1, 2, 3),
    b"foo", None,
    1, ("1", 2), (1.5, 2),
]  # fmt: skip
_SNAPSHOTS = [
    (1, 5, ()), (1, 5, (2, 3)), [1, 5, [2]], (5, 1, ()), (1, 5), (1,), (1, 5, (2,), 4), ("a", 1, ()), (1, 2, 3), None,
    1,
    (1, 5, ("a",)), (-1, 5, ()), (1, 5, (-1,)),
]  # fmt: skip
_STORES = [
    {}, {"a": "b"}, {"a": None}, {None: "b"}, {"a": 1}, {1: "a"}, [("a", "b")], [("a", "b", "c")], ["ab"], "ab", 1,
    None,
    _Mapping({"a": "b"}), {"ä": "€"}, OrderedDict(a="x", b="y"),
]  # fmt: skip
_TONES = ["low", "high", "none", "", 1, b"low", None, _Tone.LOW]
_ARRAYS: list[object] = [
    [], [1], (1, 2), {1}, frozenset({2}), [1, None, 3], [None], [[1, 2], [3, 4]], [(1, 2)], ((1, 2), (3, 4)),
    [[1], [2, 3]], [[1], 2], [1, [2]], [[1], None], [None, [1]], [[]], [[], []], [[], [1]], [[[]]], [[[1]], [[2]]],
    [[[1], [2]], [[1], [2, 3]]], [[[1], [2]], [[1], 2]], [[[[[[1]]]]]], [[[[[[[1]]]]]]], "abc", b"abc",
    bytearray(b"ab"),
    memoryview(b"ab"), 1, None, _Contains(), _Sized(1, 2), [_Sized(1, 2), [3, 4]], {"a": 1}, _Mapping({1: 2}), range(3),
    [range(3), range(3)], array.array("i", [1, 2]), deque([1, 2]), iter([1]), {1: 2}.keys(), {1: 2}.values(), ["a"],
    [1, "t", 2], [[1], ["t"]], [2**40], [1.5], [Decimal(3)], [_Long()], [True],
]  # fmt: skip
_WORDS: list[object] = [
    [], ["a", "b,c", 'q"uo\\te', "", "NULL", "null", None, "{x}", " sp ", "ä"], [["a"], ["b"]], [1], ["\0"], "abc",
    [("a",)],
    [["a", None]], [b"x"], [{"a": 1}], ["tab\t", "nl\n", "\x0b"], ["\ud800"],
]  # fmt: skip
_CARDS: list[object] = [
    (1, "x", [1, 2]), [1, "x", None], {"a": 1, "b": "x"}, {"a": 1, "c": [5]}, {}, {"bad": 1}, {1: 2},
    _Mapping({"a": 1}),
    (1, "x"), (1, "x", [1], 4), (), None, 1, "abc", "1x", ("a", "x", None), (1, 2, None), _Sized(1, "x", None),
    OrderedDict(b="x"), {"a": "x"},
]  # fmt: skip


def arguments(types: Any, contributed: bool) -> dict[str, list[Any]]:
    """Values for each type; `types` has the client's own classes, `contributed` says whether modules are there."""
    given: dict[str, list[Any]] = {
        **dict.fromkeys(("int2", "int4", "int8", "oid", "xid", "cid", "xid8", "pg_lsn"), _INTEGERS),
        **dict.fromkeys(("float4", "float8"), _FLOATS),
        "numeric": _NUMBERS,
        "bool": [True, False, 1, 0, "t", None, [], _Level.ONE],
        **dict.fromkeys(("text", "varchar", "name", "xml", "bpchar", "varchar(3)"), _TEXTS),
        **dict.fromkeys(("tsvector", "macaddr", "money", "regclass"), _TEXTS),
        **dict.fromkeys(("bytea", '"char"'), _MEMORY),
        "uuid": _UUIDS,
        "date": _DATES,
        **dict.fromkeys(("timestamp", "timestamptz"), _MOMENTS),
        **dict.fromkeys(("time", "timetz"), _TIMES),
        "interval": _INTERVALS,
        **dict.fromkeys(("json", "jsonb"), _JSON),
        "jsonpath": ["$.a", "x y", 1, None],
        **dict.fromkeys(("inet", "cidr"), _ADDRESSES),
        "tid": _TIDS,
        **dict.fromkeys(("pg_snapshot", "txid_snapshot"), _SNAPSHOTS),
        "tone": _TONES,
        "tone[]": [["low"], ["none"], [1], [["low"]]],
        "int4[]": _ARRAYS,
        **dict.fromkeys(("text[]", "tsvector[]"), _WORDS),
        "money[]": [["1.5"], [1]],
        "numeric[]": [[1, Decimal("1.50"), 1.5]],
        "card": _CARDS,
        "card[]": [[(1, "x", None)], [None, (1, "y", [2])], [[(1, "x", None)]], [[1, "x", None]], [{"a": 1}]],
        "hand": [
            ((1, "x", None), "low", [(2, "z", [3])]),
            {"best": {"a": 1}, "tone": "high"},
            ((1, "x", None), "z", 0),
        ],
        "positive": [1, -1, "a", 2**40],
        "words": [["a", None], "x"],
        "json[]": [['{"a":1}', None], [{"a": 1}]],
        "box[]": [[((1, 2), (3, 4))]],
        "uuid[]": [[uuid.UUID(int=1), "0" * 32]],
        "date[]": [[dt.date(2020, 1, 1)], [dt.date.max, None]],
        "timestamptz[]": [[dt.datetime(2020, 1, 1, tzinfo=_UTC), dt.date(2020, 1, 1)]],
        "bytea[]": [[b"a", bytearray(b"b")]],
        **_places(types),
        **_ranges(types),
    }
    return {**given, "hstore": _STORES, "hstore[]": [[{"a": "b"}], [None, {}]]} if contributed else given


def _places(types: Any) -> dict[str, list[Any]]:
    corners = [((1, 2), (3, 4)), ((3, 4), (1, 2)), [(1, 2)], ((1, 2), (3,)), None, 1]
    bits = [types.BitString("101"), types.BitString(""), types.BitString("1010 1010 1"), b"\xa0", b"",
            bytearray(b"\xff"),
            memoryview(b"\xf0"), "101", 5, None]  # fmt: skip
    path = types.Path((1, 2), (3, 4), is_closed=True)
    open_path = types.Path((1, 2), (3, 4), is_closed=False)
    return {
        "point": [(1, 2), [1.5, 2], types.Point(1, 2), (1,), (1, 2, 3), "ab", 1, None, ("1", 2), (float("inf"), 0)],
        "line": [(1, 2, 3), types.Line(1, 2, 3), [1, 2], (1, 2, 3, 4), None, "x"],
        "lseg": [types.LineSegment((1, 2), (3, 4)), *corners],
        "box": [types.Box((1, 2), (3, 4)), *corners],
        "path": [((1, 2), (3, 4)), [(1, 2), (3, 4)], path, open_path, [], (), [(1,)], 1, None, "ab"],
        "polygon": [((1, 2), (3, 4)), types.Polygon((1, 2), (3, 4), (5, 6)), [], [(1,)], 1, None],
        "circle": [((1, 2), 3), types.Circle((1, 2), 3), [(1, 2)], ((1,), 2), None, "x", ((1, 2), -1)],
        **dict.fromkeys(("bit(3)", "varbit"), bits),
    }


def _ranges(types: Any) -> dict[str, list[Any]]:
    bounds = [types.Range(1, 5), types.Range(1, 5, lower_inc=False, upper_inc=True), types.Range(), types.Range(1),
              types.Range(None, 5), types.Range(empty=True), types.Range(5, 1), (1, 5), [1, 5], (1,), (None,), (None,
              5),
              (1, None), (None, None), (), [], (1, 2, 3), "aa", 1, None, ("a", 2), (2**40, 1), {1, 2}, (5,
              1)]  # fmt: skip
    return {
        "int4range": bounds,
        "numrange": [(Decimal("1.5"), Decimal("2.5")), (1, 2), ("1.5", 2)],
        "daterange": [(dt.date(2020, 1, 1), dt.date(2021, 1, 1)), (dt.date.min, dt.date.max)],
        "tsrange": [(dt.datetime(2020, 1, 1), None), (dt.datetime(2020, 1, 1, tzinfo=_UTC), None)],
        "int4multirange": [[], [(1, 5), (7, 9)], [types.Range(1, 2), (3,)], ((1, 2),), [None], [1], 1, None, "", "ab",
                           {(1, 2)}, {1: 2}, deque([(1, 2)]), range(0), range(3), types.Range(1, 2)],
        "int4range[]": [[(1, 2)], [types.Range(1, 2), None], [[1, 2]], [[(1, 2)]]],
    }  # fmt: skip
