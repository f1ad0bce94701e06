"""Constraints."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class IntegrityConstraintViolationError(PostgresError):
    """PostgreSQL's integrity_constraint_violation."""

    sqlstate: str | None = "23000"


class RestrictViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's restrict_violation."""

    sqlstate: str | None = "23001"


class NotNullViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's not_null_violation."""

    sqlstate: str | None = "23502"


class ForeignKeyViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's foreign_key_violation."""

    sqlstate: str | None = "23503"


class UniqueViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's unique_violation."""

    sqlstate: str | None = "23505"


class CheckViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's check_violation."""

    sqlstate: str | None = "23514"


class ExclusionViolationError(IntegrityConstraintViolationError):
    """PostgreSQL's exclusion_violation."""

    sqlstate: str | None = "23P01"


class WithCheckOptionViolationError(PostgresError):
    """PostgreSQL's with_check_option_violation."""

    sqlstate: str | None = "44000"
