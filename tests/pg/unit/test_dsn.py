"""Connection strings, and who counts more than whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasterapi.pg.dsn import parse_dsn
from fasterapi.pg.exceptions import ClientConfigurationError
from fasterapi.pg.hosts import TcpAddress

Parse = Callable[..., tuple[Any, Any]]
Environment = dict[str, str]

# What asyncpg reads too, and reads in the same way.
SHARED: list[tuple[str | None, dict[str, Any], Environment]] = [
    (None, {}, {}),
    (None, {"host": "h"}, {"PGUSER": "u", "PGPASSWORD": "p", "PGDATABASE": "d", "PGPORT": "1111"}),
    (None, {}, {"PGHOST": "a:1,b", "PGPORT": "2"}),
    (None, {"host": ["a", "b"], "port": [1, 2]}, {}),
    (None, {"host": ("a", "/sockets"), "port": "7"}, {}),
    (None, {"host": "/sockets/.s.PGSQL.7", "user": "u"}, {}),
    (None, {"host": "::1", "ssl": "disable"}, {}),
    (None, {"ssl": True, "host": "h"}, {}),
    (None, {"ssl": False, "host": "h"}, {"PGSSLMODE": "require"}),
    (None, {"host": "h", "server_settings": {"a": "b"}}, {}),
    ("postgres://u:p@h:1/d", {}, {}),
    ("postgres://u:p@h:1/d", {"user": "v", "password": "q", "host": "i", "port": 2, "database": "e"}, {}),
    ("postgresql://h", {}, {"PGUSER": "u", "PGPORT": "3"}),
    ("postgresql://u@a:1,b:2,c/d", {}, {"PGPORT": "5"}),
    ("postgresql://u@a,b/d", {"port": [1, 2]}, {}),
    ("postgresql:///d?host=/sockets&user=u", {}, {}),
    ("postgresql:///d?host=a:1,/sockets,b&port=9", {}, {}),
    ("postgresql:///d?host=[::1]:5,[2001:db8::1]", {}, {}),
    ("postgresql://u@[::1]:7/d", {}, {}),
    ("postgresql://u@[2001:db8::1]/d", {}, {}),
    ("postgresql://u%40x:p%3A%2Fw@h%2Eexample/d%20e", {}, {}),
    ("postgresql://u@%2Fsockets/d", {}, {}),
    ("postgresql://u@h/d?application_name=a&search_path=x,y", {"server_settings": {"search_path": "z"}}, {}),
    ("postgresql://u@h/d?password=p&dbname=e&user=v", {}, {}),
    ("postgresql://?database=e&user=v", {"host": "h"}, {}),
    ("postgresql://u@h/d?sslmode=disable", {}, {"PGSSLMODE": "require"}),
    ("postgresql://u@h/d?sslmode=allow", {}, {}),
    ("postgresql://u@h/d?sslmode=require&sslnegotiation=direct", {}, {}),
    ("postgresql://u@h/d?target_session_attrs=standby", {}, {"PGTARGETSESSIONATTRS": "primary"}),
    ("postgresql://u@h/d?krbsrvname=k&gsslib=sspi", {}, {}),
]
REFUSED_BY_BOTH: list[tuple[str | None, dict[str, Any], Environment, str]] = [
    ("pq://h/d", {}, {}, "invalid DSN"),
    ("postgresql+asyncpg://h/d", {}, {}, "invalid DSN"),
    ("postgresql://a,b,c/d", {"port": [1, 2]}, {}, "could not match 2 port numbers to 3 hosts"),
    ("postgresql://h/d?gsslib=x", {}, {}, "gsslib parameter must be either"),
    ("postgresql://h/d?sslmode=yes", {}, {}, "`sslmode` parameter must be one of: disable, allow"),
    ("postgresql://h/d?target_session_attrs=x", {}, {}, "target_session_attrs is expected to be one of"),
    ("postgresql://h/d?sslnegotiation=x", {}, {}, "`sslnegotiation` parameter must be one of: postgres, direct"),
    ("postgresql://h/d?sslnegotiation=direct", {}, {}, "direct TLS requires sslmode=require"),
    (None, {"host": "h", "server_settings": {"a": 1}}, {}, "server_settings is expected to be None or a Dict"),
    ("postgresql://h/d?ssl_min_protocol_version=SSLv3", {}, {}, "Unsupported TLS version: SSLv3"),
    ("postgresql://h/d?ssl_min_protocol_version=TLSv9", {}, {}, "No such TLS version: TLSv9"),
    ("postgresql://h/d?sslmode=verify-full", {}, {}, "root certificate file .* does not exist"),
    ("postgresql://h:port/d", {}, {}, "port"),
    ("postgresql:///d?host=[::1", {}, {}, "IPv6"),
]


def comparable(made: tuple[Any, Any]) -> tuple[list[Any], dict[str, Any]]:
    addresses, parameters = made
    fields: dict[str, Any] = {
        name: value if isinstance(value, (str, dict, bool, int, type(None))) else type(value).__mro__[-2].__name__
        for name, value in parameters._asdict().items()
        if value is not None
    }
    if fields.get("ssl") not in (None, False):
        context = parameters.ssl
        fields["ssl"] = (context.verify_mode, context.check_hostname, context.minimum_version)
    return [tuple(address) if not isinstance(address, str) else address for address in addresses], fields


def set_all(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.parametrize(("dsn", "given", "environment"), SHARED)
def test_what_is_said_is_read_as_asyncpg_reads_it(
    parse: Parse,
    parse_theirs: Parse,
    monkeypatch: pytest.MonkeyPatch,
    dsn: str | None,
    given: dict[str, Any],
    environment: Environment,
) -> None:
    set_all(monkeypatch, environment)
    assert comparable(parse(dsn, **given)) == comparable(parse_theirs(dsn, **given))


@pytest.mark.parametrize(("dsn", "given", "environment", "text"), REFUSED_BY_BOTH)
def test_what_asyncpg_refuses_is_refused(
    parse: Parse,
    parse_theirs: Parse,
    monkeypatch: pytest.MonkeyPatch,
    dsn: str | None,
    given: dict[str, Any],
    environment: Environment,
    text: str,
) -> None:
    set_all(monkeypatch, environment)
    with pytest.raises(ClientConfigurationError, match=text):
        parse(dsn, **given)
    with pytest.raises(ValueError):
        parse_theirs(dsn, **given)


@pytest.mark.parametrize(
    ("text", "keywords"),
    [
        ("host=h user=u", {"host": "h", "user": "u"}),
        ("  host = h   dbname= 'a b' ", {"host": "h", "dbname": "a b"}),
        (r"password='it\'s \\ here' user=a\ b", {"password": r"it's \ here", "user": "a b"}),
        ("password='' host=h", {"password": "", "host": "h"}),
        ("user= host=h", {"user": "host=h"}),
        ("host=h host=i", {"host": "i"}),
        ("database=d", {"dbname": "d"}),
        ("options='-c geqo=off'", {"options": "-c geqo=off"}),
    ],
)
def test_keywords_with_values_are_a_connection_string_too(text: str, keywords: Environment) -> None:
    assert parse_dsn(text) == ({}, keywords)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("host=h user", 'missing "=" after "user"'),
        ("host='h", "closing quote is missing"),
        ("just words", "scheme is expected"),
        ("postgresql://h/d?novalue", "write the query as key=value"),
        ("postgresql+asyncpg://h/d", 'leave it out, as in "postgresql://h/d"'),
    ],
)
def test_a_wrong_connection_string_is_explained(text: str, said: str) -> None:
    with pytest.raises(ClientConfigurationError, match=said):
        parse_dsn(text)


def test_keywords_say_the_same_as_a_uri(parse: Parse) -> None:
    uri = parse("postgresql://u:p@h:1/d?application_name=a&sslmode=disable&connect_timeout=3")
    assert parse("host=h port=1 user=u password=p dbname=d application_name=a sslmode=disable connect_timeout=3") == uri


def test_a_port_in_the_query_is_that_of_a_host_without_one(parse: Parse) -> None:
    assert parse("postgresql://a,b:2/d?port=7")[0] == [("a", 7), ("b", 2)]


def test_a_uri_without_a_host_can_have_a_port(parse: Parse) -> None:
    addresses, _ = parse("postgresql://:7/d")
    assert addresses[-1] == ("localhost", 7)
    assert "/tmp/.s.PGSQL.7" in addresses


def test_a_uri_without_a_database_means_the_users_own(parse: Parse) -> None:
    assert parse("postgresql://u@h/")[1].database == "u"


def test_an_address_is_gone_to_and_a_host_is_what_it_is_called(parse: Parse) -> None:
    (address,), _ = parse("postgresql://db.example/d?hostaddr=10.0.0.1")
    assert address == ("db.example", 5432)
    assert isinstance(address, TcpAddress)
    assert address.ip == "10.0.0.1"
    assert parse("hostaddr=10.0.0.1,::1 port=1,2")[0] == [("10.0.0.1", 1), ("::1", 2)]
    with pytest.raises(ClientConfigurationError, match="could not match 2 host names to 1 hostaddr values"):
        parse("host=a,b hostaddr=10.0.0.1")


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("PGCONNECT_TIMEOUT", "7", "connect_timeout", 7),
        ("PGCONNECT_TIMEOUT", "0", "connect_timeout", None),
        ("PGCHANNELBINDING", "require", "channel_binding", "require"),
        ("PGREQUIREAUTH", "scram-sha-256,md5", "require_auth", {"scram-sha-256", "md5"}),
        ("PGREQUIREAUTH", "!none,!password", "require_auth", {"md5", "gss", "sspi", "scram-sha-256", "oauth"}),
        ("PGLOADBALANCEHOSTS", "random", "load_balance_hosts", "random"),
        ("PGMINPROTOCOLVERSION", "3.2", "min_protocol", "3.2"),
        ("PGMAXPROTOCOLVERSION", "latest", "max_protocol", "3.2"),
        ("PGAPPNAME", "shop", "server_settings", {"application_name": "shop"}),
        ("PGOPTIONS", "-c geqo=off", "server_settings", {"options": "-c geqo=off"}),
        ("PGTZ", "UTC", "server_settings", {"timezone": "UTC"}),
        ("PGDATESTYLE", "ISO", "server_settings", {"datestyle": "ISO"}),
        ("PGGEQO", "off", "server_settings", {"geqo": "off"}),
        ("PGSSLSNI", "0", "sslsni", False),
        ("PGGSSENCMODE", "prefer", "server_settings", None),
        ("PGUSER", "", "user", "me"),
    ],
)
def test_a_variable_says_what_nobody_else_says(
    parse: Parse, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, field: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(parse(host="h")[1], field) == expected


@pytest.mark.parametrize(
    ("dsn", "said"),
    [
        ("connect_timeout=soon", "`connect_timeout` parameter must be an integer"),
        ("channel_binding=yes", "`channel_binding` parameter must be one of: disable, prefer, require"),
        ("require_auth=rot13", "`require_auth` parameter must name methods among"),
        ("require_auth=md5,!none", "cannot mix methods"),
        ("load_balance_hosts=always", "must be one of: disable, random"),
        ("min_protocol_version=2.0", "must be one of: 3.0, 3.2, latest"),
        ("min_protocol_version=3.2 max_protocol_version=3.0", "3.2 is above max_protocol_version 3.0"),
        ("keepalives=maybe", "must be one of: 1, 0"),
        ("gssencmode=require", "gssencmode=require is not supported"),
        ("requirepeer=postgres", "requirepeer=postgres is not supported"),
        ("client_encoding=latin1", "client_encoding=latin1 is not supported"),
        ("sslmode=require sslrootcert=system", 'weak sslmode "require" may not be used with sslrootcert=system'),
        ("sslcertmode=require", "needs a client certificate"),
        ("port=0", 'invalid port number "0": give one from 1 to 65535'),
        ("port=99999", "invalid port number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(parse: Parse, dsn: str, said: str) -> None:
    with pytest.raises(ClientConfigurationError, match=said):
        parse(f"host=h {dsn}")


def test_keepalives_are_left_to_the_system_unless_said(parse: Parse) -> None:
    assert parse("host=h")[1].keepalives is None
    assert parse("host=h keepalives=0")[1].keepalives == (False, None, None, None)
    assert parse("host=h keepalives_idle=30 keepalives_count=3")[1].keepalives == (True, 30, None, 3)


def test_a_keyword_can_be_an_argument(parse: Parse) -> None:
    parameters = parse("host=h application_name=a", application_name="b", keepalives=False, connect_timeout=2)[1]
    assert parameters.server_settings == {"application_name": "b"}
    assert parameters.keepalives == (False, None, None, None)
    assert parameters.connect_timeout == 2
    with pytest.raises(TypeError, match="unexpected keyword argument 'colour'"):
        parse("host=h", colour="blue")


def test_a_name_to_fall_back_to_is_for_those_who_have_none(parse: Parse) -> None:
    assert parse("host=h fallback_application_name=f")[1].server_settings == {"application_name": "f"}
    said = parse("host=h fallback_application_name=f application_name=a")[1]
    assert said.server_settings == {"application_name": "a"}


def test_a_password_can_be_asked_for_at_every_attempt(parse: Parse) -> None:
    def ask() -> str:
        return "secret"

    assert parse("postgresql://u:p@h/d", password=ask)[1].password is ask


def test_without_a_home_directory_the_defaults_are_left_out(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nowhere)
    assert parse("postgresql://u@h/d")[1].password is None
    with pytest.raises(ClientConfigurationError, match=r'"~/\.postgresql/root\.crt" does not exist'):
        parse("postgresql://u@h/d?sslmode=verify-full")
