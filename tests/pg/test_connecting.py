"""Connecting to a real server: by every way of naming it, with TLS and without, with a password and a certificate."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from fasterapi import pg
from pg.server import Server
from pg.server.authority import CERTIFIED, Authority
from pg.server.server import CLEARTEXT_USER, HOST, MD5_USER, PASSWORD, SCRAM_USER

QUERY = """
select current_user::text, current_database()::text, current_setting('application_name'),
    coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false)
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory without anything in it, and an environment that says nothing."""
    for variable in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def authority(server: Server) -> Authority:
    if server.authority is None:
        pytest.skip("the server has no TLS")
    return server.authority


@pytest.fixture
def at(server: Server) -> str:
    """Where the server is, without more."""
    return f"{HOST}:{server.port}"


def told(*given: Any, **options: Any) -> tuple[str, str, str, bool]:
    """Who the server takes us for, where, under which name, and whether it is TLS."""

    async def asked() -> tuple[str, str, str, bool]:
        connection = await pg.connect(*given, **options)
        try:
            row = await connection.fetchrow(QUERY)
        finally:
            await connection.close()
        assert row is not None
        return tuple(row)

    return asyncio.run(asked())


def test_a_server_is_named_in_many_ways(server: Server, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port = server.port
    me = ("postgres", "postgres", "till", False)
    assert told(f"postgresql://postgres@{HOST}:{port}/postgres?application_name=till&sslmode=disable") == me
    assert told(f"host={HOST} port={port} user=postgres application_name='till' sslmode=disable") == me
    assert told(f"postgresql:///postgres?host={server.sockets}&port={port}&user=postgres&application_name=till") == me
    assert told(host=HOST, port=port, user="postgres", ssl=False, application_name="till") == me
    assert told(f"host=nowhere.invalid hostaddr={HOST} port={port} user=postgres sslmode=disable")[0] == "postgres"
    (home / ".pg_service.conf").write_text(f"[shop]\nhost={HOST}\nport={port}\nuser=postgres\nsslmode=disable\n")
    assert told("service=shop application_name=till") == me
    monkeypatch.setenv("PGSERVICE", "shop")
    monkeypatch.setenv("PGAPPNAME", "till")
    assert told() == me


def test_options_reach_the_session(server: Server) -> None:
    async def shown() -> Any:
        connection = await pg.connect(server.dsn(), options="-c work_mem=77MB", server_settings={"geqo": "off"})
        try:
            return await connection.fetchrow("select current_setting('work_mem'), current_setting('geqo')")
        finally:
            await connection.close()

    assert tuple(asyncio.run(shown())) == ("77MB", "off")


@pytest.mark.parametrize("user", [SCRAM_USER, MD5_USER, CLEARTEXT_USER])
def test_a_password_comes_from_whoever_has_it(at: str, home: Path, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def later() -> str:
        return PASSWORD

    dsn = f"postgresql://{user}@{at}/postgres?sslmode=disable"
    assert told(f"postgresql://{user}:{quote(PASSWORD)}@{at}/postgres?sslmode=disable")[0] == user
    assert told(dsn, password=PASSWORD)[0] == user
    assert told(dsn, password=lambda: PASSWORD)[0] == user
    assert told(dsn, password=later)[0] == user
    (home / ".pgpass").write_text(f"*:*:*:{user}:{PASSWORD}\n")
    (home / ".pgpass").chmod(0o600)
    assert told(dsn)[0] == user
    monkeypatch.setenv("PGPASSWORD", "wrong")
    with pytest.raises(pg.InvalidPasswordError, match="password authentication failed"):
        told(dsn)


def test_only_the_ways_of_authentication_that_are_asked_for_will_do(at: str) -> None:
    dsn = f"postgresql://{MD5_USER}@{at}/postgres?sslmode=disable"
    assert told(dsn, password=PASSWORD, require_auth="md5")[0] == MD5_USER
    with pytest.raises(pg.ProtocolError, match="md5"):
        told(dsn, password=PASSWORD, require_auth="scram-sha-256")


@pytest.mark.parametrize(
    ("mode", "encrypted"),
    [
        ("disable", False),
        ("allow", False),
        ("prefer", True),
        ("require", True),
        ("verify-ca", True),
        ("verify-full", True),
    ],
)
def test_a_mode_of_tls_gives_what_it_says(at: str, authority: Authority, mode: str, encrypted: bool) -> None:
    dsn = f"postgresql://postgres@{at}/postgres?sslmode={mode}&sslrootcert={authority.root}"
    assert told(dsn)[3] is encrypted


def test_tls_is_preferred_unless_told_otherwise(at: str, authority: Authority) -> None:
    assert told(f"postgresql://postgres@{at}/postgres")[3]


def test_the_versions_of_tls_are_bounded(at: str, authority: Authority) -> None:
    dsn = f"postgresql://postgres@{at}/postgres?sslmode=require"
    assert told(f"{dsn}&ssl_max_protocol_version=TLSv1.2")[3]
    assert told(f"{dsn}&ssl_min_protocol_version=TLSv1.3")[3]


def test_a_server_of_another_authority_is_refused(
    server: Server, at: str, authority: Authority, tmp_path: Path
) -> None:
    other = Authority.make(tmp_path)
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(OSError, match="certificate verify failed"):
            told(f"postgresql://postgres@{at}/postgres?sslmode={mode}&sslrootcert={other.root}")


def test_the_name_of_the_server_counts_only_for_full_verification(server: Server, authority: Authority) -> None:
    dsn = f"host=other.test hostaddr={HOST} port={server.port} user=postgres sslrootcert={authority.root}"
    assert told(f"{dsn} sslmode=verify-ca")[3]
    with pytest.raises(OSError, match="certificate verify failed"):
        told(f"{dsn} sslmode=verify-full")


def test_a_certificate_lets_a_user_in(at: str, authority: Authority, home: Path) -> None:
    dsn = f"postgresql://{CERTIFIED}@{at}/postgres?sslmode=verify-full&sslrootcert={authority.root}"
    assert told(f"{dsn}&sslcert={authority.client}&sslkey={authority.client_key}")[:1] == (CERTIFIED,)
    folder = home / ".postgresql"
    folder.mkdir()
    (folder / "postgresql.crt").write_bytes(authority.client.read_bytes())
    (folder / "postgresql.key").write_bytes(authority.client_key.read_bytes())
    assert told(dsn)[0] == CERTIFIED
    with pytest.raises(pg.InvalidAuthorizationSpecificationError):
        told(f"{dsn}&sslcertmode=disable")


def test_a_context_of_ones_own_is_used(at: str, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=str(authority.root))
    assert told(f"postgresql://postgres@{at}/postgres", ssl=context)[3]


def test_a_password_goes_with_channel_binding_where_there_is_tls(at: str, authority: Authority) -> None:
    dsn = f"postgresql://{SCRAM_USER}@{at}/postgres?channel_binding=require"
    assert told(f"{dsn}&sslmode=require", password=PASSWORD)[3]
    with pytest.raises(pg.ProtocolError, match="channel"):
        told(f"{dsn}&sslmode=disable", password=PASSWORD)


def test_nobody_there_is_told_with_every_place(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ConnectionRefusedError) as caught:
        told(f"postgresql://postgres@/postgres?host={tmp_path},{HOST}&port=1&sslmode=disable")
    assert f'on socket "{tmp_path}/.s.PGSQL.1" failed: No such file or directory' in str(caught.value)
    assert f'at "{HOST}", port 1 failed: Connection refused' in str(caught.value)


def test_the_first_server_that_answers_is_taken(server: Server) -> None:
    dsn = f"postgresql://postgres@{HOST}:1,{HOST}:{server.port}/postgres?sslmode=disable"
    assert told(dsn, target_session_attrs="read-write")[0] == "postgres"
    assert told(f"{dsn}&load_balance_hosts=random")[0] == "postgres"
    with pytest.raises(OSError, match="port 1 failed"):
        told(dsn, target_session_attrs="standby")


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_a_statement_is_cancelled_over_the_way_it_came(at: str, authority: Authority, mode: str) -> None:
    async def cancelled() -> Any:
        connection = await pg.connect(f"postgresql://postgres@{at}/postgres?sslmode={mode}")
        try:
            with pytest.raises(TimeoutError):
                await connection.execute("select pg_sleep(60)", timeout=0.2)
            return await connection.fetchval("select 1")
        finally:
            await connection.close()

    assert asyncio.run(cancelled()) == 1
