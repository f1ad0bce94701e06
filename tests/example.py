"""An example of the tree, served by the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from running import Command
from wire import PATIENCE

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@dataclass
class Served:
    """A client of the example, and what the command has printed to stderr, once it has ended."""

    client: httpx.Client
    printed: str = ""


@contextmanager
def example(application: str, **variables: str) -> Iterator[Served]:
    """Serves `application` for the block."""
    with Command(EXAMPLES, application, "--app-dir", str(EXAMPLES), "--no-access-log", fds=(), **variables) as command:
        address = command.until(r"http://127\.0\.0\.1:\d+")[0]
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            served = Served(client)
            yield served
        command.process.terminate()
        served.printed = command.end()[2]
