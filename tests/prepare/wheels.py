"""Release builds of the package and of the example extension, kept until their sources change."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from environment import Environment
from interpreters import Interpreter
from tree import CACHE, EXTENSION, ROOT, extension_digest, package_digest, run

MATURIN = "maturin>=1.9,<2"


class Builder:
    """maturin in an environment of its own."""

    def __init__(self, newest: Interpreter) -> None:
        self._environment = Environment("build", newest)

    def package(self, interpreters: Sequence[Interpreter]) -> dict[str, Path]:
        """The wheel for each interpreter, by its tag."""
        folder = CACHE / "wheels" / package_digest()
        return self._wheels(folder, interpreters, ("--locked",))

    def extension(self, interpreters: Sequence[Interpreter]) -> dict[str, Path]:
        """The example extension's wheel for each interpreter, by its tag; nothing where the tree has none."""
        if not (EXTENSION / "Cargo.toml").exists():
            return {}
        folder = CACHE / "extensions" / extension_digest()
        return self._wheels(folder, interpreters, ("--manifest-path", str(EXTENSION / "Cargo.toml")))

    def foreign(self, minors: Sequence[str]) -> dict[str, Path]:
        """Wheels for interpreters that are not on this machine's path, such as those inside a chroot."""
        folder = CACHE / "wheels" / package_digest()
        tags = {f"cp{minor.replace('.', '')}": minor for minor in minors}
        missing = [f"python{minor}" for tag, minor in tags.items() if _find(folder, tag) is None]
        if missing:
            target = ("--target", "x86_64-unknown-linux-gnu")
            self._maturin("build", "--release", "--locked", "--out", str(folder), *target, "-i", *missing)
        return _found(folder, list(tags))

    def sdist(self) -> Path:
        """The source distribution, made anew."""
        folder = CACHE / "sdist"
        shutil.rmtree(folder, ignore_errors=True)
        self._maturin("sdist", "--out", str(folder))
        return next(folder.glob("fasterapi-*.tar.gz"))

    def _wheels(self, folder: Path, interpreters: Sequence[Interpreter], options: Sequence[str]) -> dict[str, Path]:
        missing = [str(each.executable) for each in interpreters if _find(folder, each.tag) is None]
        if missing:
            self._maturin("build", "--release", "--out", str(folder), *options, "-i", *missing)
        return _found(folder, [each.tag for each in interpreters])

    def _maturin(self, *arguments: str) -> None:
        self._environment.make().packages(MATURIN)
        run([self._environment.program("maturin"), *arguments], CARGO_TARGET_DIR=str(ROOT / "target"))


def _find(folder: Path, tag: str) -> Path | None:
    return next(folder.glob(f"*-{tag}-{tag}-*.whl"), None)


def _found(folder: Path, tags: Sequence[str]) -> dict[str, Path]:
    wheels = {tag: _find(folder, tag) for tag in tags}
    missing = [tag for tag, wheel in wheels.items() if wheel is None]
    if missing:
        raise SystemExit(f"maturin built no wheel for {', '.join(missing)} in {folder}.")
    return {tag: wheel for tag, wheel in wheels.items() if wheel is not None}
