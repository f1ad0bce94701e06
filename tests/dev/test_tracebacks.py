"""Tracebacks with the user's frames only."""

from __future__ import annotations

import json
import re

import pytest

from fasterapi.tracebacks import trimmed


def parse(text: str) -> None:
    json.loads(text)


def caught(action: object, *arguments: object) -> BaseException:
    with pytest.raises(Exception) as found:
        action(*arguments)  # type: ignore[operator]
    error = found.value
    assert error.__traceback__ is not None
    return error.with_traceback(error.__traceback__.tb_next)


def test_frames_of_libraries_are_one_line() -> None:
    text = trimmed(caught(parse, "{"))
    assert re.fullmatch(
        r'  File ".*test_tracebacks\.py", line \d+, in parse\n    json\.loads\(text\)\n(?:[ ~^]+\n)?'
        r"  \.\.\. 3 frames in json \.\.\.\n"
        r"json\.decoder\.JSONDecodeError: Expecting property name .*",
        text,
    ), text


def test_cause_comes_first() -> None:
    def fail() -> None:
        try:
            parse("{")
        except ValueError as error:
            raise LookupError("no settings") from error

    text = trimmed(caught(fail))
    assert re.search(r"JSONDecodeError: .*\n\nThis caused:\n\n  File .*\n(.*\n)+LookupError: no settings\Z", text), text


def test_exception_during_another_follows_it() -> None:
    def fail() -> None:
        try:
            parse("{")
        except ValueError:
            raise LookupError("no settings")  # noqa: B904

    assert "\n\nWhile that was handled:\n\n" in trimmed(caught(fail))


def test_suppressed_context_is_left_out() -> None:
    def fail() -> None:
        try:
            parse("{")
        except ValueError:
            raise LookupError("no settings") from None

    assert "JSONDecodeError" not in trimmed(caught(fail))


def test_error_without_a_frame_of_the_users_keeps_the_last() -> None:
    text = trimmed(caught(json.loads, "{"))
    assert re.match(r'  \.\.\. \d frames in json \.\.\.\n  File ".*decoder\.py"', text), text


def test_syntax_error_shows_its_place() -> None:
    text = trimmed(caught(compile, "def f(:\n", "main.py", "exec"))
    assert 'File "main.py", line 1' in text
    assert text.endswith("SyntaxError: invalid syntax")


def test_exceptions_that_cause_each_other_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert trimmed(one) == "ValueError: other\n\nThis caused:\n\nValueError: one"


def test_group_shows_its_exceptions() -> None:
    text = trimmed(ExceptionGroup("several", [ValueError("one"), LookupError("two")]))
    assert "several" in text and "ValueError: one" in text and "LookupError: two" in text
