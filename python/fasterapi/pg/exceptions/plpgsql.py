"""PL/pgSQL."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class PLPGSQLError(PostgresError):
    """PostgreSQL's plpgsql_error."""

    sqlstate: str | None = "P0000"


class RaiseError(PLPGSQLError):
    """PostgreSQL's raise_exception."""

    sqlstate: str | None = "P0001"


class NoDataFoundError(PLPGSQLError):
    """PostgreSQL's no_data_found."""

    sqlstate: str | None = "P0002"


class TooManyRowsError(PLPGSQLError):
    """PostgreSQL's too_many_rows."""

    sqlstate: str | None = "P0003"


class AssertError(PLPGSQLError):
    """PostgreSQL's assert_failure."""

    sqlstate: str | None = "P0004"
