"""Functions, and what they may do."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class LocatorError(PostgresError):
    """PostgreSQL's locator_exception."""

    sqlstate: str | None = "0F000"


class InvalidLocatorSpecificationError(LocatorError):
    """PostgreSQL's invalid_locator_specification."""

    sqlstate: str | None = "0F001"


class DiagnosticsError(PostgresError):
    """PostgreSQL's diagnostics_exception."""

    sqlstate: str | None = "0Z000"


class StackedDiagnosticsAccessedWithoutActiveHandlerError(DiagnosticsError):
    """PostgreSQL's stacked_diagnostics_accessed_without_active_handler."""

    sqlstate: str | None = "0Z002"


class SQLRoutineError(PostgresError):
    """PostgreSQL's sql_routine_exception."""

    sqlstate: str | None = "2F000"


class ModifyingSQLDataNotPermittedError(SQLRoutineError):
    """PostgreSQL's modifying_sql_data_not_permitted."""

    sqlstate: str | None = "2F002"


class ProhibitedSQLStatementAttemptedError(SQLRoutineError):
    """PostgreSQL's prohibited_sql_statement_attempted."""

    sqlstate: str | None = "2F003"


class ReadingSQLDataNotPermittedError(SQLRoutineError):
    """PostgreSQL's reading_sql_data_not_permitted."""

    sqlstate: str | None = "2F004"


class FunctionExecutedNoReturnStatementError(SQLRoutineError):
    """PostgreSQL's function_executed_no_return_statement."""

    sqlstate: str | None = "2F005"


class ExternalRoutineError(PostgresError):
    """PostgreSQL's external_routine_exception."""

    sqlstate: str | None = "38000"


class ContainingSQLNotPermittedError(ExternalRoutineError):
    """PostgreSQL's containing_sql_not_permitted."""

    sqlstate: str | None = "38001"


class ModifyingExternalRoutineSQLDataNotPermittedError(ExternalRoutineError):
    """PostgreSQL's modifying_sql_data_not_permitted."""

    sqlstate: str | None = "38002"


class ProhibitedExternalRoutineSQLStatementAttemptedError(ExternalRoutineError):
    """PostgreSQL's prohibited_sql_statement_attempted."""

    sqlstate: str | None = "38003"


class ReadingExternalRoutineSQLDataNotPermittedError(ExternalRoutineError):
    """PostgreSQL's reading_sql_data_not_permitted."""

    sqlstate: str | None = "38004"


class ExternalRoutineInvocationError(PostgresError):
    """PostgreSQL's external_routine_invocation_exception."""

    sqlstate: str | None = "39000"


class InvalidSqlstateReturnedError(ExternalRoutineInvocationError):
    """PostgreSQL's invalid_sqlstate_returned."""

    sqlstate: str | None = "39001"


class NullValueInExternalRoutineNotAllowedError(ExternalRoutineInvocationError):
    """PostgreSQL's null_value_not_allowed."""

    sqlstate: str | None = "39004"


class TriggerProtocolViolatedError(ExternalRoutineInvocationError):
    """PostgreSQL's trigger_protocol_violated."""

    sqlstate: str | None = "39P01"


class SrfProtocolViolatedError(ExternalRoutineInvocationError):
    """PostgreSQL's srf_protocol_violated."""

    sqlstate: str | None = "39P02"


class EventTriggerProtocolViolatedError(ExternalRoutineInvocationError):
    """PostgreSQL's event_trigger_protocol_violated."""

    sqlstate: str | None = "39P03"
