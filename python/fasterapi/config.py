"""Every option of the server, checked once."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from os import PathLike, fspath
from typing import Any, Literal, TypeAlias, TypedDict

from fasterapi.errors import ConfigError
from fasterapi.logs import DEFAULT, DefaultLogging, LogConfig, level_number
from fasterapi.loops import LoopFactory

__all__ = ["Application", "Config", "Options"]

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application: `await app(scope, receive, send)`."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")
_MEBIBYTE = 1024 * 1024


class Options(TypedDict, total=False):
    """The keyword arguments of `Config`, and so of `run()` and `serve()`."""

    factory: bool
    host: str
    port: int
    uds: str | PathLike[str] | None
    fd: int | None
    backlog: int
    loop: str | LoopFactory
    lifespan: Literal["auto", "on", "off"]
    root_path: str
    headers: Iterable[tuple[str, str]]
    server_header: bool
    date_header: bool
    asgi_spec: Literal["2.3", "2.4"]
    timeout_keep_alive: float
    timeout_graceful_shutdown: float | None
    header_timeout: float
    max_request_line: int
    max_field: int
    max_header_block: int
    max_fields: int
    max_chunk_extension: int
    max_chunk_extensions: int
    max_trailer_block: int
    max_trailers: int
    log_config: LogConfig
    log_level: str | int | None
    use_colors: bool | None
    access_log: bool
    install_signal_handlers: bool


@dataclass(frozen=True, slots=True)
class Config:
    """What is served, where and how. Wrong values raise ConfigError, each with one sentence that says what fits."""

    app: Application | Callable[[], Application] | str
    """An ASGI application, or "module:attribute"."""

    _: KW_ONLY

    factory: bool = False
    """`app` is a function without arguments that returns the application."""

    host: str = "127.0.0.1"
    """A host name or address; "" and "::" are every address of the machine, IPv4 and IPv6."""

    port: int = 8000
    """0 picks a free port."""

    uds: str | PathLike[str] | None = None
    """The path of a Unix domain socket, instead of host and port."""

    fd: int | None = None
    """An inherited socket's file descriptor, instead of host and port."""

    backlog: int = 2048
    """Connections the kernel keeps waiting to be accepted."""

    loop: str | LoopFactory = "auto"
    """auto, asyncio, uvloop, "module:factory" or a function; only `run()` makes a loop."""

    lifespan: Literal["auto", "on", "off"] = "auto"
    """Whether the application is told of start and end; auto: if it understands."""

    root_path: str = ""
    """The path under which a proxy mounts the application."""

    headers: Iterable[tuple[str, str]] = ()
    """Fields added to every response."""

    server_header: bool = True
    date_header: bool = True

    asgi_spec: Literal["2.3", "2.4"] = "2.3"
    """Under 2.4 `send()` raises OSError once the client has left; under 2.3 it does nothing."""

    timeout_keep_alive: float = 5.0
    """Seconds an idle connection stays open."""

    timeout_graceful_shutdown: float | None = 30.0
    """Seconds that requests under way get at shutdown before they are cancelled; None: no end."""

    header_timeout: float = 10.0
    """Seconds a client may take for a request's head."""

    max_request_line: int = 8192
    max_field: int = 8192
    max_header_block: int = 65536
    max_fields: int = 100
    max_chunk_extension: int = 256
    max_chunk_extensions: int = 16384
    max_trailer_block: int = 8192
    max_trailers: int = 32

    log_config: LogConfig = DEFAULT
    """A dictionary for `logging.config`, or a path (.json, .yaml, else ini). None leaves logging alone."""

    log_level: str | int | None = None
    """critical, error, warning, info, debug, trace, or a number."""

    use_colors: bool | None = None
    """None: if the stream is a terminal."""

    access_log: bool = True

    install_signal_handlers: bool = True
    """SIGINT and SIGTERM end the server, if it runs in the main thread."""

    def __post_init__(self) -> None:
        _check_app(self.app)
        for name in _BOOLEANS:
            _check_boolean(name, getattr(self, name))
        if self.use_colors is not None:
            _check_boolean("use_colors", self.use_colors)
        _check_text("host", self.host)
        for name, (low, high) in _INTEGERS.items():
            _check_integer(name, getattr(self, name), low, high)
        for name in ("timeout_keep_alive", "header_timeout"):
            _check_seconds(name, getattr(self, name))
        if self.timeout_graceful_shutdown is not None:
            _check_seconds("timeout_graceful_shutdown", self.timeout_graceful_shutdown)
        if self.header_timeout == 0:
            raise ConfigError("header_timeout must be more than 0 seconds")
        if self.max_field > self.max_header_block:
            raise ConfigError(
                f"max_field ({self.max_field}) must not be more than max_header_block ({self.max_header_block})"
            )
        _check_choice("lifespan", self.lifespan, ("auto", "on", "off"))
        _check_choice("asgi_spec", self.asgi_spec, ("2.3", "2.4"))
        _check_address(self.uds, self.fd)
        _check_loop(self.loop)
        _check_root_path(self.root_path)
        object.__setattr__(self, "headers", _checked_headers(self.headers))
        level_number(self.log_level)
        _check_log_config(self.log_config)

    def encoded_headers(self) -> list[tuple[bytes, bytes]]:
        """`headers` as they stand in a response."""
        return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in self.headers]


_BOOLEANS = ("factory", "server_header", "date_header", "access_log", "install_signal_handlers")

_INTEGERS = {
    "port": (0, 65535),
    "backlog": (1, 2**31 - 1),
    "max_request_line": (16, 16 * _MEBIBYTE),
    "max_field": (16, 16 * _MEBIBYTE),
    "max_header_block": (16, 64 * _MEBIBYTE),
    "max_fields": (1, 65535),
    "max_chunk_extension": (0, _MEBIBYTE),
    "max_chunk_extensions": (0, 64 * _MEBIBYTE),
    "max_trailer_block": (0, 64 * _MEBIBYTE),
    "max_trailers": (0, 65535),
}


def _check_app(app: object) -> None:
    if isinstance(app, str):
        if not app:
            raise ConfigError('app is empty: give "module:attribute", for example "main:app"')
    elif not callable(app):
        raise ConfigError(f'app must be an ASGI application or "module:attribute", not {_shown(app)}')


def _check_boolean(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be True or False, not {_shown(value)}")


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or "\0" in value:
        raise ConfigError(f"{name} must be a string without NUL, not {_shown(value)}")


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigError(f"{name} must be an integer from {low} to {high}, not {_shown(value)}")


def _check_seconds(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 86400 * 365:
        raise ConfigError(f"{name} must be a number of seconds, 0 or more and at most a year, not {_shown(value)}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {_shown(value)}")


def _check_address(uds: str | PathLike[str] | None, fd: object) -> None:
    if uds is not None:
        try:
            path = fspath(uds)
        except TypeError:
            path = ""
        if not path or "\0" in path:
            raise ConfigError(f"uds must be the path of a Unix domain socket, not {_shown(uds)}")
    if fd is not None:
        _check_integer("fd", fd, 0, 2**31 - 1)
    if uds is not None and fd is not None:
        raise ConfigError("uds and fd exclude each other: give one of them")


def _check_loop(loop: object) -> None:
    if isinstance(loop, str):
        if loop not in ("auto", "asyncio", "uvloop") and ":" not in loop:
            raise ConfigError(f"loop must be auto, asyncio, uvloop or module:factory, not {_shown(loop)}")
    elif not callable(loop):
        raise ConfigError(f"loop must be a name or a function that returns a new event loop, not {_shown(loop)}")


def _check_root_path(root_path: object) -> None:
    _check_text("root_path", root_path)
    if root_path and not str(root_path).startswith("/"):
        raise ConfigError(f'root_path must begin with "/", not {_shown(root_path)}')


def _checked_headers(headers: Any) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    try:
        for name, value in headers:
            pairs.append((name, value))
    except (TypeError, ValueError):
        raise ConfigError(f"headers must be pairs of name and value, not {_shown(headers)}") from None
    for name, value in pairs:
        if not isinstance(name, str) or not _TOKEN.match(name):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"headers: {_shown(name)} is no header name")
        if not isinstance(value, str) or not _FIELD_VALUE.match(value):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigError(f"headers: the value of {name} must be latin-1 text without line breaks")
        if name.lower() in ("content-length", "transfer-encoding", "connection"):
            raise ConfigError(f"headers: {name} belongs to each response and cannot be set for all")
    return tuple(pairs)


def _check_log_config(log_config: object) -> None:
    if log_config is not None and not isinstance(log_config, (str, PathLike, Mapping, DefaultLogging)):
        raise ConfigError(f"log_config must be a dictionary or a path, not {_shown(log_config)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
