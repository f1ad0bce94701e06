"""What connections are made with: arguments, connection string, service file and environment, brought together."""

import getpass
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from ssl import SSLContext
from typing import Any, NamedTuple, cast

from fasterapi.pg import environment
from fasterapi.pg.dsn import Dsn, parse_dsn
from fasterapi.pg.exceptions import ClientConfigurationError
from fasterapi.pg.hosts import Address, Host, default_hosts, join_ports, parse_hosts, parse_ports
from fasterapi.pg.keywords import Keywords, authentication_methods, protocol_versions
from fasterapi.pg.passfile import password_for, read_passfile
from fasterapi.pg.service import read_service
from fasterapi.pg.tls import SSLMode, SSLNegotiation, TlsSettings, default_context, tls_context

__all__ = ["ClientConfiguration", "ConnectionParameters", "Password", "SessionAttribute", "parse_connect_dsn_and_args"]

Password = str | Callable[[], str | Awaitable[str]]
"""A password, or what gives it: a function or a coroutine function, called for each attempt."""


class SessionAttribute(StrEnum):
    """Which servers will do."""

    any = "any"
    primary = "primary"
    standby = "standby"
    prefer_standby = "prefer-standby"
    read_write = "read-write"
    read_only = "read-only"


class ConnectionParameters(NamedTuple):
    """What is known before a connection is made. None where the protocol's default holds."""

    user: str
    password: Password | None
    database: str
    ssl: SSLContext | bool | None
    sslmode: SSLMode
    ssl_negotiation: SSLNegotiation
    server_settings: dict[str, str] | None
    target_session_attrs: SessionAttribute
    krbsrvname: str | None
    gsslib: str
    passwords: dict[Address, str] | None = None
    """By address, where the password file has several."""
    load_balance_hosts: str | None = None
    channel_binding: str | None = None
    require_auth: frozenset[str] | None = None
    min_protocol: str | None = None
    max_protocol: str | None = None
    keepalives: tuple[bool, int | None, int | None, int | None] | None = None
    tcp_user_timeout: int | None = None
    """In milliseconds."""
    connect_timeout: float | None = None
    """In seconds, for each address."""
    sslsni: bool | None = None


class ClientConfiguration(NamedTuple):
    """What the client does on a connection, whatever the server."""

    command_timeout: float | None
    statement_cache_size: int
    max_cached_statement_lifetime: float
    max_cacheable_statement_size: int


def parse_connect_dsn_and_args(
    *,
    dsn: str | None,
    host: str | Sequence[str] | None,
    port: str | int | Sequence[str | int] | None,
    user: str | None,
    password: Password | None,
    passfile: str | Path | None,
    database: str | None,
    ssl: SSLContext | SSLMode | str | bool | None,
    service: str | None,
    servicefile: str | Path | None,
    direct_tls: bool | None,
    server_settings: dict[str, str] | None,
    target_session_attrs: str | None,
    krbsrvname: str | None,
    gsslib: str | None,
    **others: Any,
) -> tuple[list[Address], ConnectionParameters]:
    """The addresses to try, in this order, and what to do there.

    An argument counts more than the connection string, that more than the service file, and that more than the
    environment. `others` are keywords of libpq that have no argument of their own.
    """
    said = Keywords(others, parse_dsn(dsn) if dsn else Dsn({}, {}))
    service = service or said.get("service")
    if service:
        said.add_service(read_service(service, servicefile or said.written("servicefile")))
    addresses, hosts, ports = _addresses(said, host, port)
    user = user if user is not None else said.get("user") or _own_name()
    database = database if database is not None else said.get("dbname") or user
    passwords: dict[Address, str] | None = None
    if password is None:
        password = said.get("password")
    if password is None:
        passwords = _kept_passwords(passfile or said.get("passfile"), addresses, hosts, ports, database, user)
        password = next(iter(passwords.values()), None)
        passwords = passwords if len(set(passwords.values())) > 1 else None
    over_tcp = any(not isinstance(address, str) for address in addresses)
    context, mode, negotiation = _tls(said, ssl, direct_tls, over_tcp)
    lowest, highest = protocol_versions(said)
    parameters = ConnectionParameters(
        user=user,
        password=password,
        database=database,
        ssl=context,
        sslmode=mode,
        ssl_negotiation=negotiation,
        server_settings=_server_settings(said, server_settings),
        target_session_attrs=_target(target_session_attrs or said.get("target_session_attrs") or "any"),
        krbsrvname=krbsrvname if krbsrvname is not None else said.get("krbsrvname"),
        gsslib=_gsslib(gsslib if gsslib is not None else said.get("gsslib") or "gssapi"),
        passwords=passwords,
        load_balance_hosts=said.choice("load_balance_hosts", "disable", "random"),
        channel_binding=said.choice("channel_binding", "disable", "prefer", "require"),
        require_auth=authentication_methods(said),
        min_protocol=lowest,
        max_protocol=highest,
        keepalives=said.keepalives(),
        tcp_user_timeout=said.number("tcp_user_timeout"),
        connect_timeout=said.number("connect_timeout"),
        sslsni=said.flag("sslsni"),
    )
    said.refuse_unsupported()
    return addresses, parameters


def _addresses(
    said: Keywords, host: str | Sequence[str] | None, port: str | int | Sequence[str | int] | None
) -> tuple[list[Address], list[Host], list[int]]:
    hosts, in_authority = _hosts(said, host)
    ips: Sequence[str | None] = [None] * len(hosts)
    if hostaddr := said.get("hostaddr"):
        ips = [part or None for part in hostaddr.split(",")]
        if not hosts or (host is None and not said.says("host")):
            hosts = [Host(ip or "localhost") for ip in ips]
        if len(ips) != len(hosts):
            raise ClientConfigurationError(f"could not match {len(hosts)} host names to {len(ips)} hostaddr values")
    general = said.get("port")
    fallback = join_ports(parse_ports(general), len(hosts)) if general else [None] * len(hosts)
    if port:
        chosen = join_ports(parse_ports(port), len(hosts))
    elif said.written("port") and not in_authority:
        # Beside the host it belongs to, a keyword counts more than what stands behind a colon.
        chosen = [ours or there.port for ours, there in zip(fallback, hosts, strict=True)]
    else:
        chosen = [there.port or ours for ours, there in zip(fallback, hosts, strict=True)]
    ports = [number or 5432 for number in chosen]
    addresses = [name.address(number, ip) for name, number, ip in zip(hosts, ports, ips, strict=True)]
    return addresses, hosts, ports


def _hosts(said: Keywords, host: str | Sequence[str] | None) -> tuple[list[Host], bool]:
    """The hosts, and whether they stand in the front of a URI."""
    if host:
        names = host.split(",") if isinstance(host, str) else host
        return [Host(name) for name in names], False
    if authority := said.authority("host"):
        return parse_hosts(authority, quoted=True), True
    named = said.get("host")
    return (parse_hosts(named), False) if named else (default_hosts(), False)


def _own_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ClientConfigurationError("could not determine user name to connect with") from None


def _kept_passwords(
    passfile: str | Path | None,
    addresses: Sequence[Address],
    hosts: Sequence[Host],
    ports: Sequence[int],
    database: str,
    user: str,
) -> dict[Address, str]:
    path = Path(passfile) if passfile is not None else environment.home(".pgpass")
    entries = read_passfile(path) if path is not None else []
    found = (
        password_for(entries, host=h.name, port=p, database=database, user=user)
        for h, p in zip(hosts, ports, strict=True)
    )
    return {address: kept for address, kept in zip(addresses, found, strict=True) if kept is not None}


def _tls(
    said: Keywords, ssl: SSLContext | SSLMode | str | bool | None, direct_tls: bool | None, over_tcp: bool
) -> tuple[SSLContext | bool | None, SSLMode, SSLNegotiation]:
    negotiation = _negotiation(said, direct_tls)
    root = said.get("sslrootcert")
    if ssl is None:
        ssl = said.get("sslmode")
    if ssl is None and over_tcp:
        ssl = SSLMode.verify_full if root == "system" else SSLMode.prefer
    context: SSLContext | bool | None
    if isinstance(ssl, (str, SSLMode)):
        mode = _mode(ssl)
        if root == "system" and SSLMode.disable < mode < SSLMode.verify_full:
            raise ClientConfigurationError(
                f'weak sslmode "{mode.word}" may not be used with sslrootcert=system (use "verify-full")'
            )
        context = False if mode is SSLMode.disable else tls_context(_tls_settings(said, mode, root))
    elif ssl is True:
        context, mode = default_context(), SSLMode.verify_full
    elif isinstance(ssl, SSLContext):
        context, mode = ssl, SSLMode.require
    else:
        context, mode = ssl, SSLMode.disable
    if negotiation is SSLNegotiation.direct and mode < SSLMode.require:
        raise ClientConfigurationError("direct TLS requires sslmode=require, verify-ca, or verify-full")
    return context, mode, negotiation


def _tls_settings(said: Keywords, mode: SSLMode, root: str | None) -> TlsSettings:
    return TlsSettings(
        mode=mode,
        root=root,
        certificate=said.get("sslcert"),
        certificate_mode=said.choice("sslcertmode", "disable", "allow", "require") or "allow",
        key=said.get("sslkey"),
        password=said.get("sslpassword"),
        crl=said.get("sslcrl"),
        crl_folder=said.get("sslcrldir"),
        minimum=said.get("ssl_min_protocol_version"),
        maximum=said.get("ssl_max_protocol_version"),
        keylog=said.get("sslkeylogfile"),
        sni=said.flag("sslsni") is not False,
    )


def _mode(name: str | SSLMode) -> SSLMode:
    try:
        return SSLMode.parse(name)
    except AttributeError:
        modes = ", ".join(mode.word for mode in SSLMode)
        raise ClientConfigurationError(f"`sslmode` parameter must be one of: {modes}") from None


def _negotiation(said: Keywords, direct_tls: bool | None) -> SSLNegotiation:
    if direct_tls is not None:
        return SSLNegotiation.direct if direct_tls else SSLNegotiation.postgres
    try:
        return SSLNegotiation(said.get("sslnegotiation") or "postgres")
    except ValueError:
        words = ", ".join(SSLNegotiation)
        raise ClientConfigurationError(f"`sslnegotiation` parameter must be one of: {words}") from None


def _server_settings(said: Keywords, given: object) -> dict[str, str] | None:
    settings = environment.startup_settings() | said.server_settings()
    if given is not None:
        if not isinstance(given, dict) or not all(
            isinstance(part, str) for pair in cast("dict[object, object]", given).items() for part in pair
        ):
            raise ClientConfigurationError("server_settings is expected to be None or a Dict[str, str]")
        settings |= cast("dict[str, str]", given)
    return settings or None


def _target(name: str) -> SessionAttribute:
    try:
        return SessionAttribute(name)
    except ValueError:
        words = ", ".join(SessionAttribute)
        raise ClientConfigurationError(f"target_session_attrs is expected to be one of {words}, got {name!r}") from None


def _gsslib(name: str) -> str:
    if name not in ("gssapi", "sspi"):
        raise ClientConfigurationError(f"gsslib parameter must be either 'gssapi' or 'sspi', got {name!r}")
    return name
