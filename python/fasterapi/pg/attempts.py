"""Attempts to connect that failed: where, at which stage, and why."""

import ssl
from collections.abc import Sequence
from enum import StrEnum

from fasterapi.pg.exceptions import ConnectionDoesNotExistError
from fasterapi.pg.hosts import Address

__all__ = ["Stage", "goes_on", "located", "summary"]


class Stage(StrEnum):
    """How far an attempt came: the engine leaves it on what it raises, as `_stage`."""

    connect = "connect"
    """TCP, or the socket."""
    request = "request"
    """The server was asked for TLS."""
    handshake = "handshake"
    """TLS."""
    plain = "plain"
    """The first message is sent without TLS; the server has not said that it knows the user."""
    encrypted = "encrypted"
    """The same over TLS."""
    authenticated = "authenticated"
    """The server knows the user."""

    @classmethod
    def of(cls, error: BaseException) -> "Stage":
        """The stage at which this was raised."""
        return cls(getattr(error, "_stage", cls.authenticated))


_BEFORE_TLS = (Stage.request, Stage.handshake)


def goes_on(error: Exception) -> bool:
    """Whether another address may do: nobody is there, or nobody who speaks before the user is known."""
    if isinstance(error, ConnectionDoesNotExistError):
        return Stage.of(error) is not Stage.authenticated
    return isinstance(error, OSError) or Stage.of(error) in _BEFORE_TLS


def located(error: Exception, address: Address, ip: str | None) -> Exception:
    """The same error, with the server's place in its text."""
    if Stage.of(error) in _BEFORE_TLS and not isinstance(error, OSError) and not isinstance(address, str):
        # Nothing can be believed that comes before TLS, not even that this is a server.
        text = f'PostgreSQL server at "{address[0]}:{address[1]}": {error}'
        return ConnectionError(text).with_traceback(error.__traceback__)
    place = f"connection to server {_place(address, ip)} failed"
    if not _plain(error):
        error.add_note(place)
        return error
    return _renamed(error, f"{place}: {_reason(error)}")


def summary(errors: Sequence[Exception]) -> Exception:
    """One error for all attempts: of the last one's kind, with every reason."""
    last = errors[-1]
    if len(errors) == 1:
        return last
    if _plain(last):
        return _renamed(last, "; ".join(dict.fromkeys(_reason(error) for error in errors)))
    for error in errors[:-1]:
        last.add_note(f"before: {_reason(error)}")
    return last


def _place(address: Address, ip: str | None) -> str:
    if isinstance(address, str):
        return f'on socket "{address}"'
    host, port = address
    return f'at "{host}", port {port}' if ip in (None, host) else f'at "{host}" ({ip}), port {port}'


def _plain(error: Exception) -> bool:
    """Whether it is one of the system's errors, which are made of a number and a text."""
    return isinstance(error, OSError) and not isinstance(error, ssl.SSLError)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or ("timeout expired" if isinstance(error, TimeoutError) else type(error).__name__)


def _renamed(error: Exception, text: str) -> Exception:
    number = getattr(error, "errno", None)
    made = type(error)(text) if number is None else type(error)(number, text)
    made.__dict__.update(error.__dict__)
    made.__cause__ = error.__cause__
    return made.with_traceback(error.__traceback__)
