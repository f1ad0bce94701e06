"""Who may connect, and as whom."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class InvalidAuthorizationSpecificationError(PostgresError):
    """PostgreSQL's invalid_authorization_specification."""

    sqlstate: str | None = "28000"


class InvalidPasswordError(InvalidAuthorizationSpecificationError):
    """PostgreSQL's invalid_password."""

    sqlstate: str | None = "28P01"


class InvalidGrantorError(PostgresError):
    """PostgreSQL's invalid_grantor."""

    sqlstate: str | None = "0L000"


class InvalidGrantOperationError(InvalidGrantorError):
    """PostgreSQL's invalid_grant_operation."""

    sqlstate: str | None = "0LP01"


class InvalidRoleSpecificationError(PostgresError):
    """PostgreSQL's invalid_role_specification."""

    sqlstate: str | None = "0P000"
