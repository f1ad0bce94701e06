"""Which client the tests drive: ours, or the one it follows, which proves the tests."""

from __future__ import annotations

import importlib
from types import ModuleType


def load(reference: bool) -> ModuleType:
    """`fasterapi.pg`, or asyncpg under `--reference`."""
    return importlib.import_module("asyncpg" if reference else "fasterapi.pg")
