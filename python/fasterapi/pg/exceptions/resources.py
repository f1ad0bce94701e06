"""Limits of the server and of the program."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class InsufficientResourcesError(PostgresError):
    """PostgreSQL's insufficient_resources."""

    sqlstate = "53000"


class DiskFullError(InsufficientResourcesError):
    """PostgreSQL's disk_full."""

    sqlstate = "53100"


class OutOfMemoryError(InsufficientResourcesError):
    """PostgreSQL's out_of_memory."""

    sqlstate = "53200"


class TooManyConnectionsError(InsufficientResourcesError):
    """PostgreSQL's too_many_connections."""

    sqlstate = "53300"


class ConfigurationLimitExceededError(InsufficientResourcesError):
    """PostgreSQL's configuration_limit_exceeded."""

    sqlstate = "53400"


class ProgramLimitExceededError(PostgresError):
    """PostgreSQL's program_limit_exceeded."""

    sqlstate = "54000"


class StatementTooComplexError(ProgramLimitExceededError):
    """PostgreSQL's statement_too_complex."""

    sqlstate = "54001"


class TooManyColumnsError(ProgramLimitExceededError):
    """PostgreSQL's too_many_columns."""

    sqlstate = "54011"


class TooManyArgumentsError(ProgramLimitExceededError):
    """PostgreSQL's too_many_arguments."""

    sqlstate = "54023"
