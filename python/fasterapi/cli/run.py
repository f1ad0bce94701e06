"""`fasterapi run`."""

import os
import sys
from typing import Any

import click

from fasterapi import server
from fasterapi.cli.options import reload_option, server_options
from fasterapi.cli.version import version_option

__all__ = ["run"]


@click.command(
    context_settings={"show_default": True, "max_content_width": 100},
    epilog="Every option has an environment variable: FASTERAPI_PORT for --port, FASTERAPI_TIMEOUT_KEEP_ALIVE for "
    "--timeout-keep-alive; then UVICORN_PORT and so on. The command line wins.",
)
@click.argument("app", envvar=("FASTERAPI_APP", "UVICORN_APP"))
@server_options
@reload_option
@version_option()
def run(app: str, app_dir: str, log_config: str | None, **options: Any) -> None:
    """Serve APP, an ASGI application given as "module:attribute"."""
    sys.path.insert(0, os.path.abspath(app_dir))
    if log_config is not None:
        options["log_config"] = log_config
    server.run(app, **options)
