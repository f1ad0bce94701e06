"""The connection to the server."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class PostgresConnectionError(PostgresError):
    """PostgreSQL's connection_exception."""

    sqlstate = "08000"


class ClientCannotConnectError(PostgresConnectionError):
    """PostgreSQL's sqlclient_unable_to_establish_sqlconnection."""

    sqlstate = "08001"


class ConnectionDoesNotExistError(PostgresConnectionError):
    """PostgreSQL's connection_does_not_exist."""

    sqlstate = "08003"


class ConnectionRejectionError(PostgresConnectionError):
    """PostgreSQL's sqlserver_rejected_establishment_of_sqlconnection."""

    sqlstate = "08004"


class ConnectionFailureError(PostgresConnectionError):
    """PostgreSQL's connection_failure."""

    sqlstate = "08006"


class TransactionResolutionUnknownError(PostgresConnectionError):
    """PostgreSQL's transaction_resolution_unknown."""

    sqlstate = "08007"


class ProtocolViolationError(PostgresConnectionError):
    """PostgreSQL's protocol_violation."""

    sqlstate = "08P01"
