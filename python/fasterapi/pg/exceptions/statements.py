"""Statements and cursors that are not there, or not in the right state."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class SQLStatementNotYetCompleteError(PostgresError):
    """PostgreSQL's sql_statement_not_yet_complete."""

    sqlstate: str | None = "03000"


class InvalidSQLStatementNameError(PostgresError):
    """PostgreSQL's invalid_sql_statement_name."""

    sqlstate: str | None = "26000"


class InvalidCursorStateError(PostgresError):
    """PostgreSQL's invalid_cursor_state."""

    sqlstate: str | None = "24000"


class InvalidCursorNameError(PostgresError):
    """PostgreSQL's invalid_cursor_name."""

    sqlstate: str | None = "34000"
