"""The server's version, from what it says of itself."""

import re

from fasterapi.pg.types import ServerVersion

__all__ = ["split_server_version_string"]

_VERSION = re.compile(r"(\d+)\.?(?:(\d+)\.?)?(\d+)?([a-z]+)?(\d+)?")


def split_server_version_string(version_string: str) -> ServerVersion:
    """The parts of a version such as "15.2 (Debian 15.2-1)", "9.6.1", "16beta2" or "PostgreSQL 13.3"."""
    found = _VERSION.search(version_string)
    if found is None:
        raise ValueError(f'Unable to parse Postgres version from "{version_string}"')
    major, minor, micro, level, serial = found.groups()
    if int(major) < 10:
        return ServerVersion(int(major), int(minor or 0), int(micro or 0), level or "final", int(serial or 0))
    # Two numbers are enough since 10: the second one counts the fixes, as the third one did before.
    return ServerVersion(int(major), 0, int(minor or 0), level or "final", int(serial or 0))
