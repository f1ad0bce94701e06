"""The flags of a served application: one list, in the order of `--help`."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from fasterapi.cli.refused import refusals
from fasterapi.cli.types import HeaderType, SecondsType, WordsType
from fasterapi.logs import LOG_LEVELS

__all__ = ["HeaderOption", "reload_option", "server_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class HeaderOption(click.Option):
    """`--header`; of its variables uvicorn's has blanks between headers, ours line breaks."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """One header a line."""
        value = super().resolve_envvar_value(ctx)
        names = [self.envvar] if isinstance(self.envvar, str) else list(self.envvar or ())
        found = next((name for name in names if os.environ.get(name)), "")
        return "\n".join(value.split()) if value is not None and found.startswith("UVICORN_") else value


def _option(*names: str, variables: tuple[str, ...] = (), **attributes: Any) -> _Decorator:
    """A flag with its environment variables: ours, then uvicorn's."""
    name = names[0].partition("/")[0].removeprefix("--").upper().replace("-", "_")
    return click.option(*names, envvar=variables or (f"FASTERAPI_{name}", f"UVICORN_{name}"), **attributes)


_OPTIONS = (
    _option("--factory", is_flag=True, help="APP is a function without arguments that returns the application."),
    _option("--app-dir", default="", show_default="the current folder", metavar="PATH", help="Look for APP here."),
    _option("--host", default="127.0.0.1", help='Host name or address. "" and "::" are all, IPv4 and IPv6.'),
    _option("--port", type=int, default=8000, help="Port; 0 picks a free one."),
    _option("--uds", metavar="PATH", help="Unix domain socket, instead of host and port."),
    _option("--fd", type=int, help="File descriptor of an inherited socket, instead of host and port."),
    _option("--backlog", type=int, default=2048, help="Connections the kernel keeps waiting."),
    _option("--workers", type=int, help="Processes; 1 for now.  [default: $WEB_CONCURRENCY, or 1]"),
    _option(
        "--env-file",
        type=click.Path(exists=True, dir_okay=False),
        metavar="PATH",
        help="NAME=VALUE lines for the environment.",
    ),
    _option("--loop", default="auto", metavar="[auto|asyncio|uvloop|zuvloop|MODULE:FACTORY]", help="Event loop."),
    _option("--http", default="auto", metavar="[auto|h11|httptools|zttp]", help="The engine's own, by any name."),
    _option(
        "--ws",
        default="auto",
        metavar="[auto|none|websockets|websockets-sansio|wsproto]",
        help="none refuses WebSockets; the others are the engine's own.",
    ),
    _option("--ws-max-size", type=int, default=16777216, help="Bytes of one WebSocket message, inflated."),
    _option("--ws-max-queue", type=int, default=32, help="WebSocket messages read ahead of the application."),
    _option("--ws-ping-interval", type=SecondsType(), default=20.0, help='Seconds between pings; "none": none.'),
    _option("--ws-ping-timeout", type=SecondsType(), default=20.0, help='Seconds a pong may take; "none": no end.'),
    _option("--ws-per-message-deflate", type=bool, default=True, help="Compress messages where the client offers it."),
    _option("--ws-deflate-memory", type=int, default=33554432, help="Bytes of compressors, for all connections."),
    _option("--lifespan", type=click.Choice(["auto", "on", "off"]), default="auto", help="Lifespan protocol."),
    _option(
        "--interface",
        type=click.Choice(["auto", "asgi3", "asgi2", "wsgi"]),
        default="auto",
        help="Kind of application; wsgi is refused.",
    ),
    _option("--root-path", default="", help="Path under which a proxy mounts the application."),
    _option(
        "--proxy-headers/--no-proxy-headers",
        default=True,
        help="Take client and scheme from X-Forwarded-For and X-Forwarded-Proto of trusted peers.",
    ),
    _option(
        "--forwarded-allow-ips",
        metavar="PEERS",
        help="Trusted peers: addresses, networks, paths, or *.  [default: $FORWARDED_ALLOW_IPS, or 127.0.0.1,::1]",
    ),
    _option(
        "--forwarded-headers",
        type=WordsType("for", "proto", "host", "port", "prefix"),
        default=("for", "proto"),
        show_default="for,proto",
        help="X-Forwarded headers that are believed: for, proto, host, port, prefix.",
    ),
    _option(
        "--header",
        "headers",
        multiple=True,
        type=HeaderType(),
        cls=HeaderOption,
        variables=("FASTERAPI_HEADER", "UVICORN_HEADERS"),
        help="Field added to every response. Repeat for more.",
    ),
    _option("--server-header/--no-server-header", default=True, help="Send the server header."),
    _option("--date-header/--no-date-header", default=True, help="Send the date header."),
    _option(
        "--asgi-spec",
        type=click.Choice(["2.3", "2.4"]),
        default="2.3",
        help="HTTP spec_version for APP; under 2.4 send() raises OSError once the client has left.",
    ),
    _option("--reset-contextvars", is_flag=True, help="Begin each request with empty context variables."),
    _option(
        "--limit-concurrency", type=int, help="Connections or requests under way, from which on new requests get 503."
    ),
    _option("--limit-max-requests", type=int, help="Requests after which the server ends."),
    _option("--limit-max-requests-jitter", type=int, default=0, help="At most so many more, by chance."),
    _option("--timeout-keep-alive", type=float, default=5.0, help="Seconds an idle connection stays open."),
    _option(
        "--timeout-graceful-shutdown",
        type=SecondsType(),
        default=30.0,
        help='Seconds that requests under way get at shutdown; "none": no end.',
    ),
    _option("--timeout-worker-healthcheck", type=float, default=5.0, help="Seconds a worker may take to answer."),
    _option("--header-timeout", type=float, default=10.0, help="Seconds a client may take for a request's head."),
    _option("--max-request-line", type=int, default=8192, help="Bytes of a request line."),
    _option("--max-field", type=int, default=8192, help="Bytes of one header field."),
    _option("--max-header-block", type=int, default=65536, help="Bytes of all header fields together."),
    _option("--max-fields", type=int, default=100, help="Number of header fields."),
    _option("--max-chunk-extension", type=int, default=256, help="Bytes of one chunk's extensions."),
    _option("--max-chunk-extensions", type=int, default=16384, help="Bytes of all chunk extensions of a message."),
    _option("--max-trailer-block", type=int, default=8192, help="Bytes of all trailer fields."),
    _option("--max-trailers", type=int, default=32, help="Number of trailer fields."),
    _option("--h11-max-incomplete-event-size", type=int, help="One limit for line, field and block of a head."),
    _option("--log-config", type=click.Path(), help="Logging configuration: .json, .yaml, else ini."),
    _option(
        "--log-level", type=click.Choice(list(LOG_LEVELS), case_sensitive=False), help="Log level.  [default: info]"
    ),
    _option("--use-colors/--no-use-colors", default=None, help="Colour the log.  [default: on a terminal]"),
    _option("--access-log/--no-access-log", default=True, help="Log requests to stdout."),
    _option(
        "--reload-dir",
        "reload_dirs",
        multiple=True,
        type=click.Path(),
        variables=("FASTERAPI_RELOAD_DIR", "UVICORN_RELOAD_DIRS"),
        help="Watch this folder instead of the current one. Repeat for more.",
    ),
    _option(
        "--reload-include",
        "reload_includes",
        multiple=True,
        variables=("FASTERAPI_RELOAD_INCLUDE", "UVICORN_RELOAD_INCLUDES"),
        help="Watch files of this pattern too, or this folder. Repeat for more.  [default: *.py]",
    ),
    _option(
        "--reload-exclude",
        "reload_excludes",
        multiple=True,
        variables=("FASTERAPI_RELOAD_EXCLUDE", "UVICORN_RELOAD_EXCLUDES"),
        help="Do not watch files of this pattern, or this folder. Repeat for more.  [default: .* .py[cod] .sw.* ~*]",
    ),
    _option(
        "--reload-delay",
        type=float,
        default=0.25,
        help="Seconds without another change after which one has its effect.",
    ),
)

_RELOAD = _option("--reload", is_flag=True, help="Serve anew whenever a file changes.")


def server_options(function: _Function) -> _Function:
    """Gives a command every flag of the server, but for `--reload`."""
    for option in reversed((*_OPTIONS, *refusals())):
        option(function)
    return function


def reload_option(function: _Function) -> _Function:
    """Gives a command `--reload`."""
    _RELOAD(function)
    return function
