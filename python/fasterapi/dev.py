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

    entry = "fasterapi.dev:serve"

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
    """The process that serves."""

    def __init__(self, config: Config, begun: float) -> None:
        super().__init__(replace(config, access_log=False))
        self._begun = begun
        self.load()
        self._docs = _docs_path(self._app)
        if config.access_log and self._app is not None:
            self._app = devlog.Timed(self._app)

    def _log_addresses(self, listeners: Listeners) -> None:
        seconds = time.perf_counter() - self._begun
        address = listeners.names[0]
        docs = f", documentation at {address}{self._docs}" if self._docs and address.startswith("http") else ""
        _logger.info("Serving %s after %.2f s%s", self.config.app, seconds, docs)


def serve(config: Config, sockets: Sequence[socket]) -> None:
    """What the serving process runs. `config.app` may be a module without an attribute."""
    begun = time.perf_counter()
    is_plain = config.log_config is None
    if is_plain:
        devlog.install(config.use_colors, logs.level_number(config.log_level))
    if isinstance(config.app, str) and ":" not in config.app:
        config = replace(config, app=f"{config.app}:{application_name(config.app)}")
    server = DevServer(config, begun) if is_plain else ServingServer(config)
    server.run(sockets)


def _docs_path(app: object) -> str | None:
    """Where a FastAPI application shows its documentation."""
    path = getattr(app, "docs_url", None) if getattr(app, "openapi_url", None) else None
    return path if isinstance(path, str) else None
