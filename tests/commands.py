"""The command in a process of its own, and what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from wire import PATIENCE, Reply, Wire


class Command:
    """A running Python process whose output, both streams together, is read line by line."""

    def __init__(
        self, folder: Path, *arguments: str, fds: tuple[int, ...] = (), variables: Mapping[str, str] | None = None
    ) -> None:
        unset = ("FASTERAPI_", "WATCHFILES_", "NO_COLOR", "FORCE_COLOR")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=fds,
            env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **(variables or {})},
        )
        self.lines: list[str] = []
        self._address: tuple[str, int] | None = None

    def until(self, pattern: str) -> re.Match[str]:
        """Reads up to a line that has the pattern."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"{pattern!r} did not come: {''.join(self.lines)}")

    def count(self, pattern: str) -> int:
        """How many of the lines read so far have the pattern."""
        return sum(1 for line in self.lines if re.search(pattern, line))

    def address(self) -> tuple[str, int]:
        """Host and port; waits until they are told."""
        if self._address is None:
            found = self.until(r"http://([\d.]+):(\d+)")
            self._address = found[1], int(found[2])
        return self._address

    def ask(self, target: str = "/") -> Reply:
        with Wire(self.address()) as wire:
            return wire.ask("GET", target)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends a signal and waits for the end; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Reads to the end; the exit status."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        self.lines += out.splitlines(keepends=True)
        return self.process.returncode

    @property
    def output(self) -> str:
        """All lines read so far."""
        return "".join(self.lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
