"""The frameworks are many and heavy: they have an environment of their own, and without it the folder is left out."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

_PACKAGES = ("a2wsgi", "channels", "django", "fastapi", "flask", "litestar", "nicegui", "playwright", "quart",
             "sse_starlette", "starlette", "strawberry")  # fmt: skip
_MISSING = [name for name in _PACKAGES if find_spec(name) is None]

collect_ignore_glob = ["test_*.py"] if _MISSING else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _MISSING:
        terminalreporter.write_line(
            f"tests/frameworks was left out: {', '.join(_MISSING)} are not installed (pip install --group frameworks)."
        )
