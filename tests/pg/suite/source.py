"""asyncpg's own tests, from its source distribution on the package index: fetched, never part of the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

VERSION = "0.32.0"
NAME = f"asyncpg-{VERSION}"
SHIM = Path(__file__).parent / "shim" / "asyncpg"
_OF_THE_SUITE = ("_testbase", "cluster.py")


def fetch(cache: Path) -> Path:
    """The unpacked source distribution under `cache`."""
    unpacked = cache / NAME
    if not (unpacked / "tests").is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        archive = cache / f"{NAME}.tar.gz"
        if not archive.exists():
            choice = ["--no-deps", "--no-binary", "asyncpg", f"asyncpg=={VERSION}"]
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(cache), *choice], check=True
            )
        with tarfile.open(archive) as opened:
            opened.extractall(cache, filter="data")
    return unpacked


def lay_out(source: Path, folder: Path, reference: bool) -> Path:
    """The tests in `folder`, and unless they shall run against asyncpg itself, our shim of that name beside them with
    the two modules that are the suite's own."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source / "tests", folder / "tests")
    (folder / "pytest.ini").write_text("[pytest]\n")
    if not reference:
        shutil.copytree(SHIM, folder / "asyncpg", ignore=shutil.ignore_patterns("__pycache__"))
        for name in _OF_THE_SUITE:
            part = source / "asyncpg" / name
            (shutil.copytree if part.is_dir() else shutil.copy2)(part, folder / "asyncpg" / name)
    return folder
