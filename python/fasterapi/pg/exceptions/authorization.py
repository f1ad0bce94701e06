"""Who may connect, and as whom."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class InvalidAuthorizationSpecificationError(PostgresError):
    """PostgreSQL's invalid_authorization_specification."""

    sqlstate = "28000"


class InvalidPasswordError(InvalidAuthorizationSpecificationError):
    """PostgreSQL's invalid_password."""

    sqlstate = "28P01"


class InvalidGrantorError(PostgresError):
    """PostgreSQL's invalid_grantor."""

    sqlstate = "0L000"


class InvalidGrantOperationError(InvalidGrantorError):
    """PostgreSQL's invalid_grant_operation."""

    sqlstate = "0LP01"


class InvalidRoleSpecificationError(PostgresError):
    """PostgreSQL's invalid_role_specification."""

    sqlstate = "0P000"
