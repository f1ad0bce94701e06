"""The password file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasterapi.pg.passfile import password_for, read_passfile

Parse = Callable[..., tuple[Any, Any]]


@pytest.fixture
def write(home: Path) -> Callable[[str], Path]:
    """The user's own file."""

    def written(text: str) -> Path:
        path = home / ".pgpass"
        path.write_text(text)
        path.chmod(0o600)
        return path

    return written


@pytest.mark.parametrize(
    ("host", "port", "database", "user", "password"),
    [
        ("exact", 5432, "d", "u", "one"),
        ("exact", 5433, "d", "u", "five"),
        ("elsewhere", 5433, "other", "u", "three"),
        ("elsewhere", 5432, "d", "v", "four"),
        ("elsewhere", 5432, "d", "w", "five"),
        ("/sockets", 1, "d", "w", "six"),
        ("/other", 1, "d", "w", "seven"),
        ("localhost", 1, "d", "w", "seven"),
    ],
)
def test_the_first_line_that_fits_counts(
    write: Callable[[str], Path], host: str, port: int, database: str, user: str, password: str
) -> None:
    path = write(
        "# a comment\n\nexact:5432:d:u:one\n/sockets:*:*:*:six\nlocalhost:*:*:*:seven\n"
        "*:5433:other:*:three\n*:*:*:v:four\r\n*:*:*:*:five\n"
    )
    entries = read_passfile(path)
    assert password_for(entries, host=host, port=port, database=database, user=user) == password


def test_nothing_fits() -> None:
    assert password_for([], host="h", port=1, database="d", user="u") is None


@pytest.mark.parametrize(
    ("line", "user", "password"),
    [
        (r"*:*:*:a\:b:secret", "a:b", "secret"),
        (r"*:*:*:a\\b:secret", r"a\b", "secret"),
        (r"*:*:*:a\\b:secret", r"a\\b", "secret"),
        (r"*:*:*:a\:b:secret", r"a\:b", "secret"),
        (r"*:*:*:u:se\:cr\\et", "u", r"se:cr\et"),
        ("*:*:*:u:se:cr:et", "u", "se:cr:et"),
        ("*:*:*:u: spaces stay ", "u", " spaces stay "),
        ("*:*:*:u:", "u", ""),
        ("*:*:*:ü:pässword", "ü", "pässword"),
    ],
)
def test_backslashes_let_a_field_have_colons(write: Callable[[str], Path], line: str, user: str, password: str) -> None:
    entries = read_passfile(write(line + "\n"))
    assert password_for(entries, host="h", port=1, database="d", user=user) == password


def test_lines_with_too_few_fields_are_left_out(write: Callable[[str], Path]) -> None:
    assert read_passfile(write("a:b:c\n*:*:*:u\n\\")) == []


def test_a_file_that_others_can_read_is_not_used(write: Callable[[str], Path]) -> None:
    path = write("*:*:*:*:secret\n")
    path.chmod(0o640)
    with pytest.warns(UserWarning, match="has group or world access"):
        assert read_passfile(path) == []


def test_a_folder_is_no_password_file(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="is not a plain file"):
        assert read_passfile(tmp_path) == []


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert read_passfile(tmp_path / "nothing") == []


def test_the_users_own_file_is_read(write: Callable[[str], Path], parse: Parse) -> None:
    write("db.example:5432:d:u:secret\n")
    assert parse("postgresql://u@db.example/d")[1].password == "secret"
    assert parse("postgresql://u:given@db.example/d")[1].password == "given"


def test_a_file_can_be_named(tmp_path: Path, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "passwords"
    path.write_text("*:*:*:*:secret\n")
    path.chmod(0o600)
    assert parse(f"postgresql://u@h/d?passfile={path}")[1].password == "secret"
    assert parse("postgresql://u@h/d", passfile=path)[1].password == "secret"
    monkeypatch.setenv("PGPASSFILE", str(path))
    assert parse("postgresql://u@h/d")[1].password == "secret"


def test_every_host_has_its_password(write: Callable[[str], Path], parse: Parse) -> None:
    write("a:*:*:*:one\nb:*:*:*:two\n")
    parameters = parse("postgresql://u@a,b,c/d")[1]
    assert parameters.password == "one"
    assert parameters.passwords == {("a", 5432): "one", ("b", 5432): "two"}
