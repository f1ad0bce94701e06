"""The group of commands, and how each ends."""

import signal
import sys

import click

from fasterapi.cli.dev import dev
from fasterapi.cli.run import run
from fasterapi.cli.version import version_option
from fasterapi.errors import ConfigError
from fasterapi.signals import end_by

__all__ = ["commands", "main"]

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


@click.group()
@version_option()
def commands() -> None:
    """FasterAPI serves ASGI applications.

    \b
      fasterapi run main:app

    serves the object "app" of the module "main" on http://127.0.0.1:8000.

    \b
      fasterapi dev

    finds the application, and serves it anew whenever a file changes.
    """


commands.add_command(run)
commands.add_command(dev)


def _hint(error: click.ClickException) -> str:
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return ""
    return f" (try '{error.ctx.command_path} --help')"
