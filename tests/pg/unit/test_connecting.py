"""Which addresses are tried, in which way and order, and what is said when none will do."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from fasterapi.pg import connect_utils, exceptions
from fasterapi.pg.exceptions import PostgresError

OPTIONS: dict[str, Any] = {
    "host": None,
    "port": None,
    "user": "u",
    "password": None,
    "passfile": None,
    "database": "d",
    "ssl": None,
    "service": None,
    "servicefile": None,
    "direct_tls": None,
    "server_settings": None,
    "target_session_attrs": None,
    "krbsrvname": None,
    "gsslib": None,
    "command_timeout": None,
    "statement_cache_size": 100,
    "max_cached_statement_lifetime": 300,
    "max_cacheable_statement_size": 1024,
}
REFUSED = ConnectionRefusedError(111, "Connection refused")


class Opened:
    """What the engine opens: here only what is asked of it before there is a connection."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.transport = object()
        self.settings = settings
        self.aborted = False
        self.connection: Any = None

    def set_connection(self, connection: Any) -> None:
        self.connection = connection

    def abort(self) -> None:
        self.aborted = True


class Connection:
    """A connection that knows whether it was ended."""

    def __init__(self, protocol: Opened, transport: object, loop: object, addr: Any, config: Any, params: Any) -> None:
        self.protocol = protocol
        self.addr = addr
        self.params = params
        self.terminated = False

    def get_settings(self) -> Any:
        return SimpleNamespace(**self.protocol.settings)

    async def fetchval(self, query: str) -> Any:
        assert query == "SELECT pg_catalog.pg_is_in_recovery()"
        return self.protocol.settings["recovery"] == "yes"

    def terminate(self) -> None:
        self.terminated = True


class Engine:
    """Answers of the engine one after another, and what it was asked for."""

    def __init__(self, answers: Iterable[BaseException | dict[str, str]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[Any, dict[str, Any]]] = []
        self.opened: list[Opened] = []

    async def open(self, loop: asyncio.AbstractEventLoop, address: Any, **options: Any) -> Opened:
        self.asked.append((address, options))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        self.opened.append(Opened(answer))
        return self.opened[-1]

    async def cancel(self, loop: asyncio.AbstractEventLoop, address: Any, **options: Any) -> None:
        self.asked.append((address, options))
        if self.answers:
            answer = self.answers.pop(0)
            assert isinstance(answer, BaseException)
            raise answer

    @property
    def modes(self) -> list[str]:
        return [options["sslmode"] for _, options in self.asked]

    @property
    def addresses(self) -> list[Any]:
        return [address for address, _ in self.asked]


Answers = Callable[..., Engine]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """An engine with these answers."""

    def made(*given: BaseException | dict[str, str]) -> Engine:
        engine = Engine(given)
        monkeypatch.setattr("fasterapi.pg.protocol.Protocol", engine)
        return engine

    return made


def connect(dsn: str | None = None, **given: Any) -> Any:
    async def connected() -> Any:
        options = {**OPTIONS, "dsn": dsn, **given}
        kind = options.pop("connection_class", Connection)
        return await connect_utils._connect(loop=None, connection_class=kind, record_class=None, **options)

    return asyncio.run(connected())


def cancel(connection: Any) -> None:
    async def cancelled() -> None:
        loop = asyncio.get_running_loop()
        await connect_utils._cancel(
            loop=loop, addr=connection.addr, params=connection.params, backend_pid=7, backend_secret=b"secret"
        )

    asyncio.run(cancelled())


def at(stage: str, error: Exception) -> Exception:
    error._stage = stage  # type: ignore[attr-defined]
    return error


def server_error(code: str, stage: str) -> Exception:
    return at(stage, PostgresError.new({"C": code, "M": f"refused with {code}"}))


def test_a_host_is_opened_with_what_was_said(answers: Answers) -> None:
    engine = answers({})
    connection = connect(
        "postgresql://10.0.0.1:7/d?application_name=a&connect_timeout=3&require_auth=md5", password="p", ssl="disable"
    )
    address, options = engine.asked[0]
    assert address == ("10.0.0.1", 7)
    assert (options["user"], options["password"], options["database"]) == ("u", "p", "d")
    assert options["server_settings"] == {"application_name": "a"}
    assert (options["timeout"], options["require_auth"]) == (3, {"md5"})
    assert (options["tls"], options["sslmode"], options["channel_binding"]) == (None, "disable", "prefer")
    assert connection.addr == ("10.0.0.1", 7)
    assert connection.protocol.connection is connection


def test_hosts_are_tried_in_their_order(answers: Answers) -> None:
    engine = answers(REFUSED, {}, {})
    assert connect("postgresql://10.0.0.1,10.0.0.2,10.0.0.3/d", ssl=False).addr == ("10.0.0.2", 5432)
    assert engine.addresses == [("10.0.0.1", 5432), ("10.0.0.2", 5432)]


def test_every_address_of_a_name_is_tried(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: object, host: str, port: int, **options: Any) -> list[Any]:
        assert (host, port) == ("db.example", 5432)
        return [(None, None, None, "", (ip, port)) for ip in ("::1", "10.0.0.1", "::1")]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    engine = answers(REFUSED, {})
    connection = connect("postgresql://db.example/d", ssl=False)
    assert engine.addresses == [("::1", 5432), ("10.0.0.1", 5432)]
    assert (connection.addr, connection.addr.ip) == (("db.example", 5432), "10.0.0.1")


def test_a_name_that_nobody_knows_is_named(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: object, host: str, port: int, **options: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolve)
    answers()
    with pytest.raises(
        socket.gaierror, match=r'could not translate host name "db\.example" to address: Name or service'
    ):
        connect("postgresql://db.example/d")


def test_an_address_that_is_given_is_not_looked_up(answers: Answers) -> None:
    engine = answers({})
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    connect("host=db.example hostaddr=10.0.0.1", ssl=own)
    address, options = engine.asked[0]
    assert address == ("10.0.0.1", 5432)
    assert (options["tls"], options["server_hostname"], options["sslmode"]) == (own, "db.example", "require")


def test_a_socket_has_no_tls(answers: Answers) -> None:
    engine = answers({})
    connect("postgresql:///d?host=/sockets&sslmode=require")
    assert engine.addresses == ["/sockets/.s.PGSQL.5432"]
    assert engine.modes == ["disable"]
    assert engine.asked[0][1]["tls"] is None


def test_a_refused_connection_says_where_and_why(answers: Answers) -> None:
    answers(REFUSED)
    with pytest.raises(ConnectionRefusedError) as caught:
        connect("postgresql://10.0.0.1/d", ssl=False)
    assert caught.value.errno == 111
    assert str(caught.value) == ('[Errno 111] connection to server at "10.0.0.1", port 5432 failed: Connection refused')


def test_the_last_error_names_every_attempt(answers: Answers) -> None:
    answers(FileNotFoundError(2, "No such file or directory"), TimeoutError(), ConnectionAbortedError(103, "aborted"))
    with pytest.raises(ConnectionAbortedError) as caught:
        connect("postgresql:///d?host=/sockets,10.0.0.1,10.0.0.2&sslmode=require")
    assert caught.value.strerror == (
        'connection to server on socket "/sockets/.s.PGSQL.5432" failed: No such file or directory; '
        'connection to server at "10.0.0.1", port 5432 failed: timeout expired; '
        'connection to server at "10.0.0.2", port 5432 failed: aborted'
    )


def test_an_error_of_tls_keeps_its_kind_and_gets_a_note(answers: Answers) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    answers(error)
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        connect("postgresql://10.0.0.1/d", ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert caught.value is error
    assert error.__notes__ == ['connection to server at "10.0.0.1", port 5432 failed']


def test_an_error_of_the_server_ends_the_search(answers: Answers) -> None:
    engine = answers(server_error("28P01", "plain"))
    with pytest.raises(exceptions.InvalidPasswordError):
        connect("postgresql://10.0.0.1,10.0.0.2/d", ssl=False)
    assert len(engine.asked) == 1


@pytest.mark.parametrize("stage", ["request", "handshake"])
@pytest.mark.parametrize("kind", [exceptions.ProtocolError, exceptions.ConnectionDoesNotExistError])
def test_what_comes_instead_of_tls_is_an_error_of_the_connection(
    answers: Answers, kind: type[Exception], stage: str
) -> None:
    error = at(stage, kind("no TLS"))
    answers(error)
    with pytest.raises(ConnectionError) as caught:
        connect("postgresql://10.0.0.1/d", ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    assert str(caught.value) == f'PostgreSQL server at "10.0.0.1:5432": {error}'


def test_a_timeout_is_one_at_every_stage(answers: Answers) -> None:
    answers(at("request", TimeoutError()))
    with pytest.raises(TimeoutError, match="port 5432 failed: timeout expired"):
        connect("postgresql://10.0.0.1/d", ssl=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_a_breach_of_the_protocol_ends_the_search(answers: Answers) -> None:
    engine = answers(at("plain", exceptions.ProtocolError("what?")))
    with pytest.raises(exceptions.ProtocolError):
        connect("postgresql://10.0.0.1,10.0.0.2/d?sslmode=disable")
    assert len(engine.asked) == 1


def test_a_host_that_hangs_up_is_passed_over(answers: Answers) -> None:
    answers(server_error("08003", "plain"), {})
    assert connect("postgresql://10.0.0.1,10.0.0.2/d?sslmode=disable").addr[0] == "10.0.0.2"
    error = server_error("08003", "plain")
    answers(error)
    with pytest.raises(exceptions.ConnectionDoesNotExistError) as caught:
        connect("postgresql://10.0.0.1/d?sslmode=disable")
    assert caught.value is error
    assert error.__notes__ == ['connection to server at "10.0.0.1", port 5432 failed']


def test_a_session_that_is_lost_at_once_is_not_begun_elsewhere(answers: Answers) -> None:
    engine = answers(server_error("08003", "authenticated"))
    with pytest.raises(exceptions.ConnectionDoesNotExistError):
        connect("postgresql://10.0.0.1,10.0.0.2/d?sslmode=disable")
    assert len(engine.asked) == 1


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_a_server_that_takes_nobody_now_is_passed_over(answers: Answers, mode: str) -> None:
    stage = "encrypted" if mode == "prefer" else "plain"
    engine = answers(server_error("57P03", stage), {})
    assert connect(f"postgresql://10.0.0.1,10.0.0.2/d?sslmode={mode}").addr[0] == "10.0.0.2"
    assert len(engine.asked) == 2
    answers(server_error("57P03", stage), server_error("57P03", stage))
    with pytest.raises(exceptions.CannotConnectNowError):
        connect(f"postgresql://10.0.0.1,10.0.0.2/d?sslmode={mode}")


@pytest.mark.parametrize(
    ("mode", "error", "modes"),
    [
        ("prefer", server_error("28000", "encrypted"), ["prefer", "disable"]),
        ("prefer", at("handshake", ConnectionResetError(104, "reset")), ["prefer", "disable"]),
        ("prefer", at("handshake", ssl.SSLError(1, "wrong version number")), ["prefer", "disable"]),
        ("allow", server_error("28000", "plain"), ["disable", "require"]),
        ("allow", server_error("08003", "plain"), ["disable", "require"]),
    ],
)
def test_the_other_way_is_tried_before_the_user_is_known(
    answers: Answers, mode: str, error: Exception, modes: list[str]
) -> None:
    engine = answers(error, {})
    connect(f"postgresql://10.0.0.1/d?sslmode={mode}")
    assert engine.modes == modes


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("prefer", server_error("28000", "authenticated")),
        ("prefer", server_error("28000", "plain")),
        ("prefer", at("handshake", TimeoutError())),
        ("prefer", at("connect", ConnectionRefusedError(111, "refused"))),
        ("prefer", at("request", ConnectionError("error during SSL exchange"))),
        ("allow", server_error("28000", "authenticated")),
        ("allow", at("connect", ConnectionRefusedError(111, "refused"))),
        ("require", server_error("28000", "encrypted")),
        ("disable", server_error("28000", "plain")),
    ],
)
def test_there_is_one_attempt_where_the_other_way_changes_nothing(
    answers: Answers, mode: str, error: Exception
) -> None:
    engine = answers(error)
    with pytest.raises(type(error)):
        connect(f"postgresql://10.0.0.1/d?sslmode={mode}")
    assert len(engine.asked) == 1


def test_the_second_error_is_raised_from_the_first(answers: Answers) -> None:
    first = server_error("3D000", "encrypted")
    answers(first, server_error("53300", "plain"))
    with pytest.raises(exceptions.TooManyConnectionsError) as caught:
        connect("postgresql://10.0.0.1/d?sslmode=prefer")
    assert caught.value.__cause__ is first


def test_a_wrong_password_is_not_hidden_behind_the_other_way(answers: Answers) -> None:
    first = server_error("28P01", "encrypted")
    answers(first, server_error("28000", "plain"))
    with pytest.raises(exceptions.InvalidPasswordError) as caught:
        connect("postgresql://10.0.0.1/d?sslmode=prefer")
    assert caught.value is first


async def later() -> str:
    return "p"


@pytest.mark.parametrize("give", [lambda: "p", later])
def test_a_password_is_asked_for_once_for_each_host(answers: Answers, give: Callable[[], str | Awaitable[str]]) -> None:
    calls: list[None] = []

    def counted() -> str | Awaitable[str]:
        calls.append(None)
        return give()

    engine = answers(server_error("28000", "encrypted"), {})
    connection = connect("postgresql://10.0.0.1/d?sslmode=prefer", password=counted)
    assert [options["password"] for _, options in engine.asked] == ["p", "p"]
    assert len(calls) == 1
    assert connection.params.password is counted


PRIMARY = {"in_hot_standby": "off"}
STANDBY = {"in_hot_standby": "on"}
READ_ONLY = {"in_hot_standby": "off", "default_transaction_read_only": "on"}
OLD_STANDBY = {"recovery": "yes"}


@pytest.mark.parametrize(
    ("wanted", "servers", "chosen"),
    [
        ("any", [STANDBY, PRIMARY], 0),
        ("primary", [STANDBY, PRIMARY], 1),
        ("primary", [OLD_STANDBY, READ_ONLY], 1),
        ("standby", [PRIMARY, STANDBY], 1),
        ("standby", [PRIMARY, OLD_STANDBY], 1),
        ("prefer-standby", [PRIMARY, STANDBY], 1),
        ("prefer-standby", [PRIMARY], 0),
        ("read-write", [STANDBY, READ_ONLY, PRIMARY], 2),
        ("read-only", [PRIMARY, READ_ONLY], 1),
        ("read-only", [PRIMARY, STANDBY], 1),
    ],
)
def test_a_server_of_the_kind_asked_for_is_found(
    answers: Answers, wanted: str, servers: list[dict[str, str]], chosen: int
) -> None:
    engine = answers(*servers)
    hosts = ",".join(f"10.0.0.{number}" for number in range(len(servers)))
    connection = connect(f"postgresql://{hosts}/d?target_session_attrs={wanted}&sslmode=disable")
    assert connection.addr[0] == f"10.0.0.{chosen}"
    ended = [opened.connection.terminated for opened in engine.opened]
    assert ended == [number != chosen for number in range(len(ended))]


def test_no_server_of_the_kind_asked_for(answers: Answers) -> None:
    engine = answers(STANDBY)
    with pytest.raises(exceptions.TargetServerAttributeNotMatched, match=r"requirement .*'primary'"):
        connect("postgresql://10.0.0.1/d?target_session_attrs=primary&sslmode=disable")
    assert engine.opened[0].connection.terminated


def test_hosts_are_shuffled_where_load_is_to_be_balanced(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "sample", lambda of, count: of[::-1][:count])
    engine = answers(REFUSED, {})
    connect("postgresql://10.0.0.1,10.0.0.2/d?load_balance_hosts=random&sslmode=disable")
    assert engine.addresses == [("10.0.0.2", 5432), ("10.0.0.1", 5432)]


def test_what_a_class_of_ones_own_refuses_is_closed(answers: Answers) -> None:
    class Refusing(Connection):
        def __init__(self, *given: Any) -> None:
            raise RuntimeError("not this one")

    engine = answers({})
    with pytest.raises(RuntimeError, match="not this one"):
        connect("postgresql://10.0.0.1/d?sslmode=disable", connection_class=Refusing)
    assert engine.opened[0].aborted


@pytest.mark.parametrize(
    ("mode", "asked"), [("disable", "disable"), ("allow", "disable"), ("prefer", "prefer"), ("require", "require")]
)
def test_a_cancel_goes_where_the_connection_is(answers: Answers, mode: str, asked: str) -> None:
    engine = answers({})
    connection = connect(f"host=db.example hostaddr=10.0.0.1 sslmode={mode}")
    cancel(connection)
    address, options = engine.asked[-1]
    assert address == ("10.0.0.1", 5432)
    assert (options["pid"], options["secret"], options["sslmode"]) == (7, b"secret", asked)


@pytest.mark.parametrize(
    "name", ["statement_cache_size", "max_cached_statement_lifetime", "max_cacheable_statement_size"]
)
@pytest.mark.parametrize("value", [None, -1, True, False, "1"])
def test_sizes_are_numbers_from_0(answers: Answers, name: str, value: object) -> None:
    answers()
    with pytest.raises(ValueError, match="greater or equal to 0"):
        connect("postgresql://10.0.0.1/d", **{name: value})


@pytest.mark.parametrize("value", [0, -1, "a", True, False])
def test_a_command_timeout_is_above_0(answers: Answers, value: object) -> None:
    answers()
    with pytest.raises(ValueError, match="greater than 0"):
        connect("postgresql://10.0.0.1/d", command_timeout=value)
