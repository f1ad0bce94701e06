"""What older versions of Python lack, under the names by which it was once imported from here."""

from asyncio import timeout, wait_for
from enum import StrEnum
from pathlib import Path

from fasterapi.pg import environment

__all__ = ["StrEnum", "get_pg_home_directory", "timeout", "wait_for"]


def get_pg_home_directory() -> Path | None:
    """The folder of the user's own configuration files, where there is one."""
    return environment.home()
