"""asyncpg's names for what `fasterapi.pg` offers, so that asyncpg's own tests drive it. Aliases only."""

import importlib
import sys

import fasterapi.pg
from fasterapi.pg import *  # noqa: F403
from fasterapi.pg import __all__ as __all__
from fasterapi.pg import __version__ as __version__

for _name in (
    "connect_utils",
    "connection",
    "connresource",
    "cursor",
    "exceptions",
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
):
    _module = importlib.import_module(f"{fasterapi.pg.__name__}.{_name}")
    sys.modules[f"{__name__}.{_name}"] = _module
    if "." not in _name:
        globals()[_name] = _module
