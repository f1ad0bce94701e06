"""The source tree: where things are, what a build depends on, how a command is run in it."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
EXTENSION = ROOT / "examples" / "extension"

_PACKAGE = ("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "engine", "python", "stubs")
_PRODUCTS = {".so", ".pyc", ".pyd"}


def package_digest() -> str:
    """Changes when anything does that a wheel is built from."""
    return _digest(_PACKAGE)


def extension_digest() -> str:
    """Changes when anything does that the example extension is built from."""
    own = [f"examples/extension/{name}" for name in ("Cargo.toml", "pyproject.toml", "src")]
    return _digest(["Cargo.toml", "engine", *own])


def run(command: Sequence[str | Path], **environment: str) -> None:
    """Shows and runs a command in the root of the tree; ends the program with its status where it fails."""
    words = [str(word) for word in command]
    status = _call(words, environment)
    if status:
        raise SystemExit(status)


def attempt(command: Sequence[str | Path], folder: Path = ROOT, **environment: str) -> bool:
    """Shows and runs a command, in the root of the tree unless said otherwise; tells whether it succeeded."""
    return _call([str(word) for word in command], environment, folder) == 0


def _call(words: list[str], environment: dict[str, str], folder: Path = ROOT) -> int:
    shown = [f"{name}={shlex.quote(value)}" for name, value in environment.items() if name != "PATH"]
    print("+", *shown, shlex.join(words).replace(f"{ROOT}/", ""), flush=True)
    try:
        return subprocess.run(words, cwd=folder, env={**os.environ, **environment}).returncode
    except FileNotFoundError:
        print(f"{words[0]} is not installed or not on PATH: install it and run this again.", file=sys.stderr)
        return 127


def _digest(names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for name in names for path in _files(ROOT / name)):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if name not in {"target", "__pycache__"}]
            yield from (Path(folder, name) for name in names if Path(name).suffix not in _PRODUCTS)
