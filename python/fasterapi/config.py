"""Every option of the server, checked once."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from os import PathLike
from typing import Any, Literal, TypeAlias, TypedDict

from fasterapi.checks import (
    check_address,
    check_app,
    check_boolean,
    check_choice,
    check_env_file,
    check_integer,
    check_log_config,
    check_loop,
    check_optional_integer,
    check_root_path,
    check_seconds,
    check_text,
    check_workers,
    checked_headers,
    checked_names,
    checked_texts,
    checked_trust,
)
from fasterapi.errors import ConfigError
from fasterapi.logs import DEFAULT, LogConfig, level_number
from fasterapi.loops import LoopFactory
from fasterapi.substitutes import check_http, check_interface, check_websocket

__all__ = ["Application", "Config", "Options"]

Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application: `await app(scope, receive, send)`."""

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
    http: str
    ws: str
    ws_max_size: int
    ws_max_queue: int
    ws_ping_interval: float | None
    ws_ping_timeout: float | None
    ws_per_message_deflate: bool
    ws_deflate_memory: int
    lifespan: Literal["auto", "on", "off"]
    interface: Literal["auto", "asgi3", "asgi2", "wsgi"]
    env_file: str | PathLike[str] | None
    workers: int | None
    root_path: str
    proxy_headers: bool
    forwarded_allow_ips: str | Iterable[str] | None
    forwarded_headers: str | Iterable[str]
    headers: Iterable[tuple[str, str]]
    server_header: bool
    date_header: bool
    asgi_spec: Literal["2.3", "2.4"]
    reset_contextvars: bool
    limit_concurrency: int | None
    limit_max_requests: int | None
    limit_max_requests_jitter: int
    timeout_keep_alive: float
    timeout_graceful_shutdown: float | None
    timeout_worker_healthcheck: float
    header_timeout: float
    max_request_line: int
    max_field: int
    max_header_block: int
    max_fields: int
    max_chunk_extension: int
    max_chunk_extensions: int
    max_trailer_block: int
    max_trailers: int
    h11_max_incomplete_event_size: int | None
    log_config: LogConfig
    log_level: str | int | None
    use_colors: bool | None
    access_log: bool
    install_signal_handlers: bool
    reload: bool
    reload_dirs: Sequence[str]
    reload_includes: Sequence[str]
    reload_excludes: Sequence[str]
    reload_delay: float


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
    """auto, asyncio, uvloop, zuvloop, none, "module:factory" or a function; only `run()` makes a loop."""

    http: str = "auto"
    """auto, h11, httptools or zttp: each is the engine's own HTTP/1."""

    ws: str = "auto"
    """none refuses WebSockets; auto, websockets, websockets-sansio and wsproto are the engine's own."""

    ws_max_size: int = 16 * _MEBIBYTE
    """Bytes of one WebSocket message, inflated."""

    ws_max_queue: int = 32
    """Messages read ahead of the application."""

    ws_ping_interval: float | None = 20.0
    """Seconds between pings; None or 0: none are sent."""

    ws_ping_timeout: float | None = 20.0
    """Seconds a pong may take; None or 0: no end."""

    ws_per_message_deflate: bool = True
    """Whether messages are compressed where the client offers it."""

    ws_deflate_memory: int = 32 * _MEBIBYTE
    """Bytes of compressors, for all connections together."""

    lifespan: Literal["auto", "on", "off"] = "auto"
    """Whether the application is told of start and end; auto: if it understands."""

    interface: Literal["auto", "asgi3", "asgi2", "wsgi"] = "auto"
    """What kind of application `app` is; auto looks at its arguments."""

    env_file: str | PathLike[str] | None = None
    """A file of NAME=VALUE lines for the environment, read before the application is imported."""

    workers: int | None = None
    """1; None: what the environment's WEB_CONCURRENCY says."""

    root_path: str = ""
    """The path under which a proxy mounts the application."""

    proxy_headers: bool = True
    """Whether trusted peers may tell client and scheme by X-Forwarded-For and X-Forwarded-Proto."""

    forwarded_allow_ips: str | Iterable[str] | None = None
    """The trusted peers: addresses, networks, paths, with commas between them, or *. None: what the environment's
    FORWARDED_ALLOW_IPS says, or else this machine."""

    forwarded_headers: str | Iterable[str] = ("for", "proto")
    """Which X-Forwarded headers are believed: for, proto, host, port, prefix."""

    headers: Iterable[tuple[str, str]] = ()
    """Fields added to every response."""

    server_header: bool = True
    date_header: bool = True

    asgi_spec: Literal["2.3", "2.4"] = "2.3"
    """Under 2.4 `send()` raises OSError once the client has left; under 2.3 it does nothing."""

    reset_contextvars: bool = False
    """Requests begin with empty context variables, instead of those with which the server was started."""

    limit_concurrency: int | None = None
    """With so many connections or requests under way, new requests are answered 503."""

    limit_max_requests: int | None = None
    """Requests after which the server ends."""

    limit_max_requests_jitter: int = 0
    """At most so many are added to `limit_max_requests`, by chance."""

    timeout_keep_alive: float = 5.0
    """Seconds an idle connection stays open."""

    timeout_graceful_shutdown: float | None = 30.0
    """Seconds that requests under way get at shutdown before they are cancelled; None: no end."""

    timeout_worker_healthcheck: float = 5.0
    """Seconds a worker process may take to answer; one process asks nobody."""

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

    h11_max_incomplete_event_size: int | None = None
    """Uvicorn's one limit for a head: sets max_request_line, max_field and max_header_block."""

    log_config: LogConfig = DEFAULT
    """A dictionary for `logging.config`, or a path (.json, .yaml, else ini). None leaves logging alone."""

    log_level: str | int | None = None
    """critical, error, warning, info, debug, trace, or a number."""

    use_colors: bool | None = None
    """None: if the stream is a terminal."""

    access_log: bool = True

    install_signal_handlers: bool = True
    """SIGINT and SIGTERM end the server, if it runs in the main thread."""

    reload: bool = False
    """A new process serves whenever a file changes; only `run()` reloads, and `app` must be a string."""

    reload_dirs: Sequence[str] = ()
    """Folders to watch instead of the current one."""

    reload_includes: Sequence[str] = ()
    """Patterns of files to watch besides *.py, and folders."""

    reload_excludes: Sequence[str] = ()
    """Patterns of files not to watch besides .*, .py[cod], .sw.* and ~*, and folders."""

    reload_delay: float = 0.25
    """Seconds without another change after which a change has its effect."""

    def __post_init__(self) -> None:
        check_app(self.app)
        for name in _BOOLEANS:
            check_boolean(name, getattr(self, name))
        if self.use_colors is not None:
            check_boolean("use_colors", self.use_colors)
        check_text("host", self.host)
        if self.h11_max_incomplete_event_size is not None:
            self._limit_head(self.h11_max_incomplete_event_size)
        for name, (low, high) in _INTEGERS.items():
            check_integer(name, getattr(self, name), low, high)
        for name in ("limit_concurrency", "limit_max_requests"):
            check_optional_integer(name, getattr(self, name), 1, 2**31 - 1)
        for name in ("timeout_keep_alive", "timeout_worker_healthcheck", "header_timeout", "reload_delay"):
            check_seconds(name, getattr(self, name))
        for name in ("timeout_graceful_shutdown", "ws_ping_interval", "ws_ping_timeout"):
            if getattr(self, name) is not None:
                check_seconds(name, getattr(self, name))
        if self.header_timeout == 0:
            raise ConfigError("header_timeout must be more than 0 seconds")
        if self.max_field > self.max_header_block:
            raise ConfigError(
                f"max_field ({self.max_field}) must not be more than max_header_block ({self.max_header_block})"
            )
        check_choice("lifespan", self.lifespan, ("auto", "on", "off"))
        check_choice("asgi_spec", self.asgi_spec, ("2.3", "2.4"))
        check_http(self.http)
        check_websocket(self.ws)
        check_interface(self.interface)
        check_workers(self.workers)
        check_address(self.uds, self.fd)
        check_loop(self.loop)
        check_root_path(self.root_path)
        check_env_file(self.env_file)
        object.__setattr__(self, "headers", checked_headers(self.headers))
        object.__setattr__(self, "forwarded_allow_ips", checked_trust(self.forwarded_allow_ips))
        names = checked_names("forwarded_headers", self.forwarded_headers, _FORWARDED_HEADERS)
        object.__setattr__(self, "forwarded_headers", names)
        for name in ("reload_dirs", "reload_includes", "reload_excludes"):
            object.__setattr__(self, name, checked_texts(name, getattr(self, name)))
        level_number(self.log_level)
        check_log_config(self.log_config)

    def encoded_headers(self) -> list[tuple[bytes, bytes]]:
        """`headers` as they stand in a response."""
        return [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in self.headers]

    def _limit_head(self, size: int) -> None:
        check_integer("h11_max_incomplete_event_size", size, 16, 16 * _MEBIBYTE)
        for name in ("max_request_line", "max_field", "max_header_block"):
            object.__setattr__(self, name, size)


_BOOLEANS = (
    "factory",
    "server_header",
    "date_header",
    "access_log",
    "install_signal_handlers",
    "ws_per_message_deflate",
    "proxy_headers",
    "reset_contextvars",
    "reload",
)

_FORWARDED_HEADERS = ("for", "proto", "host", "port", "prefix")

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
    "ws_max_size": (1, 2**31 - 1),
    "ws_max_queue": (1, 65535),
    "ws_deflate_memory": (0, 2**40),
    "limit_max_requests_jitter": (0, 2**31 - 1),
}
