"""Virtual environments for the peers, each at its newest release, and for the wheel built from this tree."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from interpreter import Interpreter

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
NEWEST_FOR = 24 * 3600
"""So long an installation counts as the newest release, in seconds."""

VERSIONS = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"


class Unavailable(Exception):
    """A server that cannot be measured here, with the reason that is shown in its place."""


@dataclass(frozen=True)
class Environment:
    path: Path

    @property
    def bin(self) -> Path:
        return self.path / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    def versions(self) -> dict[str, str]:
        """Installed distributions, by lower-case name."""
        answer = run([str(self.python), "-c", VERSIONS])
        return {str(name).lower(): str(version) for name, version in json.loads(answer).items()}


def prepare(interpreter: Interpreter, name: str, wanted: Sequence[str], optional: Sequence[str] = ()) -> Environment:
    """An environment with the newest releases of what is wanted; what is optional may fail to install."""
    environment = Environment(CACHE / interpreter.slug / name)
    stamp = environment.path / "bench-stamp"
    digest = hashlib.sha256(json.dumps([list(wanted), list(optional)]).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest and time.time() - stamp.stat().st_mtime < NEWEST_FOR:
        return environment
    if not environment.python.exists():
        environment.path.parent.mkdir(parents=True, exist_ok=True)
        run([str(interpreter.path), "-m", "venv", str(environment.path)])
    if wanted:
        install(environment, *wanted)
    for requirement in optional:
        try:
            install(environment, requirement)
        except Unavailable:
            continue
    stamp.write_text(digest)
    return environment


def install(environment: Environment, *arguments: str) -> None:
    run([str(environment.python), "-m", "pip", "install", "--quiet", "--upgrade", *arguments])


def build(interpreter: Interpreter) -> Path:
    """Builds the wheel of this tree in release mode and answers its path."""
    wheels = CACHE / interpreter.slug / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    run([*maturin(), "build", "--release", "--interpreter", str(interpreter.path), "--out", str(wheels)], cwd=ROOT)
    built = list(wheels.glob("*.whl"))
    if not built:
        raise Unavailable("maturin built no wheel")
    return built[0]


def maturin() -> list[str]:
    """The command that runs maturin; it is installed into the cache where neither Python nor the path has it."""
    if found := shutil.which("maturin"):
        return [found]
    environment = Environment(CACHE / "maturin")
    if not (environment.bin / "maturin").exists():
        run([sys.executable, "-m", "venv", str(environment.path)])
        install(environment, "--requirement", str(Path(__file__).with_name("requirements.txt")))
    return [str(environment.bin / "maturin")]


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Runs a command to its end and answers its output; its failure becomes one line that says why."""
    try:
        done = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=3600, env=os.environ | {"PIP_NO_INPUT": "1"}
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{Path(command[0]).name}: {error}") from error
    if done.returncode != 0:
        raise Unavailable(f"{Path(command[0]).name} failed: {last_error(done.stderr or done.stdout)}")
    return done.stdout


def last_error(output: str) -> str:
    """The last line that speaks of an error, with what follows it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [index for index, line in enumerate(lines) if "error" in line.lower()]
    return " ".join(lines[errors[-1] if errors else -1 :])[:300] or "no output"
