"""The conversation with the server: the engine's protocol, as a class that can be extended."""

from fasterapi.pg.protocol.protocol import BUILTIN_TYPE_NAME_MAP, BUILTIN_TYPE_OID_MAP, NO_TIMEOUT, Protocol
from fasterapi.pg.protocol.record import Record

__all__ = ["BUILTIN_TYPE_NAME_MAP", "BUILTIN_TYPE_OID_MAP", "NO_TIMEOUT", "Protocol", "Record"]
