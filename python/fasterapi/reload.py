"""Reload: a process that holds the sockets and watches the files, and the process that serves."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from fasterapi import logs
from fasterapi.config import Config
from fasterapi.environment import one_worker
from fasterapi.errors import ConfigError, StartupError
from fasterapi.listening import Listeners
from fasterapi.server import STARTUP_FAILURE
from fasterapi.serving import ServingProcess
from fasterapi.signals import Signals
from fasterapi.watching import Watch, load_watchfiles

__all__ = ["Reloader", "shown"]

_STOP_DEADLINE = 5.0
"""Seconds that requests under way get before a reload: an event stream must not hold up whoever edits."""

_LONGEST_BURST = 10
"""How many times the reload delay a burst of changes may last."""


class Reloader:
    """Serves an application in a process of its own, and in a new one whenever a file changes.

        changed ------> stop the old process ------> start a new one ----+
           ^                                                             |
           +---- wait for a change, the process's end or a signal <------+

    The sockets are bound once and stay open: who connects between two processes waits in the kernel's backlog and is
    served by the new one.
    """

    entry: str = "fasterapi.serving:serve"
    """What the serving process runs."""

    def __init__(self, config: Config) -> None:
        if not isinstance(config.app, str):
            raise ConfigError('reload needs the application as a string, for example "main:app"')
        load_watchfiles()
        one_worker(config.workers)
        deadline = config.timeout_graceful_shutdown
        self.config: Config = replace(
            config, timeout_graceful_shutdown=_STOP_DEADLINE if deadline is None else min(deadline, _STOP_DEADLINE)
        )
        self.watch: Watch = Watch(config.reload_dirs, config.reload_includes, config.reload_excludes)
        self._events: SimpleQueue[list[Path] | ServingProcess | Exception | None] = SimpleQueue()
        self._signals = Signals(self._handle_signal)
        self._process: ServingProcess | None = None
        level = logs.level_number(config.log_level)
        logs.configure(config.log_config, level, config.use_colors)
        self._logger = logs.error_logger(config.log_config, level, config.use_colors)

    def run(self) -> None:
        """Serves until SIGINT or SIGTERM. Exits the process with status 3 where the address is not to be had."""
        try:
            listeners = Listeners(self.config)
            with self._signals_handled(), closing(listeners):
                listeners.listen()
                _accept_with_data(listeners.sockets)
                self.announce(listeners)
                self._watch_and_serve(listeners.sockets)
        except StartupError as error:
            self._logger.error("%s", error)
            sys.exit(STARTUP_FAILURE)
        self._logger.info("Stopping reloader process [%d]", os.getpid())

    def announce(self, listeners: Listeners) -> None:
        """Tells what is served where and what is watched."""
        folders = ", ".join(f"'{folder}'" for folder in self.watch.folders)
        self._logger.info("Will watch for changes in these directories: [%s]", folders)
        for name in listeners.names:
            self._logger.info("FasterAPI running on %s (Press CTRL+C to quit)", name)
        self._logger.info("Started reloader process [%d] using WatchFiles", os.getpid())

    def announce_change(self, paths: Sequence[Path]) -> None:
        """Tells which files changed."""
        self._logger.warning("WatchFiles detected changes in %s. Reloading...", shown(paths))

    @contextmanager
    def _signals_handled(self) -> Generator[None]:
        self._signals.install()
        try:
            yield
        finally:
            self._signals.restore()

    def _watch_and_serve(self, sockets: Sequence[socket.socket]) -> None:
        stop = threading.Event()
        watcher = threading.Thread(target=self._watch_files, args=(stop,), name="fasterapi watch", daemon=True)
        watcher.start()
        try:
            self._serve(sockets)
        finally:
            stop.set()
            if self._process is not None:
                self._process.stop(self._deadline())
            watcher.join()

    def _serve(self, sockets: Sequence[socket.socket]) -> None:
        while not self._signals.captured:
            event = self._events.get()
            if isinstance(event, ServingProcess):
                self._report_end(event)
            elif isinstance(event, Exception):
                raise StartupError(f"files cannot be watched: {event}") from event
            elif event is not None:
                self._restart(self._burst(event), sockets)

    def _restart(self, paths: list[Path], sockets: Sequence[socket.socket]) -> None:
        if paths:
            self.announce_change(paths)
        if self._process is not None:
            self._process.stop(self._deadline())
        if not self._signals.captured:
            self._process = ServingProcess(self.entry, self.config, sockets, self._events.put)

    def _burst(self, paths: list[Path]) -> list[Path]:
        """These changes and those that follow within the delay of one another."""
        found = dict.fromkeys(paths)
        for _ in range(_LONGEST_BURST if paths else 0):
            try:
                event = self._events.get(timeout=self.config.reload_delay)
            except Empty:
                break
            if isinstance(event, list):
                found.update(dict.fromkeys(event))
            elif isinstance(event, ServingProcess):
                self._report_end(event)
            else:
                self._events.put(event)
                break
        return list(found)

    def _report_end(self, process: ServingProcess) -> None:
        if process is not self._process:
            return  # It was told to end.
        self._process = None
        if self._signals.captured:
            return
        status = process.status or 0
        if status == STARTUP_FAILURE:
            self._logger.warning("The server did not start; it is tried again at the next change.")
            return
        how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self._logger.warning("Server process [%d] %s; it is started again at the next change.", process.pid, how)

    def _deadline(self) -> float:
        """Seconds after which a process that was told to stop is late: its requests' time, and the lifespan's."""
        return (self.config.timeout_graceful_shutdown or 0.0) + _STOP_DEADLINE

    def _handle_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals.captured.append(number)
        self._events.put(None)
        if len(self._signals.captured) > 1 and self._process is not None:
            self._process.force()

    def _watch_files(self, stop: threading.Event) -> None:
        try:
            for paths in self.watch.changes(stop):
                self._events.put(paths)
        except Exception as error:
            self._events.put(error)


def _accept_with_data(sockets: Sequence[socket.socket]) -> None:
    """Lets clients reach the process with their request only, so that none stops between the two.

    A connection that was accepted and has not asked yet would be closed with the process that accepted it.
    """
    if hasattr(socket, "TCP_DEFER_ACCEPT"):
        for one in sockets:
            if one.family != socket.AF_UNIX:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)


def shown(paths: Sequence[Path]) -> str:
    """Files as the user sees them."""
    here = Path.cwd()
    return ", ".join(f"'{path.relative_to(here) if path.is_relative_to(here) else path}'" for path in paths)
