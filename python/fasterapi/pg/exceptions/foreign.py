"""Foreign data wrappers."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class FDWError(PostgresError):
    """PostgreSQL's fdw_error."""

    sqlstate: str | None = "HV000"


class FDWOutOfMemoryError(FDWError):
    """PostgreSQL's fdw_out_of_memory."""

    sqlstate: str | None = "HV001"


class FDWDynamicParameterValueNeededError(FDWError):
    """PostgreSQL's fdw_dynamic_parameter_value_needed."""

    sqlstate: str | None = "HV002"


class FDWInvalidDataTypeError(FDWError):
    """PostgreSQL's fdw_invalid_data_type."""

    sqlstate: str | None = "HV004"


class FDWColumnNameNotFoundError(FDWError):
    """PostgreSQL's fdw_column_name_not_found."""

    sqlstate: str | None = "HV005"


class FDWInvalidDataTypeDescriptorsError(FDWError):
    """PostgreSQL's fdw_invalid_data_type_descriptors."""

    sqlstate: str | None = "HV006"


class FDWInvalidColumnNameError(FDWError):
    """PostgreSQL's fdw_invalid_column_name."""

    sqlstate: str | None = "HV007"


class FDWInvalidColumnNumberError(FDWError):
    """PostgreSQL's fdw_invalid_column_number."""

    sqlstate: str | None = "HV008"


class FDWInvalidUseOfNullPointerError(FDWError):
    """PostgreSQL's fdw_invalid_use_of_null_pointer."""

    sqlstate: str | None = "HV009"


class FDWInvalidStringFormatError(FDWError):
    """PostgreSQL's fdw_invalid_string_format."""

    sqlstate: str | None = "HV00A"


class FDWInvalidHandleError(FDWError):
    """PostgreSQL's fdw_invalid_handle."""

    sqlstate: str | None = "HV00B"


class FDWInvalidOptionIndexError(FDWError):
    """PostgreSQL's fdw_invalid_option_index."""

    sqlstate: str | None = "HV00C"


class FDWInvalidOptionNameError(FDWError):
    """PostgreSQL's fdw_invalid_option_name."""

    sqlstate: str | None = "HV00D"


class FDWOptionNameNotFoundError(FDWError):
    """PostgreSQL's fdw_option_name_not_found."""

    sqlstate: str | None = "HV00J"


class FDWReplyHandleError(FDWError):
    """PostgreSQL's fdw_reply_handle."""

    sqlstate: str | None = "HV00K"


class FDWUnableToCreateExecutionError(FDWError):
    """PostgreSQL's fdw_unable_to_create_execution."""

    sqlstate: str | None = "HV00L"


class FDWUnableToCreateReplyError(FDWError):
    """PostgreSQL's fdw_unable_to_create_reply."""

    sqlstate: str | None = "HV00M"


class FDWUnableToEstablishConnectionError(FDWError):
    """PostgreSQL's fdw_unable_to_establish_connection."""

    sqlstate: str | None = "HV00N"


class FDWNoSchemasError(FDWError):
    """PostgreSQL's fdw_no_schemas."""

    sqlstate: str | None = "HV00P"


class FDWSchemaNotFoundError(FDWError):
    """PostgreSQL's fdw_schema_not_found."""

    sqlstate: str | None = "HV00Q"


class FDWTableNotFoundError(FDWError):
    """PostgreSQL's fdw_table_not_found."""

    sqlstate: str | None = "HV00R"


class FDWFunctionSequenceError(FDWError):
    """PostgreSQL's fdw_function_sequence_error."""

    sqlstate: str | None = "HV010"


class FDWTooManyHandlesError(FDWError):
    """PostgreSQL's fdw_too_many_handles."""

    sqlstate: str | None = "HV014"


class FDWInconsistentDescriptorInformationError(FDWError):
    """PostgreSQL's fdw_inconsistent_descriptor_information."""

    sqlstate: str | None = "HV021"


class FDWInvalidAttributeValueError(FDWError):
    """PostgreSQL's fdw_invalid_attribute_value."""

    sqlstate: str | None = "HV024"


class FDWInvalidStringLengthOrBufferLengthError(FDWError):
    """PostgreSQL's fdw_invalid_string_length_or_buffer_length."""

    sqlstate: str | None = "HV090"


class FDWInvalidDescriptorFieldIdentifierError(FDWError):
    """PostgreSQL's fdw_invalid_descriptor_field_identifier."""

    sqlstate: str | None = "HV091"
