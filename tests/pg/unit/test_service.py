"""Service files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasterapi.pg.exceptions import ClientConfigurationError

Parse = Callable[..., tuple[Any, Any]]

TEXT = """
# services
[other]
host=elsewhere

[shop]
host = db.example
port=5433
dbname=shop
user=clerk
password=100%sure
application_name=till
sslmode=disable
port=1

[shop]
host=again

[wrong]
host db.example
"""


@pytest.fixture(autouse=True)
def file(home: Path) -> Path:
    path = home / ".pg_service.conf"
    path.write_text(TEXT)
    return path


def check(made: tuple[Any, Any]) -> None:
    addresses, parameters = made
    assert addresses == [("db.example", 5433)]
    assert (parameters.user, parameters.password, parameters.database) == ("clerk", "100%sure", "shop")
    assert parameters.server_settings == {"application_name": "till"}
    assert parameters.ssl is False


def test_a_service_can_be_asked_for_in_every_way(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    check(parse("postgresql://?service=shop"))
    check(parse("service=shop"))
    check(parse(service="shop"))
    monkeypatch.setenv("PGSERVICE", "shop")
    check(parse())


def test_the_connection_string_counts_more_and_the_environment_less(
    parse: Parse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setenv("PGHOST", "nowhere")
    addresses, parameters = parse("postgresql://?service=shop&dbname=stock")
    assert addresses == [("db.example", 5433)]
    assert (parameters.user, parameters.database) == ("clerk", "stock")


def test_the_file_can_be_named(parse: Parse, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = file.rename(tmp_path / "services")
    check(parse(service="shop", servicefile=moved))
    check(parse(f"service=shop servicefile={moved}"))
    monkeypatch.setenv("PGSERVICEFILE", str(moved))
    check(parse(service="shop"))


def test_behind_the_users_own_file_stands_the_systems(
    parse: Parse, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.rename(tmp_path / "pg_service.conf")
    monkeypatch.setenv("PGSYSCONFDIR", str(tmp_path))
    check(parse(service="shop"))


def test_a_service_that_is_not_there_is_an_error(parse: Parse) -> None:
    with pytest.raises(ClientConfigurationError, match='definition of service "office" not found'):
        parse(service="office")


def test_a_wrong_line_is_named(parse: Parse) -> None:
    with pytest.raises(ClientConfigurationError, match=r'line 20: expected keyword=value.*"host db\.example"'):
        parse(service="wrong")
