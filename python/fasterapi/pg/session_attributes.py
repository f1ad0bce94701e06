"""Whether a server is of the kind asked for."""

from typing import Any, Protocol

from fasterapi.pg.parameters import SessionAttribute

__all__ = ["can_use_connection"]


class _Connection(Protocol):
    def get_settings(self) -> Any: ...
    async def fetchval(self, query: str, /) -> Any: ...


async def can_use_connection(connection: _Connection, attr: SessionAttribute) -> bool:
    """Whether the server will do: from what it said at the start, else by asking."""
    if attr is SessionAttribute.any:
        return True
    if attr in (SessionAttribute.primary, SessionAttribute.standby, SessionAttribute.prefer_standby):
        return await _in_recovery(connection) is (attr is not SessionAttribute.primary)
    read_only = getattr(connection.get_settings(), "default_transaction_read_only", "off") == "on"
    return (read_only or await _in_recovery(connection)) is (attr is SessionAttribute.read_only)


async def _in_recovery(connection: _Connection) -> bool:
    # Servers before 14 do not say so by themselves.
    said = getattr(connection.get_settings(), "in_hot_standby", None)
    if said is not None:
        return bool(said == "on")
    return bool(await connection.fetchval("SELECT pg_catalog.pg_is_in_recovery()"))
