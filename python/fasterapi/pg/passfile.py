"""The password file: host:port:database:user:password in every line."""

import stat
import warnings
from pathlib import Path
from typing import NamedTuple

__all__ = ["Entry", "password_for", "read_passfile"]


class Entry(NamedTuple):
    """A line of the file: the first four fields as they stand, the password without its escapes."""

    host: str
    port: str
    database: str
    user: str
    password: str


def read_passfile(path: Path) -> list[Entry]:
    """The lines of the file; none when it is not there, cannot be read, or others can read it."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            warnings.warn(f"password file {str(path)!r} is not a plain file", stacklevel=2)
            return []
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            warnings.warn(
                f"password file {str(path)!r} has group or world access; permissions should be u=rw (0600) or less",
                stacklevel=2,
            )
            return []
        text = path.read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    return [entry for line in text.split("\n") if (entry := _entry(line.removesuffix("\r"))) is not None]


def password_for(entries: list[Entry], *, host: str, port: int, database: str, user: str) -> str | None:
    """The password of the first line that fits. A Unix socket goes by its directory or as localhost."""
    hosts = (host, "localhost") if host.startswith("/") else (host,)
    for entry in entries:
        if (
            any(_fits(entry.host, name) for name in hosts)
            and _fits(entry.port, str(port))
            and _fits(entry.database, database)
            and _fits(entry.user, user)
        ):
            return entry.password
    return None


def _entry(line: str) -> Entry | None:
    if line.startswith("#"):
        return None
    fields: list[str] = []
    start = position = 0
    while len(fields) < 4 and position < len(line):
        if line[position] == "\\":
            position += 1
        elif line[position] == ":":
            fields.append(line[start:position])
            start = position + 1
        position += 1
    if len(fields) < 4:
        return None
    host, port, database, user = fields
    return Entry(host, port, database, user, _unescaped(line[start:]))


def _fits(field: str, wanted: str) -> bool:
    # With its backslashes too: such files were written for clients that leave them in.
    return field in ("*", wanted) or _unescaped(field) == wanted


def _unescaped(text: str) -> str:
    made = ""
    escaped = False
    for character in text:
        if character == "\\" and not escaped:
            escaped = True
            continue
        made += character
        escaped = False
    return made
