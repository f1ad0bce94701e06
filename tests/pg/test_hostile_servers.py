"""A server that sends nonsense gets an exception that says so: no hang, no panic, no memory beyond the caps."""

from __future__ import annotations

import asyncio
import resource
import struct
from typing import Any

import pytest

from pg.hostile import BOUND, INT4, KEY, NO_PARAMETERS, PARSED, READY, TEXT, WELCOME, Hostile, columns, row
from pg.looping import run
from pg.messages import message
from pg.server import Server

PATIENCE = 20
AUTHENTICATED = message(b"R", struct.pack("!i", 0))
SASL = struct.pack("!i", 10)

STARTS: dict[str, bytes] = {
    "closes at once": b"",
    "closes within a message": WELCOME[:7],
    "is no PostgreSQL": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "claims 4 GiB": b"R\xff\xff\xff\xff",
    "claims 2 GiB": b"R\x7f\xff\xff\xff",
    "claims 1 MiB before it knows who asks": b"R\x00\x10\x00\x00" + bytes(1 << 20),
    "sends a length that does not hold itself": b"R\0\0\0\3",
    "asks for an authentication that nobody knows": message(b"R", struct.pack("!i", 99)),
    "asks for an authentication without saying which": message(b"R", b"\0"),
    "offers no SASL mechanism": message(b"R", SASL + b"\0"),
    "offers SASL mechanisms without an end": message(b"R", SASL + b"SCRAM-SHA-256"),
    "offers a SASL mechanism that nobody knows": message(b"R", SASL + b"SCRAM-SHA-1\0\0"),
    "sends a SCRAM challenge nobody asked for": message(b"R", struct.pack("!i", 11) + b"r=x,s=YQ==,i=1"),
    "sends a SCRAM challenge with another nonce": message(b"R", SASL + b"SCRAM-SHA-256\0\0")
    + message(b"R", struct.pack("!i", 11) + b"r=other,s=YQ==,i=4096"),
    "asks for MD5 without a salt": message(b"R", struct.pack("!i", 5)),
    "is ready before it says who we are": READY,
    "sends rows before it says who we are": row(b"x"),
    "sends a key that is too short": AUTHENTICATED + message(b"K", b"\0\0\0"),
    "sends a setting without an end": AUTHENTICATED + message(b"S", b"TimeZone\0UTC"),
    "sends an error without an end": message(b"E", b"SFATAL\0Mno"),
    "sends an empty error": message(b"E", b""),
    "sends a state that does not exist": AUTHENTICATED + KEY + message(b"Z", b"?"),
    "sends a state without a letter": AUTHENTICATED + KEY + message(b"Z"),
    "sends a message of no known kind": AUTHENTICATED + message(b"\0", b"abc"),
    "offers a protocol that was not asked for": message(b"v", struct.pack("!ii", 0x00030009, 1) + b"x\0"),
}

DESCRIBED = PARSED + NO_PARAMETERS + columns(INT4)
ANSWERS: dict[str, bytes] = {
    "closes at once": b"",
    "never says that it is ready": BOUND + row(b"\0\0\0\1") + message(b"C", b"SELECT 1\0"),
    "closes within a row": BOUND + row(b"\0\0\0\1")[:9],
    "sends a row with no field": BOUND + row() + message(b"C", b"SELECT 1\0") + READY,
    "sends a row with too many fields": BOUND + row(b"\0\0\0\1", b"\0\0\0\2") + message(b"C", b"SELECT 1\0") + READY,
    "sends a row that counts more fields than it has": BOUND + message(b"D", b"\0\1") + READY,
    "sends a field longer than its row": BOUND + message(b"D", b"\0\1\0\0\0\x40abc") + READY,
    "sends a field of length -2": BOUND + message(b"D", b"\0\1\xff\xff\xff\xfe") + READY,
    "sends a field of 2 GiB": BOUND + message(b"D", b"\0\1\x7f\xff\xff\xff") + READY,
    "sends an integer of three bytes": BOUND + row(b"\0\0\1") + message(b"C", b"SELECT 1\0") + READY,
    "claims a row of 2 GiB": BOUND + b"D\x7f\xff\xff\xff",
    "claims a row of 4 GiB": BOUND + b"D\xff\xff\xff\xff",
    "sends a tag without an end": BOUND + row(b"\0\0\0\1") + message(b"C", b"SELECT 1") + READY,
    "begins a copy both ways": BOUND + message(b"W", b"\0\0\0"),
    "begins a copy that was not asked for": BOUND + message(b"H", b"\0\0\0"),
    "asks for a copy that was not offered": BOUND + message(b"G", b"\0\0\0"),
    "sends copied data outside of a copy": BOUND + message(b"d", b"abc") + READY,
    "asks for a password in the middle": BOUND + message(b"R", struct.pack("!i", 3)),
    "sends a message of no known kind": BOUND + message(b"\xff", b"abc") + READY,
    "sends a length that does not hold itself": BOUND + b"D\0\0\0\0",
    "sends a notification without a payload": BOUND + message(b"A", b"\0\0\0\1channel"),
}

DESCRIPTIONS: dict[str, bytes] = {
    "describes 65,535 columns in no bytes": PARSED + NO_PARAMETERS + message(b"T", b"\xff\xff"),
    "describes a column without an end": PARSED + NO_PARAMETERS + message(b"T", b"\0\1name"),
    "wants 65,535 parameters and names none": PARSED + message(b"t", b"\xff\xff") + columns(INT4),
    "does not describe": PARSED,
    "describes before it parses": columns(INT4) + PARSED,
    "binds before it parses": BOUND,
}

TLS: dict[str, bytes] = {
    "has none": b"N",
    "answers with an error": message(b"E", b"SFATAL\0Vforged\0C00000\0Mforged text\0\0"),
    "answers with a letter that does not exist": b"X",
    "sends plain bytes behind its consent": b"S" + WELCOME,
    "consents and speaks no TLS": b"S",
    "closes": b"",
}


@pytest.fixture(autouse=True)
def memory(request: pytest.FixtureRequest) -> Any:
    """What a server claims is not allocated."""
    if request.config.getoption("--reference"):
        pytest.skip("the reference believes what it is told")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 256 << 10, f"{grown} KiB more than before"


async def _refused(pg: Any, hostile: Hostile, sslmode: str = "disable", query: bool = False) -> Exception:
    async def use() -> None:
        connection = await pg.connect(f"postgresql://user:pw@127.0.0.1:{hostile.port}/x?sslmode={sslmode}")
        try:
            if query:
                await connection.fetch("select 1")
        finally:
            connection.terminate()

    async with hostile:
        try:
            await asyncio.wait_for(use(), PATIENCE)
        except TimeoutError:
            pytest.fail("it waits for ever")
        except Exception as error:
            return error
    raise AssertionError("nothing was wrong")


def _clear(pg: Any, error: Exception) -> None:
    assert isinstance(error, pg.PostgresError | pg.InterfaceError | pg.InternalClientError | OSError), repr(error)
    assert len(str(error)) > 10, repr(error)


@pytest.mark.parametrize("start", STARTS)
def test_connecting_fails_clearly_when_the_server(pg: Any, start: str) -> None:
    _clear(pg, run(_refused(pg, Hostile(start=STARTS[start]))))


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_query_fails_clearly_when_the_server(pg: Any, answer: str) -> None:
    error = run(_refused(pg, Hostile(ANSWERS[answer], description=DESCRIBED), query=True))
    _clear(pg, error)


@pytest.mark.parametrize("description", DESCRIPTIONS)
def test_a_statement_fails_clearly_when_the_server(pg: Any, description: str) -> None:
    _clear(pg, run(_refused(pg, Hostile(description=DESCRIPTIONS[description]), query=True)))


@pytest.mark.parametrize("sslmode", ["require", "verify-full"])
@pytest.mark.parametrize("answer", TLS)
def test_nothing_is_said_in_the_clear_when_the_server_that_shall_encrypt(
    pg: Any, server: Server, answer: str, sslmode: str
) -> None:
    if server.authority is None:
        pytest.skip("there are no certificates")
    error = run(_refused(pg, Hostile(tls=TLS[answer]), f"{sslmode}&sslrootcert={server.authority.root}"))
    _clear(pg, error)
    assert "forged" not in str(error)


def test_a_scram_challenge_with_two_billion_iterations_is_refused_before_it_is_computed(pg: Any) -> None:
    challenge = message(b"R", struct.pack("!i", 11) + b"r=NONCE,s=YQ==,i=2147483647")

    class Bomb(Hostile):
        async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._opening(reader)
            writer.write(message(b"R", SASL + b"SCRAM-SHA-256\0\0"))
            await reader.readexactly(1)
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            first = await reader.readexactly(length - 4)
            nonce = first.partition(b"r=")[2] + b"server"
            body = challenge[5:].replace(b"NONCE", nonce)
            writer.write(message(b"R", body))
            await reader.read()

    _clear(pg, run(_refused(pg, Bomb())))


@pytest.mark.parametrize("kind", ["notices", "settings", "notifications"])
def test_a_flood_of_what_nobody_asked_for_ends_with_the_answer(pg: Any, kind: str) -> None:
    one = {
        "notices": message(b"N", b"SNOTICE\0VNOTICE\0C00000\0Mx\0\0"),
        "settings": message(b"S", b"TimeZone\0UTC\0"),
        "notifications": message(b"A", b"\0\0\0\1channel\0payload\0"),
    }[kind]
    answer = BOUND + row(b"\0\0\0\1") + one * 20_000 + message(b"C", b"SELECT 1\0") + READY

    async def main() -> Any:
        async with Hostile(answer, description=DESCRIBED, patient=True) as hostile:
            connection = await pg.connect(f"postgresql://user@127.0.0.1:{hostile.port}/x?sslmode=disable")
            try:
                return await asyncio.wait_for(connection.fetchval("select 1"), PATIENCE)
            finally:
                connection.terminate()

    assert run(main()) == 1


def test_a_text_that_is_not_utf8_is_refused_and_the_connection_goes_on(pg: Any) -> None:
    described = PARSED + NO_PARAMETERS + columns(TEXT)
    wrong = BOUND + row(b"\xff\xfe") + message(b"C", b"SELECT 1\0") + READY
    right = BOUND + row(b"fine") + message(b"C", b"SELECT 1\0") + READY

    async def main() -> None:
        async with Hostile(wrong, right, description=described, patient=True) as hostile:
            connection = await pg.connect(f"postgresql://user@127.0.0.1:{hostile.port}/x?sslmode=disable")
            with pytest.raises((pg.DataError, UnicodeDecodeError, pg.InternalClientError, pg.InterfaceError)):
                await asyncio.wait_for(connection.fetchval("select 1"), PATIENCE)
            if not connection.is_closed():
                assert await asyncio.wait_for(connection.fetchval("select 1"), PATIENCE) == "fine"
            connection.terminate()

    run(main())
