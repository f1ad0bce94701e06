"""Which interpreter runs the servers, and how it was built: without PGO and LTO Python code is markedly slower."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROBE = """
import json, platform, sys, sysconfig
get = lambda name: str(sysconfig.get_config_var(name) or "")
flags = " ".join(map(get, ("CONFIG_ARGS", "PY_CFLAGS", "PY_CORE_CFLAGS", "LDFLAGS", "PY_CORE_LDFLAGS")))
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "compiler": platform.python_compiler(),
    "pgo": "--enable-optimizations" in flags or "-fprofile-use" in flags,
    "lto": "--with-lto" in flags or "-flto" in flags,
    "shared": get("Py_ENABLE_SHARED") == "1",
    "debug": get("Py_DEBUG") == "1",
    "free_threaded": get("Py_GIL_DISABLED") == "1",
}))
"""


class NoInterpreter(Exception):
    """The path given is not a Python that can be measured."""


@dataclass(frozen=True)
class Interpreter:
    path: Path
    version: str
    implementation: str
    compiler: str
    pgo: bool
    lto: bool
    shared: bool
    debug: bool
    free_threaded: bool

    @classmethod
    def probe(cls, path: Path) -> "Interpreter":
        try:
            answer = subprocess.run([path, "-c", PROBE], check=True, capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            raise NoInterpreter(f"{path} is not a working Python interpreter: {error}") from error
        found = cls(path=path, **json.loads(answer.stdout))
        if found.release < (3, 11):
            raise NoInterpreter(f"{path} is Python {found.version}; FasterAPI needs 3.11 or newer")
        return found

    @property
    def release(self) -> tuple[int, int]:
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)

    @property
    def name(self) -> str:
        return f"{self.implementation} {self.version}"

    @property
    def slug(self) -> str:
        return f"{self.implementation.lower()}-{self.version}{'t' if self.free_threaded else ''}"

    @property
    def build(self) -> str:
        words = [f"PGO {'yes' if self.pgo else 'no'}", f"LTO {'yes' if self.lto else 'no'}", self.compiler]
        words += ["shared libpython"] * self.shared + ["debug build"] * self.debug
        words += ["free-threaded"] * self.free_threaded
        return ", ".join(words)
