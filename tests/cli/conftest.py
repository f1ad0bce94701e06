"""A folder with applications, and the command that serves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from running import APPLICATION, Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APPLICATION)
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\napp = None\n")
    (tmp_path / "wrong.py").write_text("def f(:\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("from main import app\nclass Holder:\n    app = app\n")
    return tmp_path


@pytest.fixture
def command(folder: Path) -> Iterator[Any]:
    running: list[Command] = []

    def start(*arguments: str, **options: Any) -> Command:
        running.append(Command(folder, *arguments, **options))
        return running[-1]

    yield start
    for each in running:
        each.__exit__(None, None, None)
