"""What the server does not do with this statement."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class FeatureNotSupportedError(PostgresError):
    """PostgreSQL's feature_not_supported."""

    sqlstate: str | None = "0A000"


class InvalidCachedStatementError(FeatureNotSupportedError):
    """The plan of a prepared statement no longer fits the tables it was made for."""


class CaseNotFoundError(PostgresError):
    """PostgreSQL's case_not_found."""

    sqlstate: str | None = "20000"


class CardinalityViolationError(PostgresError):
    """PostgreSQL's cardinality_violation."""

    sqlstate: str | None = "21000"


class InvalidArgumentForXqueryError(PostgresError):
    """PostgreSQL's invalid_argument_for_xquery."""

    sqlstate: str | None = "10608"
