"""A virtual environment under `.cache`, made once and brought up to date by what changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from interpreters import Interpreter
from tree import CACHE, ROOT, run

PIP = "pip>=25.1"  # the first that reads dependency groups


class Environment:
    """One virtual environment; its stamp says what it was made from and what was installed last."""

    def __init__(self, name: str, interpreter: Interpreter) -> None:
        self.path = CACHE / f"venv-{name}"
        self.interpreter = interpreter
        self._stamp = self.path / "stamp.json"

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    def program(self, name: str) -> Path:
        return self.path / "bin" / name

    def make(self) -> Environment:
        """Makes the environment, anew where the interpreter is another one than last time."""
        wanted = str(self.interpreter)
        if self._read("interpreter") != wanted:
            shutil.rmtree(self.path, ignore_errors=True)
            run([self.interpreter.executable, "-m", "venv", self.path])
            run([self.python, "-m", "pip", "install", "--quiet", PIP])
            self._write("interpreter", wanted)
        return self

    def groups(self, *names: str) -> Environment:
        """Installs dependency groups of pyproject.toml, if the file changed since."""
        options = [option for name in names for option in ("--group", name)]
        wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + " ".join(names).encode()).hexdigest()
        return self._once("groups", wanted, [*options])

    def packages(self, *requirements: str) -> Environment:
        """Installs packages from the index, if the list changed since."""
        return self._once("packages", " ".join(requirements), [*requirements])

    def wheel(self, file: Path, key: str = "wheel") -> Environment:
        """Installs a built wheel with what it needs, if it is another one than last time."""
        if self._read(key) != str(file):
            run([self.python, "-m", "pip", "install", "--quiet", file])
            run([self.python, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", file])
            self._write(key, str(file))
        return self

    def _once(self, key: str, wanted: str, arguments: Sequence[str]) -> Environment:
        if self._read(key) != wanted:
            run([self.python, "-m", "pip", "install", "--quiet", *arguments])
            self._write(key, wanted)
        return self

    def _read(self, key: str) -> str | None:
        try:
            value = json.loads(self._stamp.read_text()).get(key)
        except (OSError, json.JSONDecodeError):
            return None
        return value if isinstance(value, str) else None

    def _write(self, key: str, value: str) -> None:
        try:
            stamp = json.loads(self._stamp.read_text())
        except (OSError, json.JSONDecodeError):
            stamp = {}
        self._stamp.write_text(json.dumps({**stamp, key: value}, indent=1))
