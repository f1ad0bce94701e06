"""A PostgreSQL client on the engine, with asyncpg's API."""

from fasterapi.pg.connection import Connection, connect
from fasterapi.pg.exceptions import *  # noqa: F403
from fasterapi.pg.exceptions import __all__ as _exceptions
from fasterapi.pg.install import install_as_asyncpg
from fasterapi.pg.pool import Pool, create_pool
from fasterapi.pg.protocol import Record
from fasterapi.pg.types import *  # noqa: F403

__all__ = (  # pyright: ignore[reportUnsupportedDunderAll]
    "connect",
    "create_pool",
    "Pool",
    "Record",
    "Connection",
    "install_as_asyncpg",
    *_exceptions,
)

# The version of asyncpg whose API this is.
__version__ = "0.32.0"
