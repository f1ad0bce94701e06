"""Connections under TLS: what is asked of the server's certificate, who shows one, and what ends it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from pg import scripted
from pg.looping import run
from pg.messages import message
from pg.server import Server
from pg.server.authority import CERTIFIED, Authority
from pg.server.server import PASSWORD, SCRAM_USER
from served import Mode

VERSION = "select version from pg_stat_ssl where pid = pg_backend_pid()"
LARGE = 8_000_000


@pytest.fixture
def authority(server: Server) -> Authority:
    if server.authority is None:
        pytest.skip("this PostgreSQL was built without TLS")
    return server.authority


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of an authority that signed nothing."""
    file = tmp_path_factory.mktemp("stranger") / "ca.crt"
    trustme.CA().cert_pem.write_to_path(file)
    return file


def address(server: Server, said: str, user: str = "postgres", host: str = "localhost") -> str:
    return f"postgresql://{user}@{host}:{server.port}/postgres?{said}"


async def version(pg: Any, dsn: str, **options: Any) -> str | None:
    """The version of TLS that the server says the session has."""
    connection = await pg.connect(dsn, **options)
    try:
        found: str | None = await connection.fetchval(VERSION)
        return found
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("said", "encrypted"),
    [("disable", False), ("allow", False), ("prefer", True), ("require", True)],
)
def test_a_mode_says_whether_tls_is_used(
    pg: Any, authority: Authority, server: Server, mode: Mode, said: str, encrypted: bool
) -> None:
    found = run(version(pg, address(server, f"sslmode={said}")), mode)
    assert (found is not None) is encrypted


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("said", ["verify-ca", "verify-full"])
def test_a_server_of_the_authority_is_believed(
    pg: Any, authority: Authority, server: Server, said: str, host: str
) -> None:
    dsn = address(server, f"sslmode={said}&sslrootcert={authority.root}", host=host)
    assert run(version(pg, dsn)) is not None


@pytest.mark.parametrize("said", ["require", "verify-ca", "verify-full"])
def test_a_server_of_another_authority_is_refused(
    pg: Any, authority: Authority, server: Server, stranger: Path, mode: Mode, said: str
) -> None:
    async def main() -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
            await pg.connect(address(server, f"sslmode={said}&sslrootcert={stranger}"))

    run(main(), mode)


@pytest.mark.parametrize("name", ["TLSv1.2", "TLSv1.3"])
def test_the_version_is_chosen(pg: Any, authority: Authority, server: Server, name: str) -> None:
    said = f"sslmode=require&ssl_min_protocol_version={name}&ssl_max_protocol_version={name}"
    assert run(version(pg, address(server, said))) == name


def test_a_certificate_lets_its_user_in(pg: Any, authority: Authority, server: Server, mode: Mode) -> None:
    async def main() -> None:
        shown = f"sslmode=require&sslcert={authority.client}&sslkey={authority.client_key}"
        assert await version(pg, address(server, shown, CERTIFIED)) is not None
        with pytest.raises(pg.InvalidAuthorizationSpecificationError, match="valid client certificate"):
            await pg.connect(address(server, "sslmode=require", CERTIFIED))

    run(main(), mode)


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("name", ["TLSv1.2", "TLSv1.3"])
@pytest.mark.parametrize("by", ["engine", "context"])
def test_a_password_is_bound_to_the_channel(
    pg: Any, authority: Authority, server: Server, mode: Mode, by: str, name: str
) -> None:
    options: dict[str, Any] = {}
    if by == "context":
        context = ssl.create_default_context(cafile=str(authority.root))
        context.minimum_version = context.maximum_version = ssl.TLSVersion[name.replace(".", "_")]
        options["ssl"] = context
    bounds = f"ssl_min_protocol_version={name}&ssl_max_protocol_version={name}"
    dsn = address(server, f"sslmode=require&channel_binding=require&{bounds}", SCRAM_USER)
    assert run(version(pg, dsn, password=PASSWORD, **options), mode) == name


@pytest.mark.parametrize("by", ["engine", "context"])
def test_large_values_pass_both_ways(pg: Any, authority: Authority, server: Server, mode: Mode, by: str) -> None:
    async def main() -> None:
        context: Any = ssl.create_default_context(cafile=str(authority.root)) if by == "context" else "require"
        connection = await pg.connect(address(server, ""), ssl=context)
        value = "".join(map(str, range(LARGE // 6)))
        assert await connection.fetchval("select $1::text || '!'", value) == value + "!"
        rows = await connection.fetch("select i, repeat('x', i) as x from generate_series(0, 2000) i")
        assert all(len(row["x"]) == row["i"] for row in rows)
        assert len(rows) == 2001
        await connection.close()

    run(main(), mode)


@pytest.mark.parametrize("by", ["engine", "context"])
def test_a_request_is_cancelled_under_tls(pg: Any, authority: Authority, server: Server, mode: Mode, by: str) -> None:
    async def main() -> None:
        context: Any = ssl.create_default_context(cafile=str(authority.root)) if by == "context" else "require"
        connection = await pg.connect(address(server, ""), ssl=context)
        with pytest.raises(asyncio.TimeoutError):
            await connection.fetchval("select pg_sleep(50)", timeout=0.05)
        assert await connection.fetchval("select 7") == 7
        await connection.close()

    run(main(), mode)


def test_a_context_of_the_users_is_obeyed(
    pg: Any, authority: Authority, server: Server, stranger: Path, mode: Mode
) -> None:
    async def main() -> None:
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
            await pg.connect(address(server, ""), ssl=ssl.create_default_context(cafile=str(stranger)))
        context = ssl.create_default_context(cafile=str(authority.root))
        context.load_cert_chain(authority.client, authority.client_key)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await version(pg, address(server, "", CERTIFIED), ssl=context) == "TLSv1.2"

    run(main(), mode)


@pytest.mark.usefixtures("ours")
def test_the_secrets_are_logged(pg: Any, authority: Authority, server: Server, tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    assert run(version(pg, address(server, f"sslmode=require&sslkeylogfile={file}"))) == "TLSv1.3"
    assert file.stat().st_mode & 0o077 == 0
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in file.read_text().splitlines())


def test_a_server_without_tls_is_used_in_the_clear_or_not_at_all(pg: Any, newest_server: Server) -> None:
    async def main() -> None:
        for said in ("allow", "prefer"):
            connection = await pg.connect(address(newest_server, f"sslmode={said}"))
            assert await connection.fetchval("select 7") == 7
            await connection.close()
        with pytest.raises(ConnectionError):
            await pg.connect(address(newest_server, "sslmode=require"))

    run(main())


@pytest.mark.usefixtures("ours")
@pytest.mark.parametrize("by", ["engine", "context"])
@pytest.mark.parametrize("answer", [b"S", b"N"])
def test_bytes_in_the_clear_behind_the_answer_are_refused(pg: Any, mode: Mode, answer: bytes, by: str) -> None:
    async def smuggle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == scripted.TLS_REQUEST
        writer.write(answer + message(b"E", b"SFATAL\0Mbelieve me\0\0"))
        await reader.read()

    async def main() -> None:
        async with scripted.scripted(smuggle) as port:
            # Without TLS the session begins in the clear only where it may.
            named = "require" if answer == b"S" else "prefer"
            options = {"ssl": ssl.create_default_context() if by == "context" else named}
            why = "rejected" if by == "context" and answer == b"N" else "in the clear"
            with pytest.raises((pg.InterfaceError, pg.InternalClientError, OSError), match=why):
                await pg.connect(f"postgresql://me@127.0.0.1:{port}/x", **options)

    run(main(), mode)


@pytest.mark.parametrize("by", ["engine", "context"])
def test_a_connection_cut_in_the_handshake_is_an_error(pg: Any, mode: Mode, by: str) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == scripted.TLS_REQUEST
        writer.write(b"S")
        await reader.readexactly(5)

    async def main() -> None:
        async with scripted.scripted(cut) as port:
            options = {"ssl": ssl.create_default_context() if by == "context" else "require"}
            with pytest.raises((OSError, pg.PostgresConnectionError)):
                await pg.connect(f"postgresql://me@127.0.0.1:{port}/x", **options)

    run(main(), mode)


def _certified(*protocols: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


@pytest.mark.usefixtures("ours")
def test_direct_tls_agrees_on_the_protocol(pg: Any, mode: Mode) -> None:
    agreed: list[str | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        agreed.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await scripted.welcome(reader, writer)

    async def main() -> None:
        dsn = "postgresql://me@localhost:{}/x?sslmode=require&sslnegotiation=direct"
        async with scripted.scripted(serve, _certified("postgresql")) as port:
            await (await pg.connect(dsn.format(port))).close()
        async with scripted.scripted(serve, _certified()) as port:
            with pytest.raises(ssl.SSLError, match="without ALPN"):
                await pg.connect(dsn.format(port))
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            await (await pg.connect(f"postgresql://me@localhost:{port}/x", ssl=context, direct_tls=True)).close()

    run(main(), mode)
    assert agreed == ["postgresql", None, None]
