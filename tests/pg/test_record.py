"""A record is a row: a tuple that knows its columns' names, whether its values have been made yet or not."""

from __future__ import annotations

import copy
import gc
import operator
import pickle
import sys
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from pg.looping import run

ROW = "select 1 as a, 'x'::text as b, null::int as c, 2.5::float8 as d, array[1, 2] as e"
VALUES = (1, "x", None, 2.5, [1, 2])
NAMES = ("a", "b", "c", "d", "e")


class Pair(NamedTuple):
    n: int
    s: str


def fetch(pg: Any, dsn: str, query: str, *arguments: Any, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        connection = await pg.connect(dsn)
        try:
            rows: list[Any] = await connection.fetch(query, *arguments, **options)
            return rows
        finally:
            await connection.close()

    return run(main())


@pytest.fixture
def row(pg: Any, dsn: str) -> Any:
    """A row of which no value has been read."""
    return fetch(pg, dsn, ROW)[0]


def test_a_value_is_found_by_name_and_by_position(row: Any) -> None:
    assert [row[name] for name in NAMES] == list(VALUES)
    assert [row[at] for at in range(5)] == list(VALUES)
    assert [row[at] for at in range(-5, 0)] == list(VALUES)
    assert row["".join(["", "b"])] == "x"
    assert row[True] == "x"


@pytest.mark.parametrize("key", [5, -6, 10**30, -(10**30)])
def test_a_position_outside_of_the_row_is_an_index_error(row: Any, key: int) -> None:
    with pytest.raises(IndexError):
        row[key]


@pytest.mark.parametrize("key", ["z", "", None, 1.0, b"a", ("a",)])
def test_a_name_that_no_column_has_is_a_key_error(row: Any, key: Any) -> None:
    with pytest.raises(KeyError):
        row[key]


def test_a_key_error_names_the_key(row: Any) -> None:
    with pytest.raises(KeyError, match="'spam'"):
        row["spam"]


def test_a_key_that_cannot_be_hashed_is_the_callers_mistake(row: Any) -> None:
    with pytest.raises((TypeError, KeyError)):
        row[[]]


@pytest.mark.parametrize(
    "part", [slice(None), slice(1, 3), slice(None, None, -1), slice(4, None, -2), slice(3, 1), slice(-100, 100, 2)]
)
def test_a_slice_is_a_tuple_of_values(row: Any, part: slice) -> None:
    assert type(row[part]) is tuple
    assert row[part] == VALUES[part]


def test_membership_is_of_names_and_iteration_of_values(row: Any) -> None:
    assert "a" in row
    assert 1 not in row
    assert list(row) == list(VALUES)
    first, *rest = row
    assert (first, rest) == (1, list(VALUES[1:]))


def test_names_values_and_pairs_are_iterators(row: Any) -> None:
    for view, expected in (
        (row.keys(), NAMES),
        (row.values(), VALUES),
        (row.items(), tuple(zip(NAMES, VALUES, strict=True))),
    ):
        assert iter(view) is view
        assert operator.length_hint(view) == 5
        next(view)
        assert operator.length_hint(view) == 4
        assert tuple(view) == expected[1:]
        assert operator.length_hint(view) == 0
        assert next(view, None) is None
    assert dict(row) == dict(zip(NAMES, VALUES, strict=True))
    assert dict(row.items()) == dict(row)


def test_get_has_a_default(row: Any) -> None:
    assert row.get("a") == 1
    assert row.get("c", 7) is None
    assert row.get("z") is None
    assert row.get("z", 7) == 7
    for arguments in ((), ("a", 1, 2)):
        with pytest.raises(TypeError):
            row.get(*arguments)
    with pytest.raises(TypeError):
        row.get(default=1)


def test_a_value_that_was_read_is_the_same_object_again(row: Any) -> None:
    assert row["e"] is row[4]
    assert row["e"] is list(row)[4]
    row["e"].append(3)
    assert row["e"] == [1, 2, 3]


def test_of_two_columns_with_one_name_the_last_is_found(pg: Any, dsn: str) -> None:
    row = fetch(pg, dsn, "select 1 as a, 2 as b, 3 as a")[0]
    assert (row["a"], row[0], tuple(row)) == (3, 1, (1, 2, 3))
    assert list(row.items()) == [("a", 1), ("b", 2), ("a", 3)]
    assert repr(row) == "<Record a=1 b=2 a=3>"


@pytest.mark.parametrize("columns", [1, 16, 17, 300])
def test_rows_of_any_width_are_found_by_name(pg: Any, dsn: str, columns: int) -> None:
    row = fetch(pg, dsn, "select " + ", ".join(f"{at} as c{at}" for at in range(columns)))[0]
    assert len(row) == columns
    assert [row[f"c{at}"] for at in range(columns)] == list(range(columns))


def test_a_row_without_columns_is_empty(pg: Any, dsn: str) -> None:
    (row,) = fetch(pg, dsn, "select")
    assert (len(row), tuple(row), bool(row), repr(row)) == (0, (), False, "<Record>")
    assert row == ()


def test_a_record_compares_with_records_and_tuples_and_with_nothing_else(pg: Any, dsn: str) -> None:
    low, high = fetch(pg, dsn, "select * from (values (1, 'a'), (1, 'b')) as t(n, s)")
    same = fetch(pg, dsn, "select 1 as other, 'a' as names")[0]
    assert low == same
    assert low == (1, "a")
    assert low == Pair(1, "a")
    assert operator.eq((1, "a"), low)
    assert low != high
    assert low < high
    assert high > (1, "a")
    assert operator.le((1, "a"), low)
    assert low < (1, "a", 0)
    assert low != [1, "a"]
    with pytest.raises(TypeError):
        low < [1, "a"]  # noqa: B015
    assert hash(low) == hash(same) == hash((1, "a"))
    assert {low: "found"}[(1, "a")] == "found"


def test_a_record_of_a_list_cannot_be_hashed(row: Any) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(row)


def test_a_not_a_number_is_itself_as_in_a_tuple(pg: Any, dsn: str) -> None:
    row = fetch(pg, dsn, "select 'nan'::float8 as n")[0]
    assert row == row
    assert row == (row["n"],)


def test_a_record_cannot_be_changed_made_or_pickled(pg: Any, row: Any) -> None:
    for change in (lambda: operator.setitem(row, 0, 1), lambda: operator.delitem(row, "a")):
        with pytest.raises(TypeError):
            change()
    with pytest.raises(AttributeError):
        row.other = 1
    with pytest.raises(TypeError, match=r"cannot create '.*Record' instances"):
        pg.Record()
    with pytest.raises(TypeError):
        pickle.dumps(row)
    with pytest.raises(TypeError):
        copy.deepcopy(row)


def test_a_class_of_rows_has_methods_attributes_and_a_name(pg: Any, dsn: str) -> None:
    class Person(pg.Record):  # type: ignore[misc]
        def greeting(self) -> str:
            return f"hello {self['name']}"

        def __getattr__(self, name: str) -> Any:
            try:
                return self[name]
            except KeyError:
                raise AttributeError(name) from None

    class Slotted(pg.Record):  # type: ignore[misc]
        __slots__ = ()

    query = "select 'ann' as name, 7 as n"
    (person,) = fetch(pg, dsn, query, record_class=Person)
    assert person.greeting() == "hello ann"
    assert person.n == 7
    person.note = "mine"
    assert person.note == "mine"
    assert repr(person) == "<Person name='ann' n=7>"
    assert person == ("ann", 7)
    (slotted,) = fetch(pg, dsn, query, record_class=Slotted)
    assert not hasattr(slotted, "__dict__")
    assert slotted == person


@pytest.mark.parametrize("value", ["'10000-01-01'::date", "'0044-03-15 BC'::date", "'294276-12-31'::timestamp"])
def test_a_date_that_python_does_not_have_fails_where_it_is_fetched(pg: Any, dsn: str, value: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        fetch(pg, dsn, f"select {value}")
    with pytest.raises((ValueError, OverflowError)):
        fetch(pg, dsn, f"select array[{value}]")


def test_a_codec_runs_where_the_row_is_fetched(pg: Any, dsn: str) -> None:
    decoded = []

    def decode(text: str) -> int:
        decoded.append(text)
        return -int(text)

    async def main() -> Any:
        connection = await pg.connect(dsn)
        try:
            await connection.set_type_codec("int4", schema="pg_catalog", encoder=str, decoder=decode)
            rows = await connection.fetch("select 1 as a, array[2, null] as b, 'x' as c")
            assert decoded == ["1", "2"]
            return rows[0]
        finally:
            await connection.close()

    assert run(main()) == (-1, [-2, None], "x")
    assert decoded == ["1", "2"]


def test_a_composite_value_is_a_record_and_a_bare_row_a_tuple(pg: Any, dsn: str) -> None:
    async def main() -> Any:
        connection = await pg.connect(dsn)
        try:
            await connection.execute("create type pg_temp.pair as (n int, words text[])")
            return await connection.fetchrow(
                "select row(1, array['a'])::pg_temp.pair as p, row(2, row('b', null)) as r,"
                " array[row(3, null)::pg_temp.pair] as ps"
            )
        finally:
            await connection.close()

    row = run(main())
    assert type(row["p"]) is pg.Record
    assert row["p"]["words"] == ["a"]
    assert dict(row["p"]) == {"n": 1, "words": ["a"]}
    assert row["r"] == (2, ("b", None))
    assert type(row["r"]) is tuple
    assert row["ps"] == [(3, None)]


def test_rows_outlive_their_connection(pg: Any, dsn: str) -> None:
    rows = fetch(pg, dsn, "select i, i::text as t, now() - i * interval '1 day' as at from generate_series(1, 5000) i")
    assert sum(row["i"] for row in rows) == 12_502_500
    assert all(row["t"] == str(row[0]) for row in rows)
    assert rows[0]["at"] > rows[-1]["at"]


def test_a_cycle_through_a_row_is_collected(pg: Any, dsn: str) -> None:
    class Kept(pg.Record):  # type: ignore[misc]
        pass

    class Canary:
        pass

    plain, kept = fetch(pg, dsn, ROW)[0], fetch(pg, dsn, ROW, record_class=Kept)[0]
    canaries = [Canary(), Canary()]
    gone = [weakref.ref(canary) for canary in canaries]
    plain["e"].extend([plain, canaries[0]])
    kept.itself, kept.canary = kept, canaries[1]
    del plain, kept, canaries
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


@pytest.mark.parametrize(
    "use",
    [len, tuple, dict, repr, list, lambda row: row["b"], lambda row: row[:2], lambda row: row == VALUES],
    ids=["nothing", "tuple", "dict", "repr", "list", "name", "slice", "compare"],
)
def test_what_a_row_made_is_given_back(pg: Any, dsn: str, use: Callable[[Any], Any]) -> None:
    mark = "a text that nobody else has"

    async def main() -> None:
        connection = await pg.connect(dsn)
        try:
            await connection.fetch(ROW)
            gc.collect()
            nones, strings = sys.getrefcount(None), sys.getrefcount(mark)
            blocks = sys.getallocatedblocks()
            for _ in range(200):
                for row in await connection.fetch(ROW.replace("'x'::text", "$1::text"), mark):
                    use(row)
                    use(row)
            gc.collect()
            # An interpreter of its own keeps some for later; a leak would be one a row at least.
            assert abs(sys.getrefcount(None) - nones) < 100
            assert sys.getrefcount(mark) - strings < 10
            assert sys.getallocatedblocks() - blocks < 150
        finally:
            await connection.close()

    run(main())
