"""SIGINT and SIGTERM while a server runs."""

import asyncio
import signal
import socket
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
        self._alarm: _Alarm | None = None

    def install(self) -> None:
        """Installs the handler; does nothing outside the main thread, where Python allows no handlers."""
        if threading.current_thread() is not threading.main_thread():
            return
        # signal.signal and not loop.add_signal_handler: it works on every loop, and the bound method that libraries
        # look for is what signal.getsignal returns.
        for number in HANDLED_SIGNALS:
            self._former.setdefault(number, signal.signal(number, self._handler))
        if self._alarm is None:
            self._alarm = _Alarm.of_running_loop()

    def restore(self) -> None:
        """Puts the former handlers back."""
        if self._alarm is not None:
            self._alarm.close()
            self._alarm = None
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


class _Alarm:
    """Wakes the loop when a signal comes.

    Python runs handlers between two of its own steps. A signal that comes just before the loop begins to wait, or that
    the system gives to another thread, would be seen when something else ends the wait: perhaps never.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._receiver, self._sender = socket.socketpair()
        for end in (self._receiver, self._sender):
            end.setblocking(False)
        self._is_set = False

    @classmethod
    def of_running_loop(cls) -> "_Alarm | None":
        """The alarm of the running loop; none where there is no loop, or where it has one of its own."""
        try:
            alarm = cls(asyncio.get_running_loop())
        except RuntimeError:
            return None
        if alarm._set():
            return alarm
        alarm.close()
        return None

    def close(self) -> None:
        """Ends it, on a loop that runs no more as well."""
        if self._is_set:
            current = signal.set_wakeup_fd(-1)
            if current != self._sender.fileno():
                signal.set_wakeup_fd(current)
            if not self._loop.is_closed():
                self._loop.remove_reader(self._receiver)
        self._is_set = False
        self._receiver.close()
        self._sender.close()

    def _set(self) -> bool:
        former = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        if former != -1:
            # uvloop, the Proactor loop, and any loop with add_signal_handler have set theirs.
            signal.set_wakeup_fd(former)
            return False
        self._is_set = True
        try:
            self._loop.add_reader(self._receiver, self._drain)
        except NotImplementedError:
            self._is_set = False
            signal.set_wakeup_fd(-1)
        return self._is_set

    def _drain(self) -> None:
        with suppress(BlockingIOError, InterruptedError):
            while self._receiver.recv(4096):
                pass


def _flush() -> None:
    """Writes out what a process that dies by a signal would lose."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
