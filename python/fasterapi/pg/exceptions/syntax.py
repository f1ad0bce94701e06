"""What the statement says, and access to what it names."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class SyntaxOrAccessError(PostgresError):
    """PostgreSQL's syntax_error_or_access_rule_violation."""

    sqlstate: str | None = "42000"


class InsufficientPrivilegeError(SyntaxOrAccessError):
    """PostgreSQL's insufficient_privilege."""

    sqlstate: str | None = "42501"


class PostgresSyntaxError(SyntaxOrAccessError):
    """PostgreSQL's syntax_error."""

    sqlstate: str | None = "42601"


class InvalidNameError(SyntaxOrAccessError):
    """PostgreSQL's invalid_name."""

    sqlstate: str | None = "42602"


class InvalidColumnDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_column_definition."""

    sqlstate: str | None = "42611"


class NameTooLongError(SyntaxOrAccessError):
    """PostgreSQL's name_too_long."""

    sqlstate: str | None = "42622"


class DuplicateColumnError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_column."""

    sqlstate: str | None = "42701"


class AmbiguousColumnError(SyntaxOrAccessError):
    """PostgreSQL's ambiguous_column."""

    sqlstate: str | None = "42702"


class UndefinedColumnError(SyntaxOrAccessError):
    """PostgreSQL's undefined_column."""

    sqlstate: str | None = "42703"


class UndefinedObjectError(SyntaxOrAccessError):
    """PostgreSQL's undefined_object."""

    sqlstate: str | None = "42704"


class DuplicateObjectError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_object."""

    sqlstate: str | None = "42710"


class DuplicateAliasError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_alias."""

    sqlstate: str | None = "42712"


class DuplicateFunctionError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_function."""

    sqlstate: str | None = "42723"


class AmbiguousFunctionError(SyntaxOrAccessError):
    """PostgreSQL's ambiguous_function."""

    sqlstate: str | None = "42725"


class GroupingError(SyntaxOrAccessError):
    """PostgreSQL's grouping_error."""

    sqlstate: str | None = "42803"


class DatatypeMismatchError(SyntaxOrAccessError):
    """PostgreSQL's datatype_mismatch."""

    sqlstate: str | None = "42804"


class WrongObjectTypeError(SyntaxOrAccessError):
    """PostgreSQL's wrong_object_type."""

    sqlstate: str | None = "42809"


class InvalidForeignKeyError(SyntaxOrAccessError):
    """PostgreSQL's invalid_foreign_key."""

    sqlstate: str | None = "42830"


class CannotCoerceError(SyntaxOrAccessError):
    """PostgreSQL's cannot_coerce."""

    sqlstate: str | None = "42846"


class UndefinedFunctionError(SyntaxOrAccessError):
    """PostgreSQL's undefined_function."""

    sqlstate: str | None = "42883"


class GeneratedAlwaysError(SyntaxOrAccessError):
    """PostgreSQL's generated_always."""

    sqlstate: str | None = "428C9"


class ReservedNameError(SyntaxOrAccessError):
    """PostgreSQL's reserved_name."""

    sqlstate: str | None = "42939"


class UndefinedTableError(SyntaxOrAccessError):
    """PostgreSQL's undefined_table."""

    sqlstate: str | None = "42P01"


class UndefinedParameterError(SyntaxOrAccessError):
    """PostgreSQL's undefined_parameter."""

    sqlstate: str | None = "42P02"


class DuplicateCursorError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_cursor."""

    sqlstate: str | None = "42P03"


class DuplicateDatabaseError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_database."""

    sqlstate: str | None = "42P04"


class DuplicatePreparedStatementError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_prepared_statement."""

    sqlstate: str | None = "42P05"


class DuplicateSchemaError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_schema."""

    sqlstate: str | None = "42P06"


class DuplicateTableError(SyntaxOrAccessError):
    """PostgreSQL's duplicate_table."""

    sqlstate: str | None = "42P07"


class AmbiguousParameterError(SyntaxOrAccessError):
    """PostgreSQL's ambiguous_parameter."""

    sqlstate: str | None = "42P08"


class AmbiguousAliasError(SyntaxOrAccessError):
    """PostgreSQL's ambiguous_alias."""

    sqlstate: str | None = "42P09"


class InvalidColumnReferenceError(SyntaxOrAccessError):
    """PostgreSQL's invalid_column_reference."""

    sqlstate: str | None = "42P10"


class InvalidCursorDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_cursor_definition."""

    sqlstate: str | None = "42P11"


class InvalidDatabaseDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_database_definition."""

    sqlstate: str | None = "42P12"


class InvalidFunctionDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_function_definition."""

    sqlstate: str | None = "42P13"


class InvalidPreparedStatementDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_prepared_statement_definition."""

    sqlstate: str | None = "42P14"


class InvalidSchemaDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_schema_definition."""

    sqlstate: str | None = "42P15"


class InvalidTableDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_table_definition."""

    sqlstate: str | None = "42P16"


class InvalidObjectDefinitionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_object_definition."""

    sqlstate: str | None = "42P17"


class IndeterminateDatatypeError(SyntaxOrAccessError):
    """PostgreSQL's indeterminate_datatype."""

    sqlstate: str | None = "42P18"


class InvalidRecursionError(SyntaxOrAccessError):
    """PostgreSQL's invalid_recursion."""

    sqlstate: str | None = "42P19"


class WindowingError(SyntaxOrAccessError):
    """PostgreSQL's windowing_error."""

    sqlstate: str | None = "42P20"


class CollationMismatchError(SyntaxOrAccessError):
    """PostgreSQL's collation_mismatch."""

    sqlstate: str | None = "42P21"


class IndeterminateCollationError(SyntaxOrAccessError):
    """PostgreSQL's indeterminate_collation."""

    sqlstate: str | None = "42P22"
