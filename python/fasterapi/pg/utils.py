"""Quoting, and putting arguments into the text of a query."""

import re
from collections.abc import Sequence
from typing import Any

from fasterapi.pg.protocol import Record
from fasterapi.pg.types import Type

__all__ = ["_quote_ident", "_quote_literal", "_mogrify"]

_PARAMETER = re.compile(r"\$(\d+)\b")


def _quote_ident(ident: str) -> str:
    return '"' + ident.replace('"', '""') + '"'


def _quote_literal(string: str) -> str:
    return "'" + string.replace("'", "''") + "'"


async def _mogrify(conn: Any, query: str, args: Sequence[Any]) -> str:
    """The query with its arguments written into it, as the server writes and quotes them."""
    types: Sequence[Type] = (await conn.prepare(query)).get_parameters()
    columns = (f"pg_catalog.quote_literal(${n}::{_type_name(t)}::text)" for n, t in enumerate(types, 1))
    values = await conn.fetchrow("SELECT " + ", ".join(columns), *args, record_class=Record)

    def value(found: re.Match[str]) -> str:
        text = values[int(found[1]) - 1]
        return "NULL" if text is None else str(text)

    return _PARAMETER.sub(value, query)


def _type_name(of: Type) -> str:
    name = "_" + of.name.removesuffix("[]") if of.name.endswith("[]") else of.name
    return f"{_quote_ident(of.schema)}.{_quote_ident(name)}"
