"""What every error stands on: the server's message with its fields, and the client's own complaints."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

__all__ = [
    "PostgresMessage",
    "PostgresError",
    "FatalPostgresError",
    "UnknownPostgresError",
    "PostgresLogMessage",
    "InterfaceMessage",
    "InterfaceError",
    "InterfaceWarning",
    "ClientConfigurationError",
    "UnsupportedClientFeatureError",
    "UnsupportedServerFeatureError",
    "InternalClientError",
    "ProtocolError",
    "TargetServerAttributeNotMatched",
    "OutdatedSchemaCacheError",
]

# The fields of ErrorResponse and NoticeResponse, by the letter that stands for them on the wire.
_FIELDS = {
    "S": "severity",
    "V": "severity_en",
    "C": "sqlstate",
    "M": "message",
    "D": "detail",
    "H": "hint",
    "P": "position",
    "p": "internal_position",
    "q": "internal_query",
    "W": "context",
    "s": "schema_name",
    "t": "table_name",
    "c": "column_name",
    "d": "data_type_name",
    "n": "constraint_name",
    "F": "server_source_filename",
    "L": "server_source_line",
    "R": "server_source_function",
}

_POOLER = """
NOTE: a pooler that gives each transaction another server, as pgbouncer does with pool_mode set to "transaction" or
"statement", loses the prepared statements made on the one before. Use the pool of this package instead of the pooler,
or connect with statement_cache_size=0.
"""


class PostgresMessage:
    """A message of the server: an attribute for each field, None where the server left it out."""

    severity: str | None = None
    severity_en: str | None = None
    sqlstate: str | None = None
    message: str | None = None
    detail: str | None = None
    hint: str | None = None
    position: str | None = None
    internal_position: str | None = None
    internal_query: str | None = None
    context: str | None = None
    schema_name: str | None = None
    table_name: str | None = None
    column_name: str | None = None
    data_type_name: str | None = None
    constraint_name: str | None = None
    server_source_filename: str | None = None
    server_source_line: str | None = None
    server_source_function: str | None = None
    query: str | None = None

    _classes: ClassVar[dict[str, type["PostgresMessage"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        code = cls.__dict__.get("sqlstate")
        if code is None:
            return
        there = PostgresMessage._classes.setdefault(code, cls)
        if there is not cls:
            raise TypeError(f"{cls.__name__} gives SQLSTATE {code} a second class: {there.__name__} has it")

    def as_dict(self) -> dict[str, str]:
        """The fields that the server sent."""
        return {field: value for field in _FIELDS.values() if (value := getattr(self, field)) is not None}

    @classmethod
    def _read(
        cls, fields: Mapping[str, str], query: str | None
    ) -> tuple[type["PostgresMessage"] | None, str, dict[str, str | None]]:
        """The class, if there is one for the code, the sentence, and the attributes."""
        attributes: dict[str, str | None] = {"query": query}
        attributes.update((name, fields[letter]) for letter, name in _FIELDS.items() if letter in fields)
        code = fields.get("C", "")
        found = cls._classes.get(code)
        message = fields.get("M", "")
        if code == "0A000" and fields.get("R") == "RevalidateCachedQuery":
            # By the function, as the message is translated and the code is shared.
            from fasterapi.pg.exceptions.features import InvalidCachedStatementError

            found = InvalidCachedStatementError
            message = "cached statement plan is invalid due to a database schema or configuration change"
        elif code in ("42P05", "26000"):
            attributes["hint"] = (attributes.get("hint") or "") + _POOLER
        return found, message, attributes


class PostgresError(PostgresMessage, Exception):
    """An error of the server."""

    def __str__(self) -> str:
        return _shown(self)

    @classmethod
    def new(cls, fields: Mapping[str, str], query: str | None = None) -> "PostgresError":
        """The error of the class that stands for its SQLSTATE, from the letters and values of ErrorResponse."""
        found, message, attributes = cls._read(fields, query)
        # A code can stand for a warning too; what comes as an error is raised as one.
        kind = found if found is not None and issubclass(found, PostgresError) else UnknownPostgresError
        error = kind(message)
        error.__dict__.update(attributes)
        return error


class FatalPostgresError(PostgresError):
    """An error behind which the server closes the connection."""


class UnknownPostgresError(FatalPostgresError):
    """An error whose SQLSTATE no class stands for."""


class PostgresLogMessage(PostgresMessage):
    """A message of the server that is not an error. It cannot be changed."""

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.message}"

    def __setattr__(self, name: str, value: object) -> None:
        raise TypeError(f"instances of {type(self).__name__} are immutable")

    @classmethod
    def new(cls, fields: Mapping[str, str], query: str | None = None) -> PostgresMessage:
        """The message of the class that stands for its SQLSTATE, from the letters and values of NoticeResponse."""
        found, text, attributes = cls._read(fields, query)
        kind: type[PostgresMessage] = PostgresLogMessage if found is None else found
        if kind is PostgresLogMessage:
            severity = attributes.get("severity_en") or attributes.get("severity") or ""
            if severity.upper() == "WARNING":
                kind = PostgresMessage._classes["01000"]
        message = kind(text) if issubclass(kind, BaseException) else kind()
        message.__dict__.update(attributes)
        return message


class InterfaceMessage:
    """What the client has to say: a sentence, and where there are, a detail and a hint."""

    detail: str | None
    hint: str | None

    def __init__(self, *, detail: str | None = None, hint: str | None = None) -> None:
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return _shown(self)


class InterfaceError(InterfaceMessage, Exception):
    """The package is used in a way it cannot be."""

    def __init__(self, msg: str, *, detail: str | None = None, hint: str | None = None) -> None:
        InterfaceMessage.__init__(self, detail=detail, hint=hint)
        Exception.__init__(self, msg)

    def with_msg(self, msg: str) -> Self:
        """The same error with another sentence."""
        return type(self)(msg, detail=self.detail, hint=self.hint).with_traceback(self.__traceback__)


class ClientConfigurationError(InterfaceError, ValueError):
    """What was asked for of a connection does not fit together."""


class UnsupportedClientFeatureError(InterfaceError):
    """The package does not do this."""


class UnsupportedServerFeatureError(InterfaceError):
    """The server is too old, or was built without it."""


class InterfaceWarning(InterfaceMessage, UserWarning):
    """The package is used in a way that is probably not meant."""

    def __init__(self, msg: str, *, detail: str | None = None, hint: str | None = None) -> None:
        InterfaceMessage.__init__(self, detail=detail, hint=hint)
        UserWarning.__init__(self, msg)


class InternalClientError(Exception):
    """Something that nothing else stands for."""


class ProtocolError(InternalClientError):
    """The server sent what its protocol does not allow here."""


class TargetServerAttributeNotMatched(InternalClientError):  # noqa: N818 - the name its users know
    """No host is of the kind that `target_session_attrs` asks for."""


class OutdatedSchemaCacheError(InternalClientError):
    """A type has changed since the connection learned of it: `Connection.reload_schema_state()` learns it anew."""

    def __init__(
        self, msg: str, *, schema: str | None = None, data_type: str | None = None, position: int | None = None
    ) -> None:
        super().__init__(msg)
        self.schema_name = schema
        self.data_type_name = data_type
        self.position = position


def _shown(message: Any) -> str:
    text = str(message.args[0]) if message.args else ""
    if message.detail:
        text += f"\nDETAIL:  {message.detail}"
    if message.hint:
        text += f"\nHINT:  {message.hint}"
    return text
