"""What the values of options may be: each wrong one is a ConfigError of one sentence that says what fits."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from os.path import isfile
from typing import Any

from fasterapi.errors import ConfigError
from fasterapi.logs import DefaultLogging

__all__ = [
    "check_address",
    "check_app",
    "check_boolean",
    "check_choice",
    "check_env_file",
    "check_integer",
    "check_log_config",
    "check_loop",
    "check_optional_integer",
    "check_root_path",
    "check_seconds",
    "check_text",
    "check_workers",
    "checked_headers",
    "checked_names",
    "checked_texts",
    "checked_trust",
]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")


def check_app(app: object) -> None:
    """An application or the text that names it."""
    if isinstance(app, str):
        if not app:
            raise ConfigError('app is empty: give "module:attribute", for example "main:app"')
    elif not callable(app):
        raise ConfigError(f'app must be an ASGI application or "module:attribute", not {shown(app)}')


def check_boolean(name: str, value: object) -> None:
    """True or False."""
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, not {shown(value)}")


def check_text(name: str, value: object) -> None:
    """A string that the operating system takes."""
    if not isinstance(value, str) or "\0" in value:
        raise ConfigError(f"{name} must be a string without NUL, not {shown(value)}")


def check_integer(name: str, value: object, low: int, high: int) -> None:
    """An integer within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name} must be an integer from {low} to {high}, not {shown(value)}")


def check_seconds(name: str, value: object) -> None:
    """A number of seconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86400 * 365:
        raise ConfigError(f"{name} must be a number of seconds, 0 or more and at most a year, not {shown(value)}")


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """One of a few words."""
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {shown(value)}")


def check_address(uds: str | PathLike[str] | None, fd: object) -> None:
    """A path or a descriptor, and not both."""
    if uds is not None:
        try:
            path = fspath(uds)
        except TypeError:
            path = ""
        if not path or "\0" in path:
            raise ConfigError(f"uds must be the path of a Unix domain socket, not {shown(uds)}")
    if fd is not None:
        check_integer("fd", fd, 0, 2**31 - 1)
    if uds is not None and fd is not None:
        raise ConfigError("uds and fd exclude each other: give one of them")


def check_loop(loop: object) -> None:
    """A name or a function."""
    if isinstance(loop, str):
        if loop not in ("auto", "asyncio", "uvloop", "zuvloop", "none") and ":" not in loop:
            raise ConfigError(f"loop must be auto, asyncio, uvloop, zuvloop or module:factory, not {shown(loop)}")
    elif not callable(loop):
        raise ConfigError(f"loop must be a name or a function that returns a new event loop, not {shown(loop)}")


def check_root_path(root_path: object) -> None:
    """A path."""
    check_text("root_path", root_path)
    if root_path and not str(root_path).startswith("/"):
        raise ConfigError(f'root_path must begin with "/", not {shown(root_path)}')


def checked_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    """The headers as pairs."""
    pairs: list[tuple[str, str]] = []
    try:
        for name, value in headers:
            pairs.append((name, value))
    except (TypeError, ValueError):
        raise ConfigError(f"headers must be pairs of name and value, not {shown(headers)}") from None
    for name, value in pairs:
        if not isinstance(name, str) or not _TOKEN.match(name):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"headers: {shown(name)} is no header name")
        if not isinstance(value, str) or not _FIELD_VALUE.match(value):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"headers: the value of {name} must be latin-1 text without line breaks")
        if name.lower() in ("content-length", "transfer-encoding", "connection"):
            raise ConfigError(f"headers: {name} belongs to each response and cannot be set for all")
    return tuple(pairs)


def check_env_file(env_file: str | PathLike[str] | None) -> None:
    """A file that exists."""
    try:
        found = env_file is None or isfile(fspath(env_file))
    except (TypeError, ValueError):
        found = False
    if not found:
        raise ConfigError(f"env_file must be the path of a file that exists, not {shown(env_file)}")


def check_log_config(log_config: object) -> None:
    """What `logs.configure` understands."""
    if log_config is not None and not isinstance(log_config, (str, PathLike, Mapping, DefaultLogging)):
        raise ConfigError(f"log_config must be a dictionary or a path, not {shown(log_config)}")


def check_optional_integer(name: str, value: object, low: int, high: int) -> None:
    """An integer within bounds, or None."""
    if value is not None:
        check_integer(name, value, low, high)


def check_workers(workers: object) -> None:
    """One process, for now."""
    if workers is not None:
        check_integer("workers", workers, 1, 2**31 - 1)
    if workers not in (None, 1):
        raise ConfigError(
            f"workers: {workers} processes are not served yet; leave it out and start one process for each core "
            "behind a proxy"
        )


def checked_texts(name: str, value: str | Sequence[str]) -> tuple[str, ...]:
    """Several texts, or one."""
    texts = (value,) if isinstance(value, str) else tuple(value)
    for text in texts:
        check_text(name, text)
    return texts


def checked_trust(peers: object) -> tuple[str, ...] | None:
    """The entries of forwarded_allow_ips: networks as address/length, everything else as given; None stays None."""
    if peers is None:
        return None
    entries: list[Any]
    try:
        entries = peers.split(",") if isinstance(peers, str) else list(peers)  # type: ignore[call-overload]
    except TypeError:
        entries = [None]
    trusted = tuple(_trusted(entry) for entry in entries if entry != "")
    if "*" in trusted and len(trusted) > 1:
        raise ConfigError('forwarded_allow_ips: "*" trusts every peer, so it stands alone')
    return trusted


def checked_names(name: str, value: object, choices: tuple[str, ...]) -> tuple[str, ...]:
    """Words from `choices`, given as words or as one text with commas between them."""
    words: list[Any]
    try:
        words = value.split(",") if isinstance(value, str) else list(value)  # type: ignore[call-overload]
    except TypeError:
        words = [None]
    found = tuple(word.strip() if isinstance(word, str) else word for word in words if word != "")
    for word in found:
        if word not in choices:
            raise ConfigError(f"{name} may name {', '.join(choices)}, not {shown(word)}")
    return found


def _trusted(entry: object) -> str:
    if not isinstance(entry, str):
        raise ConfigError(f"forwarded_allow_ips must be addresses, networks, paths or *, not {shown(entry)}")
    text = entry.strip()
    address, slash, _ = text.partition("/")
    try:
        return str(ipaddress.ip_network(text) if slash else ipaddress.ip_address(text))
    except ValueError:
        pass
    if slash and _is_address(address):
        raise ConfigError(f'forwarded_allow_ips: "{text}" is no network: {_network_hint(text)}')
    return text


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _network_hint(text: str) -> str:
    try:
        return f"write {ipaddress.ip_network(text, strict=False)}"
    except ValueError:
        return "write address/length, for example 10.0.0.0/8"


def shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
