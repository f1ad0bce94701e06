"""Connection strings: URIs, and keywords with values."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from fasterapi.pg.exceptions import ClientConfigurationError

__all__ = ["Dsn", "parse_dsn"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_NAME = re.compile(r"\s*([^\s=]+)\s*(=?)\s*")
_PLAIN = re.compile(r"(?:[^\s\\]|\\.)*", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)


class Dsn(NamedTuple):
    """What a connection string says, by keyword."""

    authority: dict[str, str]
    """What stands before the "?" of a URI; the host still with its ports and percent signs."""
    keywords: dict[str, str]
    """The query of a URI, or all of a string of keywords."""


def parse_dsn(dsn: str) -> Dsn:
    """The parts of `postgresql://user@host/db?key=value`, or of `host=... user=... key='a value'`."""
    scheme = _SCHEME.match(dsn)
    if scheme is None and "=" in dsn and not dsn.startswith(("postgres:", "postgresql:")):
        return Dsn({}, _named(list(_keywords(dsn))))
    name = scheme[1] if scheme is not None else dsn.partition(":")[0]
    if scheme is None or name not in ("postgresql", "postgres"):
        hint = None
        if name.startswith(("postgresql+", "postgres+")):
            hint = f'What follows the "+" is for SQLAlchemy: leave it out, as in "postgresql{dsn[len(name) :]}".'
        raise ClientConfigurationError(
            f'invalid DSN: scheme is expected to be either "postgresql" or "postgres", got {name!r}', hint=hint
        )
    return _uri(dsn[scheme.end() :])


def _uri(rest: str) -> Dsn:
    location, _, query = rest.partition("?")
    netloc, _, path = location.partition("/")
    credentials, at, hosts = netloc.partition("@")
    if not at:
        credentials, hosts = "", netloc
    user, _, password = credentials.partition(":")
    given = {"user": unquote(user), "password": unquote(password), "dbname": unquote(path), "host": hosts}
    try:
        pairs = parse_qsl(query, strict_parsing=True) if query else []
    except ValueError as error:
        raise ClientConfigurationError(f"invalid DSN: {error}; write the query as key=value&key=value") from None
    return Dsn({keyword: value for keyword, value in given.items() if value}, _named(pairs))


def _keywords(text: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip() if not text.endswith("\\ ") else text
    while position < len(text):
        name = _NAME.match(text, position)
        if name is None or not name[2]:
            raise ClientConfigurationError(f'invalid DSN: missing "=" after "{text[position:].strip()}"')
        position = name.end()
        if text.startswith("'", position):
            value = _QUOTED.match(text, position)
            if value is None:
                raise ClientConfigurationError("invalid DSN: a value's closing quote is missing")
            raw = value[1]
        else:
            value = _PLAIN.match(text, position)
            raw = value[0] if value is not None else ""
        position = position if value is None else value.end()
        pairs.append((name[1], re.sub(r"\\(.)", r"\1", raw, flags=re.DOTALL)))
    return pairs


def _named(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Under the names of libpq; of a keyword that is given twice the last one counts."""
    named: dict[str, str] = {}
    for keyword, value in pairs:
        if keyword == "database":
            named.setdefault("dbname", value)
        elif keyword == "ssl" and value == "true":
            named.setdefault("sslmode", "require")
        else:
            named[keyword] = value
    return named
