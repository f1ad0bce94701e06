"""The package under the name that others import."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import importlib
import sys
from typing import Literal

from fasterapi.pg import connection

# Those that libraries import by name.
_MODULES = (
    "connect_utils",
    "connection",
    "connresource",
    "cursor",
    "exceptions",
    "exceptions._base",
    "introspection",
    "pgproto",
    "pgproto.pgproto",
    "pgproto.types",
    "pool",
    "prepared_stmt",
    "protocol",
    "protocol.protocol",
    "protocol.record",
    "serverversion",
    "transaction",
    "types",
    "utils",
)


def install_as_asyncpg(*, pipelining: Literal["queue", "error"] = "queue") -> None:
    """Makes `import asyncpg` give this package, for libraries that import that themselves.

    To be called before anything has imported `asyncpg`. `pipelining="error"` makes a second operation on a connection
    that is busy an error for all connections, as code may expect of asyncpg; otherwise it waits for its turn.
    """
    if pipelining not in ("queue", "error"):
        raise ValueError(f"pipelining must be 'queue' or 'error', not {pipelining!r}")
    package = sys.modules["fasterapi.pg"]
    present = sys.modules.get("asyncpg")
    if present is not None and present is not package:
        raise RuntimeError("asyncpg has been imported already: call install_as_asyncpg() before that")
    connection._pipelining = pipelining
    sys.modules["asyncpg"] = package
    for name in _MODULES:
        sys.modules[f"asyncpg.{name}"] = importlib.import_module(f"fasterapi.pg.{name}")
