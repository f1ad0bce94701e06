"""Listening sockets: by host name and port, by path, or inherited."""

import errno
import os
import socket
import stat
from collections.abc import Sequence
from typing import Any

from fasterapi.config import Config
from fasterapi.errors import ConfigError, StartupError

__all__ = ["Listeners"]

_Address = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


class Listeners:
    """The sockets of one server: bound at once, so that a taken address is known before the application starts."""

    def __init__(self, config: Config, sockets: Sequence[socket.socket] | None = None) -> None:
        self.sockets: list[socket.socket]
        self.names: list[str]
        self._backlog = config.backlog
        self._uds: str | None = None
        self._uds_identity: tuple[int, int] | None = None
        if sockets is not None:
            self.sockets = list(sockets)
            self.names = [_described(one) for one in self.sockets]
        elif config.fd is not None:
            self.sockets = [_inherited(config.fd)]
            self.names = [f"socket {self.sockets[0].getsockname()}"]
        elif config.uds is not None:
            self._uds = os.fspath(config.uds)
            self.sockets = [self._bind_path(self._uds)]
            self.names = [f"unix socket {self._uds}"]
        else:
            self.sockets = _bind_all(config.host, config.port)
            self.names = [_url(config.host, self.sockets[0].getsockname()[1])]

    def listen(self) -> None:
        """Lets clients connect. Two programs may have bound one port; the second to get here is told."""
        for one in self.sockets:
            one.setblocking(False)
            try:
                if not _is_listening(one):
                    one.listen(self._backlog)
            except OSError as error:
                raise _explained(error, *_host_and_port(one)) from error

    def close(self) -> None:
        """Closes the sockets and removes the path, if it is still this server's."""
        for one in self.sockets:
            one.close()
        if self._uds is not None and self._uds_identity == _identity(self._uds):
            os.unlink(self._uds)
        self._uds = None

    def _bind_path(self, path: str) -> socket.socket:
        permissions = _remove_stale(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(path)
            os.chmod(path, permissions)
        except OSError as error:
            listener.close()
            raise StartupError(f'cannot listen on the Unix socket "{path}": {error.strerror or error}') from error
        self._uds_identity = _identity(path)
        return listener


def _bind_all(host: str, port: int) -> list[socket.socket]:
    """One socket for each address of `host`, all on one port."""
    addresses = _addresses(host, port)
    attempts = 1 if port or len(addresses) == 1 else 16
    while True:
        attempts -= 1
        bound: list[socket.socket] = []
        try:
            for family, address in addresses:
                if bound:
                    address = (address[0], bound[0].getsockname()[1], *address[2:])
                bound.append(_bind(family, address))
        except OSError as error:
            for one in bound:
                one.close()
            # Port 0 was free for the first address and taken for a later one: let the kernel pick again.
            if attempts and bound and error.errno == errno.EADDRINUSE:
                continue
            raise _explained(error, host, port) from error
        return bound


def _bind(family: socket.AddressFamily, address: tuple[str | int, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has a socket of its own, so that applications never see ::ffff:127.0.0.1.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def _addresses(host: str, port: int) -> list[_Address]:
    if host in ("", "::"):
        everywhere: list[_Address] = [(socket.AF_INET, ("0.0.0.0", port))]
        if _has_ipv6():
            everywhere.append((socket.AF_INET6, ("::", port, 0, 0)))
        elif host:
            raise StartupError('host "::": this machine has no IPv6; use 0.0.0.0')
        return everywhere
    try:
        infos = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        reason = error.strerror if isinstance(error, socket.gaierror) else str(error)
        raise StartupError(f'host "{host}" cannot be resolved: {reason}') from error
    found: list[_Address] = []
    for family, _, _, _, address in infos:
        if family in (socket.AF_INET, socket.AF_INET6) and (family, address) not in found:
            found.append((family, address))  # type: ignore[arg-type]
    usable = [one for one in found if one[0] != socket.AF_INET6 or _has_ipv6()]
    if not usable:
        raise StartupError(f'host "{host}" has only IPv6 addresses and this machine has no IPv6')
    return usable


def _has_ipv6() -> bool:
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _explained(error: OSError, host: str, port: int) -> StartupError:
    if error.errno == errno.EADDRINUSE:
        return StartupError(
            f'port {port} on "{host}" is already in use: stop the program that listens there, '
            "or choose another port (--port; 0 picks a free one)"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return StartupError(f"port {port} needs more privileges than this process has: choose a port from 1024 up")
    if error.errno == errno.EADDRNOTAVAIL:
        return StartupError(f'host "{host}" is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all')
    return StartupError(f'cannot listen on "{host}" port {port}: {error.strerror or error}')


def _remove_stale(path: str) -> int:
    """Removes a socket file that nobody listens on; returns the permissions the new one gets."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return 0o666
    except OSError as error:
        raise StartupError(f'cannot listen on the Unix socket "{path}": {error.strerror}') from error
    if not stat.S_ISSOCK(mode):
        raise StartupError(f'"{path}" exists and is no socket: remove it or choose another path for --uds')
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return stat.S_IMODE(mode)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                raise StartupError(f'cannot listen on the Unix socket "{path}": {error.strerror}') from error
    raise StartupError(
        f'the Unix socket "{path}" is already in use: stop the program that listens there, or choose another path'
    )


def _inherited(fd: int) -> socket.socket:
    try:
        listener = socket.socket(fileno=os.dup(fd))
    except OSError as error:
        raise ConfigError(f"fd {fd} is no open socket: {error.strerror}") from error
    if listener.type != socket.SOCK_STREAM:
        listener.close()
        raise ConfigError(f"fd {fd} is no stream socket")
    return listener


def _is_listening(listener: socket.socket) -> bool:
    return hasattr(socket, "SO_ACCEPTCONN") and bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _described(listener: socket.socket) -> str:
    host, port = _host_and_port(listener)
    return f"unix socket {host}" if listener.family == socket.AF_UNIX else _url(host, port)


def _host_and_port(listener: socket.socket) -> tuple[str, int]:
    name: Any = listener.getsockname()
    return (str(name), 0) if listener.family == socket.AF_UNIX else (str(name[0]), int(name[1]))


def _url(host: str, port: int) -> str:
    shown = host.strip("[]") or "0.0.0.0"
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
