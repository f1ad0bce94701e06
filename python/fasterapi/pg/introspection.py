"""What the server says of types that are not built in."""

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fasterapi.pg.protocol import Record

# A row of `TYPE_BY_NAME`, or what is known without asking.
TypeInfo: TypeAlias = "Record | dict[str, Any]"

_MULTIRANGE: Final = """
        UNION ALL
        SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE t.typtype = 'm' AND r.rngmultitypid = t.oid"""

# `ANY(ARRAY(...))` instead of a join: the planner takes that for ten types, and never sets out to compile the plan.
_LOOKUP: Final = """\
WITH RECURSIVE needed(oid) AS (
    SELECT unnest($1::oid[])
    UNION
    SELECT part.oid
    FROM needed
    JOIN pg_catalog.pg_type t ON t.oid = needed.oid
    CROSS JOIN LATERAL (
        SELECT t.typelem WHERE t.typelem <> 0 AND t.typlen = -1
        UNION ALL
        SELECT t.typbasetype WHERE t.typbasetype <> 0
        UNION ALL
        SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE t.typtype = 'r' AND r.rngtypid = t.oid{multirange}
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part(oid)
)
SELECT
    t.oid AS oid,
    n.nspname AS ns,
    t.typname AS name,
    t.typtype AS kind,
    nullif(t.typbasetype, 0) AS basetype,
    CASE WHEN t.typlen = -1 THEN t.typelem ELSE 0 END AS elemtype,
    elem.typdelim AS elemdelim,
    range.rngsubtype AS range_subtype,
    CASE WHEN t.typtype = 'm' THEN range.rngtypid END AS range_type,
    attributes.oids AS attrtypoids,
    attributes.names AS attrnames,
    CASE WHEN t.typtype = 'e' THEN (
        SELECT array_agg(label.enumlabel::text ORDER BY label.enumsortorder)
        FROM pg_catalog.pg_enum label WHERE label.enumtypid = t.oid
    ) END AS labels,
    format_type(nullif(t.typbasetype, 0), NULL) AS basetype_name,
    format_type(elem.oid, NULL) AS elemtype_name,
    format_type(range.rngsubtype, NULL) AS range_subtype_name
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type elem ON t.typlen = -1 AND elem.oid = t.typelem
LEFT JOIN pg_catalog.pg_range range ON range.rngtypid = t.oid{multirange_key}
LEFT JOIN LATERAL (
    SELECT array_agg(a.atttypid ORDER BY a.attnum) AS oids, array_agg(a.attname::text ORDER BY a.attnum) AS names
    FROM pg_catalog.pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
) AS attributes ON true
WHERE t.oid = ANY(ARRAY(SELECT oid FROM needed))
"""

LOOKUP_TYPES: Final = _LOOKUP.format(multirange=_MULTIRANGE, multirange_key=" OR range.rngmultitypid = t.oid")
# Before PostgreSQL 14 there were no multiranges.
LOOKUP_TYPES_13: Final = _LOOKUP.format(multirange="", multirange_key="")

TYPE_BY_NAME: Final = """\
SELECT t.oid, t.typelem AS elemtype, t.typtype AS kind
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typname = $1 AND n.nspname = $2
"""

# A base type, a domain, an enum.
SCALAR_TYPE_KINDS: Final = (b"b", b"d", b"e")


def parts_first(rows: "Iterable[Record]") -> "list[Record]":
    """The types in an order in which each comes after those it is made of."""
    known = {row["oid"]: row for row in rows}
    ordered: dict[int, Record] = {}

    def add(oid: int | None) -> None:
        row = known.pop(oid, None) if oid else None
        if row is None:
            return
        for part in (row["basetype"], row["elemtype"], row["range_subtype"], row["range_type"]):
            add(part)
        for part in row["attrtypoids"] or ():
            add(part)
        ordered[row["oid"]] = row

    for oid in list(known):
        add(oid)
    return list(ordered.values())


def is_scalar_type(typeinfo: "TypeInfo") -> bool:
    """Whether its values have no parts."""
    return typeinfo["kind"] in SCALAR_TYPE_KINDS and not typeinfo["elemtype"]


def is_domain_type(typeinfo: "TypeInfo") -> bool:
    """Whether it is another type with constraints."""
    return bool(typeinfo["kind"] == b"d")


def is_composite_type(typeinfo: "TypeInfo") -> bool:
    """Whether it is a row type."""
    return bool(typeinfo["kind"] == b"c")
