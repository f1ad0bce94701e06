"""Objects and servers that are not ready, and operators who intervene."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class ObjectNotInPrerequisiteStateError(PostgresError):
    """PostgreSQL's object_not_in_prerequisite_state."""

    sqlstate: str | None = "55000"


class ObjectInUseError(ObjectNotInPrerequisiteStateError):
    """PostgreSQL's object_in_use."""

    sqlstate: str | None = "55006"


class CantChangeRuntimeParamError(ObjectNotInPrerequisiteStateError):
    """PostgreSQL's cant_change_runtime_param."""

    sqlstate: str | None = "55P02"


class LockNotAvailableError(ObjectNotInPrerequisiteStateError):
    """PostgreSQL's lock_not_available."""

    sqlstate: str | None = "55P03"


class UnsafeNewEnumValueUsageError(ObjectNotInPrerequisiteStateError):
    """PostgreSQL's unsafe_new_enum_value_usage."""

    sqlstate: str | None = "55P04"


class OperatorInterventionError(PostgresError):
    """PostgreSQL's operator_intervention."""

    sqlstate: str | None = "57000"


class QueryCanceledError(OperatorInterventionError):
    """PostgreSQL's query_canceled."""

    sqlstate: str | None = "57014"


class AdminShutdownError(OperatorInterventionError):
    """PostgreSQL's admin_shutdown."""

    sqlstate: str | None = "57P01"


class CrashShutdownError(OperatorInterventionError):
    """PostgreSQL's crash_shutdown."""

    sqlstate: str | None = "57P02"


class CannotConnectNowError(OperatorInterventionError):
    """PostgreSQL's cannot_connect_now."""

    sqlstate: str | None = "57P03"


class DatabaseDroppedError(OperatorInterventionError):
    """PostgreSQL's database_dropped."""

    sqlstate: str | None = "57P04"


class IdleSessionTimeoutError(OperatorInterventionError):
    """PostgreSQL's idle_session_timeout."""

    sqlstate: str | None = "57P05"
