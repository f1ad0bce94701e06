"""Where servers are: hosts, addresses and ports, as lists that belong together."""

import os
import re
from collections.abc import Sequence
from typing import NamedTuple, Self
from urllib.parse import unquote

from fasterapi.pg.exceptions import ClientConfigurationError

__all__ = ["Address", "Host", "TcpAddress", "default_hosts", "join_ports", "parse_hosts", "parse_ports"]

_BRACKETS = re.compile(r"\[([^\]]+)\](?::([^:]*))?\Z")


class TcpAddress(tuple[str, int]):
    """A host and a port; with the address to go to where that is known, which does not count when two are compared."""

    ip: str | None

    def __new__(cls, host: str, port: int, ip: str | None = None) -> Self:
        made = super().__new__(cls, (host, port))
        made.ip = ip
        return made

    def __getnewargs__(self) -> tuple[str, int, str | None]:
        return self[0], self[1], self.ip


Address = tuple[str, int] | str
"""A host and a port, or the path of a socket."""


class Host(NamedTuple):
    """A host as it is written, with the port that stands at it."""

    name: str
    port: int | None = None

    def address(self, port: int, ip: str | None) -> Address:
        """Where to connect to."""
        if not self.name.startswith("/"):
            return (self.name, port) if ip is None else TcpAddress(self.name, port, ip)
        return self.name if ".s.PGSQL." in self.name else os.path.join(self.name, f".s.PGSQL.{port}")


def default_hosts() -> list[Host]:
    """Where a server on this machine listens: the directories of sockets that are in use, then TCP."""
    return [Host(name) for name in ("/run/postgresql", "/var/run/postgresql", "/tmp", "/private/tmp", "localhost")]


def parse_hosts(text: str, *, quoted: bool = False) -> list[Host]:
    """Hosts between commas, each with a port behind a colon where it has one; `quoted` as in the front of a URI."""
    hosts: list[Host] = []
    for part in text.split(","):
        name, port = _parted(part)
        if quoted:
            name, port = unquote(name), unquote(port)
        if name:
            hosts.append(Host(name, _port(port) if port else None))
        else:
            hosts += [host._replace(port=_port(port) if port else None) for host in default_hosts()]
    return hosts


def parse_ports(port: str | int | Sequence[str | int]) -> list[int | None]:
    """One port or several; an empty one between commas stands for the default."""
    if isinstance(port, str):
        return [_port(part) if part else None for part in port.split(",")]
    return [_port(port)] if isinstance(port, int) else [_port(part) for part in port]


def join_ports(ports: list[int | None], count: int) -> list[int | None]:
    """A port for every host: as many as there are hosts, or one for all."""
    if len(ports) == 1:
        return ports * count
    if len(ports) != count:
        raise ClientConfigurationError(f"could not match {len(ports)} port numbers to {count} hosts")
    return ports


def _parted(text: str) -> tuple[str, str]:
    if text.startswith("/"):
        return text, ""
    if text.startswith("["):
        found = _BRACKETS.match(text)
        if found is None:
            raise ClientConfigurationError(f"invalid IPv6 address in the connection URI: {text!r}")
        return found[1], found[2] or ""
    if text.count(":") > 1:
        return text, ""
    name, _, port = text.partition(":")
    return name, port


def _port(port: str | int) -> int:
    try:
        number = int(port)
    except ValueError:
        number = 0
    if not 1 <= number <= 65535:
        raise ClientConfigurationError(f'invalid port number "{port}": give one from 1 to 65535')
    return number
