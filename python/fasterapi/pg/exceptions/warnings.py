"""Warnings and the absence of data: messages of the server that are not errors."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresLogMessage


class PostgresWarning(PostgresLogMessage, Warning):
    """PostgreSQL's warning."""

    sqlstate: str | None = "01000"


class NullValueEliminatedInSetFunction(PostgresWarning):
    """PostgreSQL's null_value_eliminated_in_set_function."""

    sqlstate: str | None = "01003"


class StringDataRightTruncation(PostgresWarning):
    """PostgreSQL's string_data_right_truncation."""

    sqlstate: str | None = "01004"


class PrivilegeNotRevoked(PostgresWarning):
    """PostgreSQL's privilege_not_revoked."""

    sqlstate: str | None = "01006"


class PrivilegeNotGranted(PostgresWarning):
    """PostgreSQL's privilege_not_granted."""

    sqlstate: str | None = "01007"


class ImplicitZeroBitPadding(PostgresWarning):
    """PostgreSQL's implicit_zero_bit_padding."""

    sqlstate: str | None = "01008"


class DynamicResultSetsReturned(PostgresWarning):
    """PostgreSQL's dynamic_result_sets_returned."""

    sqlstate: str | None = "0100C"


class DeprecatedFeature(PostgresWarning):
    """PostgreSQL's deprecated_feature."""

    sqlstate: str | None = "01P01"


class NoData(PostgresWarning):
    """PostgreSQL's no_data."""

    sqlstate: str | None = "02000"


class NoAdditionalDynamicResultSetsReturned(NoData):
    """PostgreSQL's no_additional_dynamic_result_sets_returned."""

    sqlstate: str | None = "02001"
