"""The connection to the server."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class PostgresConnectionError(PostgresError):
    """PostgreSQL's connection_exception."""

    sqlstate: str | None = "08000"


class ClientCannotConnectError(PostgresConnectionError):
    """PostgreSQL's sqlclient_unable_to_establish_sqlconnection."""

    sqlstate: str | None = "08001"


class ConnectionDoesNotExistError(PostgresConnectionError):
    """PostgreSQL's connection_does_not_exist."""

    sqlstate: str | None = "08003"


class ConnectionRejectionError(PostgresConnectionError):
    """PostgreSQL's sqlserver_rejected_establishment_of_sqlconnection."""

    sqlstate: str | None = "08004"


class ConnectionFailureError(PostgresConnectionError):
    """PostgreSQL's connection_failure."""

    sqlstate: str | None = "08006"


class TransactionResolutionUnknownError(PostgresConnectionError):
    """PostgreSQL's transaction_resolution_unknown."""

    sqlstate: str | None = "08007"


class ProtocolViolationError(PostgresConnectionError):
    """PostgreSQL's protocol_violation."""

    sqlstate: str | None = "08P01"
