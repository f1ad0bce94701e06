"""`--version`."""

import platform
from collections.abc import Callable
from typing import Any, TypeVar

import click

from fasterapi._engine import __version__

__all__ = ["version_option"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def version_option() -> Callable[[_Function], _Function]:
    """The flag, on every command."""
    return click.option(
        "--version",
        is_flag=True,
        callback=_print_version,
        expose_value=False,
        is_eager=True,
        help="Print the versions of FasterAPI and Python, and end.",
    )


def _print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        python = f"{platform.python_implementation()} {platform.python_version()}"
        click.echo(f"Running fasterapi {__version__} with {python} on {platform.system()}")
        ctx.exit()
