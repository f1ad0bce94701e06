"""The command `fasterapi`."""

import os
import platform
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from fasterapi._engine import __version__
from fasterapi.config import Config
from fasterapi.errors import ConfigError
from fasterapi.logs import LOG_LEVELS
from fasterapi.server import Server
from fasterapi.signals import end_by

__all__ = ["main"]

if TYPE_CHECKING:
    # Generic for type checkers; not so at run time in older releases of click.
    _Header = click.ParamType[tuple[str, str]]
    _GracePeriod = click.ParamType[float | None]
else:
    _Header = _GracePeriod = click.ParamType

_Function = TypeVar("_Function", bound=Callable[..., Any])

USAGE_ERROR = 2
"""The exit status for a wrong flag or application string."""


def main() -> None:
    """Runs the command line of this process and ends the process."""
    status: object = 0
    try:
        status = commands.main(prog_name="fasterapi", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(USAGE_ERROR)
    except click.ClickException as error:
        click.echo(f"Error: {error.format_message()}{_hint(error)}", err=True)
        sys.exit(error.exit_code)
    except ConfigError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE_ERROR)
    except (KeyboardInterrupt, click.Abort):
        end_by(signal.SIGINT)
    sys.exit(status if isinstance(status, int) else 0)


class HeaderType(_Header):
    """NAME:VALUE; in an environment variable one a line, as values have blanks."""

    name = "NAME:VALUE"
    envvar_list_splitter: ClassVar[str | None] = "\n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Splits at the first colon."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType]
        name, colon, content = str(value).partition(":")
        if not colon or not name.strip():
            self.fail(f'"{value}" must have the form NAME:VALUE', param, ctx)
        return name.strip(), content.strip()


class GracePeriod(_GracePeriod):
    """Seconds, or "none" for no end."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Reads a number, or the word none."""
        if value is None or str(value).lower() == "none":
            return None
        try:
            return float(value)
        except ValueError:
            return self.fail(f'"{value}" must be a number of seconds or "none"', param, ctx)


def print_version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Prints versions and ends."""
    if value and not ctx.resilient_parsing:
        python = f"{platform.python_implementation()} {platform.python_version()}"
        click.echo(f"Running fasterapi {__version__} with {python} on {platform.system()}")
        ctx.exit()


def version_option() -> Callable[[_Function], _Function]:
    """`--version`, on the command and on `run`."""
    return click.option(
        "--version",
        is_flag=True,
        callback=print_version,
        expose_value=False,
        is_eager=True,
        help="Print the versions of FasterAPI and Python, and end.",
    )


@click.group()
@version_option()
def commands() -> None:
    """FasterAPI serves ASGI applications.

    \b
      fasterapi run main:app

    serves the object "app" of the module "main" on http://127.0.0.1:8000.
    """


@commands.command(
    context_settings={"auto_envvar_prefix": "FASTERAPI", "show_default": True, "max_content_width": 100},
    epilog="Every option has an environment variable: FASTERAPI_PORT for --port, FASTERAPI_TIMEOUT_KEEP_ALIVE for "
    "--timeout-keep-alive. The command line wins.",
)
@click.argument("app", envvar="FASTERAPI_APP")
@click.option("--factory", is_flag=True, help="APP is a function without arguments that returns the application.")
@click.option(
    "--app-dir",
    default="",
    show_default="the current folder",
    metavar="PATH",
    help="Look for APP here.",
)
@click.option("--host", default="127.0.0.1", help='Host name or address. "" and "::" are all, IPv4 and IPv6.')
@click.option("--port", type=int, default=8000, help="Port; 0 picks a free one.")
@click.option("--uds", metavar="PATH", help="Unix domain socket, instead of host and port.")
@click.option("--fd", type=int, help="File descriptor of an inherited socket, instead of host and port.")
@click.option("--backlog", type=int, default=2048, help="Connections the kernel keeps waiting.")
@click.option("--loop", default="auto", metavar="[auto|asyncio|uvloop|MODULE:FACTORY]", help="Event loop.")
@click.option("--lifespan", type=click.Choice(["auto", "on", "off"]), default="auto", help="Lifespan protocol.")
@click.option("--root-path", default="", help="Path under which a proxy mounts the application.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    type=HeaderType(),
    envvar="FASTERAPI_HEADER",
    help="Field added to every response. Repeat for more.",
)
@click.option("--server-header/--no-server-header", default=True, help="Send the server header.")
@click.option("--date-header/--no-date-header", default=True, help="Send the date header.")
@click.option(
    "--asgi-spec",
    type=click.Choice(["2.3", "2.4"]),
    default="2.3",
    help="HTTP spec_version for APP; under 2.4 send() raises OSError once the client has left.",
)
@click.option("--timeout-keep-alive", type=float, default=5.0, help="Seconds an idle connection stays open.")
@click.option(
    "--timeout-graceful-shutdown",
    type=GracePeriod(),
    default=30.0,
    help='Seconds that requests under way get at shutdown; "none": no end.',
)
@click.option("--header-timeout", type=float, default=10.0, help="Seconds a client may take for a request's head.")
@click.option("--max-request-line", type=int, default=8192, help="Bytes of a request line.")
@click.option("--max-field", type=int, default=8192, help="Bytes of one header field.")
@click.option("--max-header-block", type=int, default=65536, help="Bytes of all header fields together.")
@click.option("--max-fields", type=int, default=100, help="Number of header fields.")
@click.option("--max-chunk-extension", type=int, default=256, help="Bytes of one chunk's extensions.")
@click.option("--max-chunk-extensions", type=int, default=16384, help="Bytes of all chunk extensions of a message.")
@click.option("--max-trailer-block", type=int, default=8192, help="Bytes of all trailer fields.")
@click.option("--max-trailers", type=int, default=32, help="Number of trailer fields.")
@click.option("--log-config", type=click.Path(), help="Logging configuration: .json, .yaml, else ini.")
@click.option(
    "--log-level", type=click.Choice(list(LOG_LEVELS), case_sensitive=False), help="Log level.  [default: info]"
)
@click.option("--use-colors/--no-use-colors", default=None, help="Colour the log.  [default: on a terminal]")
@click.option("--access-log/--no-access-log", default=True, help="Log requests to stdout.")
@version_option()
def run(app: str, app_dir: str, log_config: str | None, **options: Any) -> None:
    """Serve APP, an ASGI application given as "module:attribute"."""
    sys.path.insert(0, os.path.abspath(app_dir))
    if log_config is not None:
        options["log_config"] = log_config
    Server(Config(app, **options)).run()


def _hint(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return ""
    return f" (try '{error.ctx.command_path} --help')"
