"""What the values of flags may be."""

from typing import TYPE_CHECKING, Any, ClassVar

import click

__all__ = ["HeaderType", "SecondsType", "WordsType"]

if TYPE_CHECKING:
    # Generic for type checkers; not so at run time in older releases of click.
    _Header = click.ParamType[tuple[str, str]]
    _Seconds = click.ParamType[float | None]
    _Words = click.ParamType[tuple[str, ...]]
else:
    _Header = _Seconds = _Words = click.ParamType


class HeaderType(_Header):
    """NAME:VALUE; in an environment variable one a line, as values have blanks."""

    name = "NAME:VALUE"
    envvar_list_splitter: ClassVar[str | None] = "\n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Splits at the first colon."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType]
        name, colon, content = str(value).partition(":")
        if not colon or not name.strip():
            self.fail(f'"{value}" must have the form NAME:VALUE', param, ctx)
        return name.strip(), content.strip()


class SecondsType(_Seconds):
    """Seconds, or "none" for no end."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Reads a number, or the word none."""
        if value is None or str(value).lower() == "none":
            return None
        try:
            return float(value)
        except ValueError:
            return self.fail(f'"{value}" must be a number of seconds or "none"', param, ctx)


class WordsType(_Words):
    """Some of a few words, with commas between them."""

    name = "WORD,..."

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Splits at commas."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType]
        words = tuple(word.strip() for word in str(value).split(",") if word.strip())
        for word in words:
            if word not in self._choices:
                self.fail(f'"{word}" is none of {", ".join(self._choices)}', param, ctx)
        return words
