"""SIGINT and SIGTERM while a server runs."""

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

__all__ = ["HANDLED_SIGNALS", "Signals", "end_by"]

HANDLED_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Puts one handler on both signals, and the former ones back."""

    def __init__(self, handler: Callable[[int, FrameType | None], None]) -> None:
        self.captured: list[int] = []
        self._handler = handler
        self._former: dict[int, Any] = {}

    def install(self) -> None:
        """Installs the handler; does nothing outside the main thread, where Python allows no handlers."""
        if threading.current_thread() is not threading.main_thread():
            return
        # signal.signal and not loop.add_signal_handler: it works on every loop, and the bound method that libraries
        # look for is what signal.getsignal returns.
        for number in HANDLED_SIGNALS:
            self._former.setdefault(number, signal.signal(number, self._handler))

    def restore(self) -> None:
        """Puts the former handlers back."""
        while self._former:
            number, former = self._former.popitem()
            signal.signal(number, former if former is not None else signal.SIG_DFL)

    def raise_captured(self) -> None:
        """Lets the former handlers see what was captured, so that the process ends as its parent expects."""
        if self.captured:
            _flush()
        while self.captured:
            signal.raise_signal(self.captured.pop())


def end_by(number: signal.Signals) -> None:
    """Ends this process as the signal would: at once, without waiting for threads that do not end."""
    _flush()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _flush() -> None:
    """Writes out what a process that dies by a signal would lose."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
