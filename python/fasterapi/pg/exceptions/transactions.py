"""Transactions and savepoints."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class InvalidTransactionInitiationError(PostgresError):
    """PostgreSQL's invalid_transaction_initiation."""

    sqlstate: str | None = "0B000"


class InvalidTransactionStateError(PostgresError):
    """PostgreSQL's invalid_transaction_state."""

    sqlstate: str | None = "25000"


class ActiveSQLTransactionError(InvalidTransactionStateError):
    """PostgreSQL's active_sql_transaction."""

    sqlstate: str | None = "25001"


class BranchTransactionAlreadyActiveError(InvalidTransactionStateError):
    """PostgreSQL's branch_transaction_already_active."""

    sqlstate: str | None = "25002"


class InappropriateAccessModeForBranchTransactionError(InvalidTransactionStateError):
    """PostgreSQL's inappropriate_access_mode_for_branch_transaction."""

    sqlstate: str | None = "25003"


class InappropriateIsolationLevelForBranchTransactionError(InvalidTransactionStateError):
    """PostgreSQL's inappropriate_isolation_level_for_branch_transaction."""

    sqlstate: str | None = "25004"


class NoActiveSQLTransactionForBranchTransactionError(InvalidTransactionStateError):
    """PostgreSQL's no_active_sql_transaction_for_branch_transaction."""

    sqlstate: str | None = "25005"


class ReadOnlySQLTransactionError(InvalidTransactionStateError):
    """PostgreSQL's read_only_sql_transaction."""

    sqlstate: str | None = "25006"


class SchemaAndDataStatementMixingNotSupportedError(InvalidTransactionStateError):
    """PostgreSQL's schema_and_data_statement_mixing_not_supported."""

    sqlstate: str | None = "25007"


class HeldCursorRequiresSameIsolationLevelError(InvalidTransactionStateError):
    """PostgreSQL's held_cursor_requires_same_isolation_level."""

    sqlstate: str | None = "25008"


class NoActiveSQLTransactionError(InvalidTransactionStateError):
    """PostgreSQL's no_active_sql_transaction."""

    sqlstate: str | None = "25P01"


class InFailedSQLTransactionError(InvalidTransactionStateError):
    """PostgreSQL's in_failed_sql_transaction."""

    sqlstate: str | None = "25P02"


class IdleInTransactionSessionTimeoutError(InvalidTransactionStateError):
    """PostgreSQL's idle_in_transaction_session_timeout."""

    sqlstate: str | None = "25P03"


class TransactionTimeoutError(InvalidTransactionStateError):
    """PostgreSQL's transaction_timeout."""

    sqlstate: str | None = "25P04"


class InvalidTransactionTerminationError(PostgresError):
    """PostgreSQL's invalid_transaction_termination."""

    sqlstate: str | None = "2D000"


class SavepointError(PostgresError):
    """PostgreSQL's savepoint_exception."""

    sqlstate: str | None = "3B000"


class InvalidSavepointSpecificationError(SavepointError):
    """PostgreSQL's invalid_savepoint_specification."""

    sqlstate: str | None = "3B001"


class TransactionRollbackError(PostgresError):
    """PostgreSQL's transaction_rollback."""

    sqlstate: str | None = "40000"


class SerializationError(TransactionRollbackError):
    """PostgreSQL's serialization_failure."""

    sqlstate: str | None = "40001"


class TransactionIntegrityConstraintViolationError(TransactionRollbackError):
    """PostgreSQL's transaction_integrity_constraint_violation."""

    sqlstate: str | None = "40002"


class StatementCompletionUnknownError(TransactionRollbackError):
    """PostgreSQL's statement_completion_unknown."""

    sqlstate: str | None = "40003"


class DeadlockDetectedError(TransactionRollbackError):
    """PostgreSQL's deadlock_detected."""

    sqlstate: str | None = "40P01"


class SnapshotTooOldError(PostgresError):
    """PostgreSQL's snapshot_too_old."""

    sqlstate: str | None = "72000"
