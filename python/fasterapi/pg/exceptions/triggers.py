"""Triggers."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class TriggeredActionError(PostgresError):
    """PostgreSQL's triggered_action_exception."""

    sqlstate: str | None = "09000"


class TriggeredDataChangeViolationError(PostgresError):
    """PostgreSQL's triggered_data_change_violation."""

    sqlstate: str | None = "27000"
