"""`fasterapi dev`: reload, a log for people, and an application that is found."""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from socket import socket

from fasterapi import devlog, logs
from fasterapi._engine import __version__
from fasterapi.config import Config
from fasterapi.discovery import application_name
from fasterapi.listening import Listeners
from fasterapi.logs import DefaultLogging
from fasterapi.reload import Reloader, shown
from fasterapi.serving import ServingServer

__all__ = ["DevReloader", "serve"]

_logger = logging.getLogger("fasterapi")


class DevReloader(Reloader):
    """The process that watches. Its lines have the look of this log, unless the user configured another."""

    entry: str = "fasterapi.dev:serve"

    def __init__(self, config: Config) -> None:
        self._is_plain = isinstance(config.log_config, DefaultLogging)
        if self._is_plain:
            devlog.install(config.use_colors, logs.level_number(config.log_level))
            config = replace(config, log_config=None)
        super().__init__(config)

    def announce(self, listeners: Listeners) -> None:
        """The address and the folders, in a block of their own."""
        if not self._is_plain:
            super().announce(listeners)
            return
        colored = devlog.is_colored(sys.stderr, self.config.use_colors)
        rows = [("Address", name) for name in listeners.names]
        rows += [("Watching", str(folder)) for folder in self.watch.folders]
        title = devlog.paint(f"FasterAPI {__version__}", "1;32", colored)
        lines = [f"  {title}, development server; Ctrl-C ends it"]
        lines += [f"  {devlog.paint(f'{name:9}', '2', colored)} {value}" for name, value in rows]
        print("", *lines, "", sep="\n", file=sys.stderr, flush=True)

    def announce_change(self, paths: Sequence[Path]) -> None:
        """One short line."""
        if self._is_plain:
            _logger.info("Changed: %s", shown(paths))
        else:
            super().announce_change(paths)


class DevServer(ServingServer):
    """The process that serves. The attribute of `config.app` may be missing: it is found."""

    def __init__(self, config: Config) -> None:
        self._begun = time.perf_counter()
        self._docs: str | None = None
        self._is_plain = config.log_config is None
        if self._is_plain:
            devlog.install(config.use_colors, logs.level_number(config.log_level))
        super().__init__(replace(config, access_log=config.access_log and not self._is_plain))
        self._is_timed = self._is_plain and config.access_log

    def load(self) -> None:
        """Imports the application and puts the log before it."""
        app = self.config.app
        if isinstance(app, str) and ":" not in app:
            self.config: Config = replace(self.config, app=f"{app}:{application_name(app)}")
        super().load()
        self._docs = self._docs or _docs_path(self._app)
        if self._app is not None and self._is_timed:
            self._app = devlog.Timed(self._app)
            self._is_timed = False

    def _log_addresses(self, listeners: Listeners) -> None:
        if not self._is_plain:
            return
        seconds = time.perf_counter() - self._begun
        address = listeners.names[0]
        docs = f", documentation at {address}{self._docs}" if self._docs and address.startswith("http") else ""
        _logger.info("Serving %s after %.2f s%s", self.config.app, seconds, docs)


def serve(config: Config, sockets: Sequence[socket]) -> None:
    """What the serving process runs."""
    DevServer(config).run(sockets)


def _docs_path(app: object) -> str | None:
    """Where a FastAPI application shows its documentation."""
    path = getattr(app, "docs_url", None) if getattr(app, "openapi_url", None) else None
    return path if isinstance(path, str) else None
