"""The load generator: built once, run on the client's core, read line by line."""

import json
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import CACHE, Unavailable, run
from server import pinned

SOURCE = Path(__file__).resolve().parent / "load"


@dataclass(frozen=True)
class Answers:
    """What the load generator counted."""

    requests: int
    errors: int
    wrong: int
    reconnects: int
    seconds: float
    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float
    fault: str | None

    @property
    def right(self) -> bool:
        return self.requests > 0 and not self.errors and not self.wrong


class Load:
    """One run of the generator: warmed up and silent, until told to go on."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def line(self) -> str:
        assert self.process.stdout is not None
        if line := self.process.stdout.readline().decode():
            return line
        assert self.process.stderr is not None
        raise Unavailable(self.process.stderr.read().decode().strip() or "the load generator ended")

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def answers(self) -> Answers:
        fields: dict[str, Any] = json.loads(self.line())
        return Answers(**fields)


@contextmanager
def loading(binary: Path, arguments: Sequence[str], core: int) -> Generator[Load, None, None]:
    pipe = subprocess.PIPE
    with pinned([str(binary), *arguments], core, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        yield Load(process)


def built() -> Path:
    target = CACHE / "load"
    run(["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", str(target)], cwd=SOURCE)
    return target / "release" / "load"
