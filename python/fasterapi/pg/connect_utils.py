"""Making connections: addresses one after another, with and without TLS, until a server will do."""

import asyncio
import inspect
import ipaddress
import random
import socket
from collections.abc import Sequence
from typing import Any

from fasterapi.pg import protocol
from fasterapi.pg.attempts import Stage, goes_on, located, summary
from fasterapi.pg.exceptions import (
    CannotConnectNowError,
    ConnectionDoesNotExistError,
    InvalidAuthorizationSpecificationError,
    InvalidPasswordError,
    PostgresError,
    ProtocolError,
    TargetServerAttributeNotMatched,
)
from fasterapi.pg.hosts import Address, TcpAddress
from fasterapi.pg.parameters import (
    ClientConfiguration,
    ConnectionParameters,
    SessionAttribute,
    parse_connect_dsn_and_args,
)
from fasterapi.pg.session_attributes import can_use_connection
from fasterapi.pg.tls import SSLMode, SSLNegotiation, TlsContext

__all__ = [
    "SSLMode",
    "SSLNegotiation",
    "SessionAttribute",
    "_SSL_REQUEST_CODE",
    "_ClientConfiguration",
    "_ConnectionParameters",
    "_can_use_connection",
    "_cancel",
    "_connect",
    "_connect_addr",
    "_parse_connect_arguments",
    "_parse_connect_dsn_and_args",
]

_SSL_REQUEST_CODE = 80877103

_ClientConfiguration = ClientConfiguration
_ConnectionParameters = ConnectionParameters
_can_use_connection = can_use_connection
_parse_connect_dsn_and_args = parse_connect_dsn_and_args


class _NobodyError(Exception):
    """The host is there, but it takes nobody now, or nobody stands behind it: on to the next one."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def _parse_connect_arguments(
    *,
    command_timeout: float | None,
    statement_cache_size: int,
    max_cached_statement_lifetime: float,
    max_cacheable_statement_size: int,
    **parameters: Any,
) -> tuple[list[Address], ConnectionParameters, ClientConfiguration]:
    """The addresses, what to connect with, and what the client does then."""
    sizes = {
        "statement_cache_size": statement_cache_size,
        "max_cached_statement_lifetime": max_cached_statement_lifetime,
        "max_cacheable_statement_size": max_cacheable_statement_size,
    }
    for name, value in sizes.items():
        if not _is_number(value) or value < 0:
            raise ValueError(f"{name} is expected to be greater or equal to 0, got {value!r}")
    addresses, params = _parse_connect_dsn_and_args(**parameters)
    config = ClientConfiguration(
        _command_timeout(command_timeout),
        statement_cache_size,
        max_cached_statement_lifetime,
        max_cacheable_statement_size,
    )
    return addresses, params, config


async def _connect(
    *, loop: asyncio.AbstractEventLoop | None, connection_class: Any, record_class: Any, **kwargs: Any
) -> Any:
    """A connection to the first server that answers and is of the kind asked for."""
    addresses, params, config = _parse_connect_arguments(**kwargs)
    wanted = params.target_session_attrs
    refused: list[Any] = []
    errors: list[Exception] = []
    chosen = None
    try:
        for address in _in_turn(addresses, params):
            try:
                connection = await _connect_addr(
                    addr=address,
                    loop=loop or asyncio.get_running_loop(),
                    params=params,
                    config=config,
                    connection_class=connection_class,
                    record_class=record_class,
                )
                refused.append(connection)
                if await _can_use_connection(connection, wanted):
                    chosen = connection
                    break
            except (OSError, _NobodyError) as error:
                errors.append(error.error if isinstance(error, _NobodyError) else error)
        if chosen is None and refused and wanted is SessionAttribute.prefer_standby:
            chosen = random.choice(refused)
    finally:
        # At once: the way out of a server that will not do must not keep the one that will.
        for connection in refused:
            if connection is not chosen:
                connection.terminate()
    if chosen is not None:
        return chosen
    if errors:
        raise summary(errors)
    raise TargetServerAttributeNotMatched(f"None of the hosts match the target attribute requirement {wanted!r}")


async def _connect_addr(
    *,
    addr: Address,
    loop: asyncio.AbstractEventLoop,
    params: ConnectionParameters,
    config: ClientConfiguration,
    connection_class: Any,
    record_class: Any,
) -> Any:
    """A connection to one host, at the first of its addresses that answers."""
    password = await _password(params, addr)
    errors: list[Exception] = []
    for place, ip in await _places(addr, params, loop):
        attempt = _Attempt(loop, addr, place, ip, params._replace(password=password), record_class)
        try:
            opened = await attempt.run()
        except (OSError, ConnectionDoesNotExistError, ProtocolError) as error:
            if not goes_on(error):
                raise
            errors.append(located(error, addr, ip))
            continue
        except CannotConnectNowError as error:
            if Stage.of(error) is Stage.authenticated:
                raise
            raise _NobodyError(error) from error
        try:
            there = addr if isinstance(addr, str) else TcpAddress(*addr, ip)
            connection = connection_class(opened, opened.transport, loop, there, config, params)
            opened.set_connection(connection)
        except BaseException:
            opened.abort()
            raise
        return connection
    reason = summary(errors)
    raise reason if isinstance(reason, OSError) else _NobodyError(reason)


async def _cancel(
    *,
    loop: asyncio.AbstractEventLoop,
    addr: Address,
    params: ConnectionParameters,
    backend_pid: int,
    backend_secret: bytes,
) -> None:
    """Asks the server to stop what the session is doing, and waits until it has heard."""
    place, ip = (await _places(addr, params, loop))[0]
    # Where TLS is used only if nothing else works, this needs none: the key is good for nothing but this.
    mode = SSLMode.disable if params.sslmode is SSLMode.allow else params.sslmode
    try:
        await protocol.Protocol.cancel(
            loop,
            place,
            pid=backend_pid,
            secret=backend_secret,
            timeout=params.connect_timeout,
            **_tls_options(params, addr, mode),
        )
    except OSError as error:
        raise located(error, addr, ip) from error.__cause__


class _Attempt:
    """An attempt at one address: one or two openings, as the mode of TLS allows."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        addr: Address,
        place: Address,
        ip: str | None,
        params: ConnectionParameters,
        record_class: Any,
    ) -> None:
        self.loop = loop
        self.addr = addr
        self.place = place
        self.ip = ip
        self.params = params
        self.record_class = record_class

    async def run(self) -> Any:
        mode = SSLMode.disable if isinstance(self.addr, str) else self.params.sslmode
        try:
            return await self.open(SSLMode.disable if mode is SSLMode.allow else mode)
        except (OSError, PostgresError) as error:
            other = _other_way(mode, error)
            if other is None:
                raise
            first = error
        try:
            return await self.open(other)
        except BaseException as error:
            error.__cause__ = first
            if _says_more(first, error):
                raise first from None
            raise

    async def open(self, mode: SSLMode) -> Any:
        params = self.params
        return await protocol.Protocol.open(
            self.loop,
            self.place,
            user=params.user,
            password=params.password,
            database=params.database,
            server_settings=params.server_settings or {},
            channel_binding=params.channel_binding or "prefer",
            require_auth=set(params.require_auth) if params.require_auth is not None else None,
            min_protocol=params.min_protocol or "3.0",
            max_protocol=params.max_protocol or "3.0",
            keepalives=params.keepalives,
            tcp_user_timeout=params.tcp_user_timeout,
            record_class=self.record_class,
            timeout=params.connect_timeout,
            **_tls_options(params, self.addr, mode),
        )


def _tls_options(params: ConnectionParameters, addr: Address, mode: SSLMode) -> dict[str, Any]:
    if isinstance(addr, str) or mode is SSLMode.disable:
        return {"tls": None, "sslmode": "disable", "direct_tls": False, "server_hostname": None}
    context = params.ssl
    return {
        "tls": (context.engine or context) if isinstance(context, TlsContext) else context,
        "sslmode": mode.word,
        "direct_tls": params.ssl_negotiation is SSLNegotiation.direct,
        "server_hostname": None if params.sslsni is False and mode is not SSLMode.verify_full else addr[0],
    }


def _other_way(mode: SSLMode, error: Exception) -> SSLMode | None:
    """With TLS where it was without and the other way round, as long as the server has not let the user in."""
    if isinstance(error, CannotConnectNowError):
        return None
    stage = Stage.of(error)
    if mode is SSLMode.allow and stage is Stage.plain and isinstance(error, PostgresError):
        return SSLMode.require
    if mode is SSLMode.prefer:
        failed = stage is Stage.handshake and not isinstance(error, TimeoutError)
        if failed or (stage is Stage.encrypted and isinstance(error, PostgresError)):
            return SSLMode.disable
    return None


def _says_more(first: Exception, second: BaseException) -> bool:
    """A wrong password explains what is wrong better than a server that wants the other way of connecting."""
    return (
        isinstance(first, InvalidPasswordError)
        and not isinstance(second, InvalidPasswordError)
        and isinstance(second, (InvalidAuthorizationSpecificationError, ConnectionDoesNotExistError))
    )


async def _password(params: ConnectionParameters, addr: Address) -> str | None:
    password = params.password
    if params.passwords is not None:
        return params.passwords.get(addr)
    if password is None or isinstance(password, str):
        return password
    given = password()
    return await given if inspect.isawaitable(given) else given


async def _places(
    addr: Address, params: ConnectionParameters, loop: asyncio.AbstractEventLoop
) -> Sequence[tuple[Address, str | None]]:
    """Where the host is: a socket, or the addresses that its name stands for."""
    if isinstance(addr, str):
        return [(addr, None)]
    host, port = addr
    ip = addr.ip if isinstance(addr, TcpAddress) else None
    if ip is None and _is_ip(host):
        ip = host
    if ip is not None:
        return [((ip, port), ip)]
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise socket.gaierror(
            error.errno, f'could not translate host name "{host}" to address: {error.strerror}'
        ) from None
    ips = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    if params.load_balance_hosts == "random":
        random.shuffle(ips)
    return [((ip, port), ip) for ip in ips]


def _in_turn(addresses: list[Address], params: ConnectionParameters) -> list[Address]:
    return random.sample(addresses, len(addresses)) if params.load_balance_hosts == "random" else addresses


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _command_timeout(value: object) -> float | None:
    if value is None:
        return None
    try:
        seconds = 0.0 if isinstance(value, bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = 0.0
    if seconds <= 0:
        raise ValueError(f"invalid command_timeout value: expected greater than 0 float (got {value!r})")
    return seconds
