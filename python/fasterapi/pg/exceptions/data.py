"""Values that do not fit."""

# Made by tests/pg/sqlstates/generate.py from the table beside it.

from fasterapi.pg.exceptions._base import PostgresError


class DataError(PostgresError):
    """PostgreSQL's data_exception."""

    sqlstate: str | None = "22000"


class StringDataRightTruncationError(DataError):
    """PostgreSQL's string_data_right_truncation."""

    sqlstate: str | None = "22001"


class NullValueNoIndicatorParameterError(DataError):
    """PostgreSQL's null_value_no_indicator_parameter."""

    sqlstate: str | None = "22002"


class NumericValueOutOfRangeError(DataError):
    """PostgreSQL's numeric_value_out_of_range."""

    sqlstate: str | None = "22003"


class NullValueNotAllowedError(DataError):
    """PostgreSQL's null_value_not_allowed."""

    sqlstate: str | None = "22004"


class ErrorInAssignmentError(DataError):
    """PostgreSQL's error_in_assignment."""

    sqlstate: str | None = "22005"


class InvalidDatetimeFormatError(DataError):
    """PostgreSQL's invalid_datetime_format."""

    sqlstate: str | None = "22007"


class DatetimeFieldOverflowError(DataError):
    """PostgreSQL's datetime_field_overflow."""

    sqlstate: str | None = "22008"


class InvalidTimeZoneDisplacementValueError(DataError):
    """PostgreSQL's invalid_time_zone_displacement_value."""

    sqlstate: str | None = "22009"


class EscapeCharacterConflictError(DataError):
    """PostgreSQL's escape_character_conflict."""

    sqlstate: str | None = "2200B"


class InvalidUseOfEscapeCharacterError(DataError):
    """PostgreSQL's invalid_use_of_escape_character."""

    sqlstate: str | None = "2200C"


class InvalidEscapeOctetError(DataError):
    """PostgreSQL's invalid_escape_octet."""

    sqlstate: str | None = "2200D"


class ZeroLengthCharacterStringError(DataError):
    """PostgreSQL's zero_length_character_string."""

    sqlstate: str | None = "2200F"


class MostSpecificTypeMismatchError(DataError):
    """PostgreSQL's most_specific_type_mismatch."""

    sqlstate: str | None = "2200G"


class SequenceGeneratorLimitExceededError(DataError):
    """PostgreSQL's sequence_generator_limit_exceeded."""

    sqlstate: str | None = "2200H"


class NotAnXmlDocumentError(DataError):
    """PostgreSQL's not_an_xml_document."""

    sqlstate: str | None = "2200L"


class InvalidXmlDocumentError(DataError):
    """PostgreSQL's invalid_xml_document."""

    sqlstate: str | None = "2200M"


class InvalidXmlContentError(DataError):
    """PostgreSQL's invalid_xml_content."""

    sqlstate: str | None = "2200N"


class InvalidXmlCommentError(DataError):
    """PostgreSQL's invalid_xml_comment."""

    sqlstate: str | None = "2200S"


class InvalidXmlProcessingInstructionError(DataError):
    """PostgreSQL's invalid_xml_processing_instruction."""

    sqlstate: str | None = "2200T"


class InvalidIndicatorParameterValueError(DataError):
    """PostgreSQL's invalid_indicator_parameter_value."""

    sqlstate: str | None = "22010"


class SubstringError(DataError):
    """PostgreSQL's substring_error."""

    sqlstate: str | None = "22011"


class DivisionByZeroError(DataError):
    """PostgreSQL's division_by_zero."""

    sqlstate: str | None = "22012"


class InvalidPrecedingOrFollowingSizeError(DataError):
    """PostgreSQL's invalid_preceding_or_following_size."""

    sqlstate: str | None = "22013"


class InvalidArgumentForNtileFunctionError(DataError):
    """PostgreSQL's invalid_argument_for_ntile_function."""

    sqlstate: str | None = "22014"


class IntervalFieldOverflowError(DataError):
    """PostgreSQL's interval_field_overflow."""

    sqlstate: str | None = "22015"


class InvalidArgumentForNthValueFunctionError(DataError):
    """PostgreSQL's invalid_argument_for_nth_value_function."""

    sqlstate: str | None = "22016"


class InvalidCharacterValueForCastError(DataError):
    """PostgreSQL's invalid_character_value_for_cast."""

    sqlstate: str | None = "22018"


class InvalidEscapeCharacterError(DataError):
    """PostgreSQL's invalid_escape_character."""

    sqlstate: str | None = "22019"


class InvalidRegularExpressionError(DataError):
    """PostgreSQL's invalid_regular_expression."""

    sqlstate: str | None = "2201B"


class InvalidArgumentForLogarithmError(DataError):
    """PostgreSQL's invalid_argument_for_logarithm."""

    sqlstate: str | None = "2201E"


class InvalidArgumentForPowerFunctionError(DataError):
    """PostgreSQL's invalid_argument_for_power_function."""

    sqlstate: str | None = "2201F"


class InvalidArgumentForWidthBucketFunctionError(DataError):
    """PostgreSQL's invalid_argument_for_width_bucket_function."""

    sqlstate: str | None = "2201G"


class InvalidRowCountInLimitClauseError(DataError):
    """PostgreSQL's invalid_row_count_in_limit_clause."""

    sqlstate: str | None = "2201W"


class InvalidRowCountInResultOffsetClauseError(DataError):
    """PostgreSQL's invalid_row_count_in_result_offset_clause."""

    sqlstate: str | None = "2201X"


class CharacterNotInRepertoireError(DataError):
    """PostgreSQL's character_not_in_repertoire."""

    sqlstate: str | None = "22021"


class IndicatorOverflowError(DataError):
    """PostgreSQL's indicator_overflow."""

    sqlstate: str | None = "22022"


class InvalidParameterValueError(DataError):
    """PostgreSQL's invalid_parameter_value."""

    sqlstate: str | None = "22023"


class UnterminatedCStringError(DataError):
    """PostgreSQL's unterminated_c_string."""

    sqlstate: str | None = "22024"


class InvalidEscapeSequenceError(DataError):
    """PostgreSQL's invalid_escape_sequence."""

    sqlstate: str | None = "22025"


class StringDataLengthMismatchError(DataError):
    """PostgreSQL's string_data_length_mismatch."""

    sqlstate: str | None = "22026"


class TrimError(DataError):
    """PostgreSQL's trim_error."""

    sqlstate: str | None = "22027"


class ArraySubscriptError(DataError):
    """PostgreSQL's array_element_error."""

    sqlstate: str | None = "2202E"


class InvalidTablesampleRepeatError(DataError):
    """PostgreSQL's invalid_tablesample_repeat."""

    sqlstate: str | None = "2202G"


class InvalidTablesampleArgumentError(DataError):
    """PostgreSQL's invalid_tablesample_argument."""

    sqlstate: str | None = "2202H"


class DuplicateJsonObjectKeyValueError(DataError):
    """PostgreSQL's duplicate_json_object_key_value."""

    sqlstate: str | None = "22030"


class InvalidArgumentForSQLJsonDatetimeFunctionError(DataError):
    """PostgreSQL's invalid_argument_for_sql_json_datetime_function."""

    sqlstate: str | None = "22031"


class InvalidJsonTextError(DataError):
    """PostgreSQL's invalid_json_text."""

    sqlstate: str | None = "22032"


class InvalidSQLJsonSubscriptError(DataError):
    """PostgreSQL's invalid_sql_json_subscript."""

    sqlstate: str | None = "22033"


class MoreThanOneSQLJsonItemError(DataError):
    """PostgreSQL's more_than_one_sql_json_item."""

    sqlstate: str | None = "22034"


class NoSQLJsonItemError(DataError):
    """PostgreSQL's no_sql_json_item."""

    sqlstate: str | None = "22035"


class NonNumericSQLJsonItemError(DataError):
    """PostgreSQL's non_numeric_sql_json_item."""

    sqlstate: str | None = "22036"


class NonUniqueKeysInAJsonObjectError(DataError):
    """PostgreSQL's non_unique_keys_in_a_json_object."""

    sqlstate: str | None = "22037"


class SingletonSQLJsonItemRequiredError(DataError):
    """PostgreSQL's singleton_sql_json_item_required."""

    sqlstate: str | None = "22038"


class SQLJsonArrayNotFoundError(DataError):
    """PostgreSQL's sql_json_array_not_found."""

    sqlstate: str | None = "22039"


class SQLJsonMemberNotFoundError(DataError):
    """PostgreSQL's sql_json_member_not_found."""

    sqlstate: str | None = "2203A"


class SQLJsonNumberNotFoundError(DataError):
    """PostgreSQL's sql_json_number_not_found."""

    sqlstate: str | None = "2203B"


class SQLJsonObjectNotFoundError(DataError):
    """PostgreSQL's sql_json_object_not_found."""

    sqlstate: str | None = "2203C"


class TooManyJsonArrayElementsError(DataError):
    """PostgreSQL's too_many_json_array_elements."""

    sqlstate: str | None = "2203D"


class TooManyJsonObjectMembersError(DataError):
    """PostgreSQL's too_many_json_object_members."""

    sqlstate: str | None = "2203E"


class SQLJsonScalarRequiredError(DataError):
    """PostgreSQL's sql_json_scalar_required."""

    sqlstate: str | None = "2203F"


class SQLJsonItemCannotBeCastToTargetTypeError(DataError):
    """PostgreSQL's sql_json_item_cannot_be_cast_to_target_type."""

    sqlstate: str | None = "2203G"


class PostgresFloatingPointError(DataError):
    """PostgreSQL's floating_point_exception."""

    sqlstate: str | None = "22P01"


class InvalidTextRepresentationError(DataError):
    """PostgreSQL's invalid_text_representation."""

    sqlstate: str | None = "22P02"


class InvalidBinaryRepresentationError(DataError):
    """PostgreSQL's invalid_binary_representation."""

    sqlstate: str | None = "22P03"


class BadCopyFileFormatError(DataError):
    """PostgreSQL's bad_copy_file_format."""

    sqlstate: str | None = "22P04"


class UntranslatableCharacterError(DataError):
    """PostgreSQL's untranslatable_character."""

    sqlstate: str | None = "22P05"


class NonstandardUseOfEscapeCharacterError(DataError):
    """PostgreSQL's nonstandard_use_of_escape_character."""

    sqlstate: str | None = "22P06"
