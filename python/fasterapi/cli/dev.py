"""`fasterapi dev`."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from fasterapi.cli.options import server_options
from fasterapi.cli.version import version_option
from fasterapi.config import Config

__all__ = ["dev"]


@click.command(
    context_settings={"show_default": True, "max_content_width": 100},
    epilog="Every option has an environment variable, as with fasterapi run.",
)
@click.argument("app", required=False, envvar=("FASTERAPI_APP", "UVICORN_APP"))
@server_options
@version_option()
def dev(app: str | None, app_dir: str, log_config: str | None, **options: Any) -> None:
    """Serve APP while you work on it: it is served anew whenever a file changes.

    APP is "main.py", "package/main.py", "main:app" or "package.main". Without it main.py, app.py or api.py is looked
    for, here and in app/. The application in it is found.
    """
    from fasterapi.dev import DevReloader
    from fasterapi.discovery import place

    found = place(app, Path(os.path.abspath(app_dir)))
    sys.path.insert(0, str(found.folder))
    if log_config is not None:
        options["log_config"] = log_config
    DevReloader(Config(found.app, reload=True, **options)).run()
