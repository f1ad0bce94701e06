"""The flags of a served application: one list, in the order of `--help`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from fasterapi.cli.types import HeaderType, SecondsType
from fasterapi.logs import LOG_LEVELS

__all__ = ["server_options"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
    click.option("--factory", is_flag=True, help="APP is a function without arguments that returns the application."),
    click.option(
        "--app-dir", default="", show_default="the current folder", metavar="PATH", help="Look for APP here."
    ),
    click.option("--host", default="127.0.0.1", help='Host name or address. "" and "::" are all, IPv4 and IPv6.'),
    click.option("--port", type=int, default=8000, help="Port; 0 picks a free one."),
    click.option("--uds", metavar="PATH", help="Unix domain socket, instead of host and port."),
    click.option("--fd", type=int, help="File descriptor of an inherited socket, instead of host and port."),
    click.option("--backlog", type=int, default=2048, help="Connections the kernel keeps waiting."),
    click.option("--loop", default="auto", metavar="[auto|asyncio|uvloop|MODULE:FACTORY]", help="Event loop."),
    click.option("--lifespan", type=click.Choice(["auto", "on", "off"]), default="auto", help="Lifespan protocol."),
    click.option("--root-path", default="", help="Path under which a proxy mounts the application."),
    click.option(
        "--header",
        "headers",
        multiple=True,
        type=HeaderType(),
        envvar="FASTERAPI_HEADER",
        help="Field added to every response. Repeat for more.",
    ),
    click.option("--server-header/--no-server-header", default=True, help="Send the server header."),
    click.option("--date-header/--no-date-header", default=True, help="Send the date header."),
    click.option(
        "--asgi-spec",
        type=click.Choice(["2.3", "2.4"]),
        default="2.3",
        help="HTTP spec_version for APP; under 2.4 send() raises OSError once the client has left.",
    ),
    click.option("--timeout-keep-alive", type=float, default=5.0, help="Seconds an idle connection stays open."),
    click.option(
        "--timeout-graceful-shutdown",
        type=SecondsType(),
        default=30.0,
        help='Seconds that requests under way get at shutdown; "none": no end.',
    ),
    click.option("--header-timeout", type=float, default=10.0, help="Seconds a client may take for a request's head."),
    click.option("--max-request-line", type=int, default=8192, help="Bytes of a request line."),
    click.option("--max-field", type=int, default=8192, help="Bytes of one header field."),
    click.option("--max-header-block", type=int, default=65536, help="Bytes of all header fields together."),
    click.option("--max-fields", type=int, default=100, help="Number of header fields."),
    click.option("--max-chunk-extension", type=int, default=256, help="Bytes of one chunk's extensions."),
    click.option("--max-chunk-extensions", type=int, default=16384, help="Bytes of all chunk extensions of a message."),
    click.option("--max-trailer-block", type=int, default=8192, help="Bytes of all trailer fields."),
    click.option("--max-trailers", type=int, default=32, help="Number of trailer fields."),
    click.option("--log-config", type=click.Path(), help="Logging configuration: .json, .yaml, else ini."),
    click.option(
        "--log-level", type=click.Choice(list(LOG_LEVELS), case_sensitive=False), help="Log level.  [default: info]"
    ),
    click.option("--use-colors/--no-use-colors", default=None, help="Colour the log.  [default: on a terminal]"),
    click.option("--access-log/--no-access-log", default=True, help="Log requests to stdout."),
)


def server_options(function: _Function) -> _Function:
    """Gives a command every flag of the server."""
    for option in reversed(_OPTIONS):
        option(function)
    return function
