"""The types of a server, and SQL that makes values of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pg.oracle.literals import EXPRESSIONS, LITERALS, OWN

_TYPES = """
select t.oid, t.typname, n.nspname, t.typtype::text, format_type(t.oid, null) as words, t.typarray <> 0 as has_array,
    t.typbasetype, coalesce(r.rngsubtype, m.rngsubtype, 0) as subtype, coalesce(m.rngtypid, 0) as range_type,
    coalesce(c.relkind::text, '') as relation
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
left join pg_range r on r.rngtypid = t.oid
left join pg_range m on {multirange}
left join pg_class c on c.oid = t.typrelid
where t.typtype <> 'p' and n.nspname <> 'pg_toast' and not exists (select from pg_type e where e.typarray = t.oid)
order by t.typtype, n.nspname, t.typname
"""
_ROWS = 2
"""Of a table whose row type is tried."""
_CHANGING = re.compile(
    r"pg_stat(io)?_|pg_(backend_memory_contexts|cursors|locks|prepared_statements|shmem_|replication_)"
)
"""Views that say something else every time."""


@dataclass
class Made:
    """One query of one column, which is a value of a type or of an array of it."""

    query: str
    type: str
    single: bool = True


@dataclass
class Subject:
    """A type: its name in SQL, and expressions of it."""

    oid: int
    name: str
    schema: str
    kind: str
    words: str
    array: bool
    values: list[str] = field(default_factory=list)
    rows: str = ""
    """A relation whose rows are the values."""
    empty: bool = False
    """No row of it is looked at."""

    def made(self) -> Iterator[Made]:
        """Queries of single values, and of arrays: empty, with NULL, of two dimensions, with a lower bound."""
        rows = 0 if self.empty else _ROWS
        if self.rows:
            yield Made(f"select x from {self.rows} as x limit {rows}", self.words)
        for value in [*self.values, "null"]:
            yield Made(f"select ({value})::{self.words} as x", self.words)
        if not self.array:
            return
        array = f"{self.words}[]"
        yield Made(f"select '{{}}'::{array} as x", array, single=False)
        yield Made(f"select array[null, null]::{array} as x", array, single=False)
        if self.rows:
            yield Made(
                f"select array_agg(x) as x from (select x from {self.rows} as x limit {rows}) as x", array, False
            )
        if self.values:
            first, last = self.values[0], self.values[-1]
            everything = ", ".join(f"({value})::{self.words}" for value in self.values)
            a, b = f"({first})::{self.words}", f"({last})::{self.words}"
            yield Made(f"select array[{everything}, null]::{array} as x", array, single=False)
            yield Made(f"select array[array[{a}, null], array[{b}, {a}]]::{array} as x", array, single=False)
            yield Made(f"select array[array[array[{a}]], array[array[{b}]]]::{array} as x", array, single=False)


async def subjects(connection: Any) -> list[Subject]:
    """Every type of the server but pseudo-types, arrays and those of TOAST."""
    multirange = "m.rngmultitypid = t.oid" if connection.get_server_version().major >= 14 else "false"
    found = await connection.fetch(_TYPES.format(multirange=multirange))
    made = {row["oid"]: _subject(row) for row in found}
    for row in found:
        subject = made[row["oid"]]
        if row["typtype"] == "r" and row["subtype"] in made:
            subject.values = _ranges(subject, made[row["subtype"]])
    for row in found:
        subject = made[row["oid"]]
        if row["typtype"] == "m":
            subject.values = _multiranges(subject, made[row["range_type"]])
        elif row["typtype"] == "d" and not subject.values and row["typbasetype"] in made:
            subject.values = made[row["typbasetype"]].values
    return list(made.values())


def _subject(row: Any) -> Subject:
    name = row["typname"]
    subject = Subject(row["oid"], name, row["nspname"], row["typtype"], row["words"], row["has_array"])
    if row["relation"] in {"r", "v", "m"}:
        subject.empty = _CHANGING.match(name) is not None
        subject.rows = f"only {row['words']}" if row["relation"] == "r" else row["words"]
    elif name in OWN and row["nspname"] in {"oracle", "information_schema"}:
        subject.values = list(OWN[name])
    else:
        quoted = (literal.replace("'", "''") for literal in LITERALS.get(name, []))
        escaped = name == "char"
        subject.values = [f"{'E' if escaped else ''}'{literal}'" for literal in quoted] + EXPRESSIONS.get(name, [])
    return subject


def _ranges(subject: Subject, inner: Subject) -> list[str]:
    make, values = subject.words, []
    for one, other in pairwise(_ordered(inner)):
        low, high = f"least({one}, {other})", f"greatest({one}, {other})"
        values += [f"{make}({low}, {high}, '{bounds}')" for bounds in ("[)", "(]", "[]", "()")]
    for one in _ordered(inner)[:1]:
        values += [f"{make}({one}, null)", f"{make}(null, {one}, '[]')", f"{make}({one}, {one})"]
    return [*values, "'empty'", f"{make}(null, null)"]


def _multiranges(subject: Subject, inner: Subject) -> list[str]:
    some = [f"({value})::{inner.words}" for value in inner.values]
    return ["'{}'", *(f"{subject.words}({one})" for one in some[:2]), f"{subject.words}({', '.join(some[:6])})"]


def _ordered(inner: Subject) -> list[str]:
    return [f"({value})::{inner.words}" for value in inner.values]
