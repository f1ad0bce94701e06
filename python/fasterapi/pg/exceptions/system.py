"""Faults outside and inside the server."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class PostgresSystemError(PostgresError):
    """PostgreSQL's system_error."""

    sqlstate: str | None = "58000"


class PostgresIOError(PostgresSystemError):
    """PostgreSQL's io_error."""

    sqlstate: str | None = "58030"


class UndefinedFileError(PostgresSystemError):
    """PostgreSQL's undefined_file."""

    sqlstate: str | None = "58P01"


class DuplicateFileError(PostgresSystemError):
    """PostgreSQL's duplicate_file."""

    sqlstate: str | None = "58P02"


class FileNameTooLongError(PostgresSystemError):
    """PostgreSQL's file_name_too_long."""

    sqlstate: str | None = "58P03"


class ConfigFileError(PostgresError):
    """PostgreSQL's config_file_error."""

    sqlstate: str | None = "F0000"


class LockFileExistsError(ConfigFileError):
    """PostgreSQL's lock_file_exists."""

    sqlstate: str | None = "F0001"


class InternalServerError(PostgresError):
    """PostgreSQL's internal_error."""

    sqlstate: str | None = "XX000"


class DataCorruptedError(InternalServerError):
    """PostgreSQL's data_corrupted."""

    sqlstate: str | None = "XX001"


class IndexCorruptedError(InternalServerError):
    """PostgreSQL's index_corrupted."""

    sqlstate: str | None = "XX002"
