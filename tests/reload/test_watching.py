"""Which folders are watched, and which of their files count."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasterapi import ConfigError
from fasterapi.watching import Watch


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("src/inner", "docs", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("main.py", True),
        ("src/inner/part.py", True),
        (".hidden.py", False),
        ("~main.py", False),
        ("main.pyc", False),
        ("main.py.swp", False),
        (".sw.py", False),
        ("notes.txt", False),
    ],
)
def test_files_that_count_by_default(folder: Path, name: str, counts: bool) -> None:
    assert Watch().counts(folder / name) is counts


@pytest.mark.parametrize(
    ("includes", "excludes", "name", "counts"),
    [
        (["*.html"], [], "page.html", True),
        (["*.html"], [], "main.py", True),
        (["*.html"], ["*.py"], "main.py", False),
        ([], ["*_test.py"], "main_test.py", False),
        ([".env"], [], ".env", True),
        ([".*"], ["*.py"], ".anything", True),
        ([], ["src"], "src/inner/part.py", False),
        ([], ["s*"], "src/part.py", False),
        ([], ["src/inner"], "src/part.py", True),
        (["*.css"], ["*.css"], "a.css", False),
    ],
)
def test_files_that_count_by_patterns(
    folder: Path, includes: list[str], excludes: list[str], name: str, counts: bool
) -> None:
    assert Watch(includes=includes, excludes=excludes).counts(folder / name) is counts


@pytest.mark.parametrize(
    ("directories", "includes", "excludes", "watched"),
    [
        ([], [], [], ["."]),
        (["src"], [], [], ["src"]),
        (["src", "src/inner", "docs"], [], [], ["docs", "src"]),
        ([], ["docs"], [], ["docs"]),
        ([], ["*.py"], [], ["."]),
        ([], ["s*"], [], ["src"]),
        (["src", "docs"], [], ["docs"], ["src"]),
        ([], [], [".*"], ["."]),
    ],
)
def test_folders_that_are_watched(
    folder: Path, directories: list[str], includes: list[str], excludes: list[str], watched: list[str]
) -> None:
    found = Watch(directories, includes, excludes).folders
    assert found == [(folder / name).resolve() for name in watched]


def test_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'^reload_dirs: there is no folder "nowhere"$'):
        Watch(["nowhere"])
