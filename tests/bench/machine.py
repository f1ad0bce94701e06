"""The machine under the figures: they mean something only beside it."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    processor: str
    cores: int
    kernel: str

    @classmethod
    def here(cls) -> "Machine":
        processor = platform.machine()
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
        return cls(processor, len(os.sched_getaffinity(0)), platform.release())


class NotEnoughCores(Exception):
    """Server and client need a core each."""


def cores() -> tuple[int, int]:
    """The server's core and the client's: the last two this process may use, the first ones serve interrupts."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        raise NotEnoughCores("server and client need a core each, and this process may use only one")
    return allowed[-1], allowed[-2]


def load_average() -> float:
    return os.getloadavg()[0]
