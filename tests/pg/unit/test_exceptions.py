"""The exceptions: their classes, their fields, and how one is chosen."""

from __future__ import annotations

import pickle

import pytest

from fasterapi.pg import exceptions
from pg.sqlstates.generate import TARGET, files

NOT_NULL = {
    "S": "FEHLER",
    "V": "ERROR",
    "C": "23502",
    "M": "null value",
    "D": "Failing row contains (null).",
    "H": "Give one.",
    "s": "public",
    "t": "users",
    "c": "name",
}


def test_the_files_are_what_the_table_makes() -> None:
    made = files()
    assert {path.name for path in TARGET.glob("*.py")} == {"_base.py", *made}
    for name, text in made.items():
        assert (TARGET / name).read_text("ascii") == text, f"{name}: run tests/pg/sqlstates/generate.py"


def test_every_exception_is_the_one_that_asyncpg_has() -> None:
    theirs = pytest.importorskip("asyncpg").exceptions
    assert sorted(exceptions.__all__) == sorted(theirs.__all__)

    def described(kind: type) -> tuple[str | None, list[str]]:
        return getattr(kind, "sqlstate", None), [base.__name__ for base in kind.__mro__]

    different = [
        name for name in theirs.__all__ if described(getattr(exceptions, name)) != described(getattr(theirs, name))
    ]
    assert different == []


def test_every_code_makes_the_exception_that_asyncpg_makes() -> None:
    theirs = pytest.importorskip("asyncpg").exceptions
    codes = {code for name in theirs.__all__ if (code := getattr(getattr(theirs, name), "sqlstate", None))}
    for code in [*sorted(code for code in codes if code[:2] not in ("01", "02")), "ZZ999"]:
        for fields in ({"C": code, "M": "m"}, {"C": code, "M": "m", "R": "RevalidateCachedQuery"}):
            ours, other = exceptions.PostgresError.new(fields, "q"), theirs.PostgresError.new(fields, "q")
            assert (type(ours).__name__, ours.args) == (type(other).__name__, other.args)
            assert {**ours.as_dict(), "hint": None} == {**other.as_dict(), "hint": None}
            assert bool(ours.hint) == bool(other.hint)


def test_every_notice_is_the_message_that_asyncpg_makes() -> None:
    theirs = pytest.importorskip("asyncpg").exceptions
    for code in ("00000", "01000", "01P01", "02000", "25P01", "42710", "ZZ999"):
        for severity in ("NOTICE", "WARNING", "warning"):
            fields = {"C": code, "M": "m", "S": severity}
            ours, other = exceptions.PostgresLogMessage.new(fields, "q"), theirs.PostgresLogMessage.new(fields, "q")
            assert (type(ours).__name__, str(ours)) == (type(other).__name__, str(other))
            assert ours.as_dict() == other.as_dict()


def test_an_error_carries_what_the_server_sent() -> None:
    error = exceptions.PostgresError.new(NOT_NULL, "insert into users default values")
    assert type(error) is exceptions.NotNullViolationError
    assert isinstance(error, exceptions.IntegrityConstraintViolationError)
    assert error.args == ("null value",)
    assert (error.severity, error.severity_en, error.table_name, error.column_name) == (
        "FEHLER",
        "ERROR",
        "users",
        "name",
    )
    assert error.constraint_name is None
    assert error.query == "insert into users default values"
    assert str(error) == "null value\nDETAIL:  Failing row contains (null).\nHINT:  Give one."
    assert error.as_dict()["schema_name"] == "public"
    assert "query" not in error.as_dict()


def test_fields_are_none_on_the_class() -> None:
    assert exceptions.PostgresError.schema_name is None
    assert exceptions.UniqueViolationError.sqlstate == "23505"


def test_fields_of_later_versions_are_left_out() -> None:
    assert exceptions.PostgresError.new({"C": "42P01", "M": "m", "Z": "new"}).as_dict() == {
        "sqlstate": "42P01",
        "message": "m",
    }


def test_an_unknown_code_is_an_unknown_error() -> None:
    assert type(exceptions.PostgresError.new({"C": "ZZ999", "M": "m"})) is exceptions.UnknownPostgresError
    assert type(exceptions.PostgresError.new({})) is exceptions.UnknownPostgresError


def test_a_code_of_a_warning_that_comes_as_an_error_can_be_raised() -> None:
    with pytest.raises(exceptions.PostgresError):
        raise exceptions.PostgresError.new({"C": "02000", "M": "no data"})


def test_a_class_of_ones_own_stands_for_its_code() -> None:
    class OutOfStockError(exceptions.PostgresError):
        sqlstate = "SHOP1"

    assert type(exceptions.PostgresError.new({"C": "SHOP1", "M": "m"})) is OutOfStockError
    with pytest.raises(TypeError, match="23505 a second class: UniqueViolationError"):
        type("Second", (exceptions.PostgresError,), {"sqlstate": "23505"})


def test_an_outdated_plan_is_told_by_the_function_that_says_so() -> None:
    fields = {"C": "0A000", "M": "cached plan must not change result type", "R": "RevalidateCachedQuery"}
    error = exceptions.PostgresError.new(fields)
    assert type(error) is exceptions.InvalidCachedStatementError
    assert "schema or configuration change" in str(error)
    assert error.message == "cached plan must not change result type"


def test_a_lost_prepared_statement_speaks_of_poolers() -> None:
    error = exceptions.PostgresError.new({"C": "26000", "M": "m", "H": "Look."})
    assert "statement_cache_size=0" in str(error)
    assert error.hint is not None
    assert error.hint.startswith("Look.")
    assert "pgbouncer" in error.hint


def test_a_message_cannot_be_changed() -> None:
    message = exceptions.PostgresLogMessage.new({"C": "00000", "S": "NOTICE", "M": "table exists"})
    assert type(message) is exceptions.PostgresLogMessage
    assert str(message) == "PostgresLogMessage: table exists"
    with pytest.raises(TypeError, match="immutable"):
        message.message = "other"


def test_a_warning_is_one_of_pythons_too() -> None:
    message = exceptions.PostgresLogMessage.new({"C": "01000", "S": "WARNING", "M": "careful"})
    assert isinstance(message, exceptions.PostgresWarning)
    assert isinstance(message, Warning)


def test_errors_of_the_client_have_a_detail_and_a_hint() -> None:
    error = exceptions.ClientConfigurationError("wrong", detail="why", hint="so")
    assert isinstance(error, ValueError)
    assert str(error) == "wrong\nDETAIL:  why\nHINT:  so"
    other = error.with_msg("worse")
    assert (type(other), other.detail, other.hint) == (exceptions.ClientConfigurationError, "why", "so")
    assert other.args == ("worse",)


def test_an_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(exceptions.PostgresError.new(NOT_NULL)))
    assert (type(error), error.table_name) == (exceptions.NotNullViolationError, "users")


def test_an_exception_goes_by_the_packages_name() -> None:
    assert {getattr(exceptions, name).__module__ for name in exceptions.__all__} == {"fasterapi.pg.exceptions"}
