"""Limits of the server and of the program."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class InsufficientResourcesError(PostgresError):
    """PostgreSQL's insufficient_resources."""

    sqlstate: str | None = "53000"


class DiskFullError(InsufficientResourcesError):
    """PostgreSQL's disk_full."""

    sqlstate: str | None = "53100"


class OutOfMemoryError(InsufficientResourcesError):
    """PostgreSQL's out_of_memory."""

    sqlstate: str | None = "53200"


class TooManyConnectionsError(InsufficientResourcesError):
    """PostgreSQL's too_many_connections."""

    sqlstate: str | None = "53300"


class ConfigurationLimitExceededError(InsufficientResourcesError):
    """PostgreSQL's configuration_limit_exceeded."""

    sqlstate: str | None = "53400"


class ProgramLimitExceededError(PostgresError):
    """PostgreSQL's program_limit_exceeded."""

    sqlstate: str | None = "54000"


class StatementTooComplexError(ProgramLimitExceededError):
    """PostgreSQL's statement_too_complex."""

    sqlstate: str | None = "54001"


class TooManyColumnsError(ProgramLimitExceededError):
    """PostgreSQL's too_many_columns."""

    sqlstate: str | None = "54011"


class TooManyArgumentsError(ProgramLimitExceededError):
    """PostgreSQL's too_many_arguments."""

    sqlstate: str | None = "54023"
