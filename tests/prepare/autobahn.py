"""The Autobahn test suite: a program of Python 2.7's, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tree import CACHE, ROOT, run

SKIPPED = "The Autobahn test suite needs Python 2.7, and none was found on PATH or under pyenv: it is left out."

_PATH = CACHE / "venv-autobahn"
_BOOT = CACHE / "autobahn-boot"
# Python 2.7 gets no new releases of anything; what is pinned is what works together.
_PACKAGES = (
    "autobahntestsuite==25.10.1",
    "autobahn==0.10.9",
    "Twisted==19.10.0",
    "txaio==2.1.0",
    "cryptography==3.3.2",
    "pyOpenSSL==19.1.0",
    "wsaccel==0.6.6",
    "ujson==2.0.3",
    "zope.interface==4.6.0",
    "klein==17.10.0",
    "Werkzeug==1.0.1",
    "jinja2==2.11.3",
    "six==1.16.0",
)
_QUIET = {"PYTHONWARNINGS": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_PYTHON_VERSION_WARNING": "1"}


def wstest() -> Path | None:
    """The suite's program, installed where it was not; None where there is no Python 2.7, which is said."""
    program, stamp = _PATH / "bin" / "wstest", _PATH / "installed"
    wanted = " ".join(_PACKAGES)
    if program.exists() and stamp.exists() and stamp.read_text() == wanted:
        return program
    python = _python()
    if python is None:
        print(SKIPPED, flush=True)
        return None
    for folder in (_PATH, _BOOT):
        shutil.rmtree(folder, ignore_errors=True)
    run([python, "-m", "pip", "install", "--quiet", "--target", _BOOT, "virtualenv<20.22"], **_QUIET)
    run([python, "-m", "virtualenv", "--quiet", _PATH], PYTHONPATH=str(_BOOT), **_QUIET)
    run([_PATH / "bin" / "pip", "install", "--quiet", *_PACKAGES], **_QUIET)
    stamp.write_text(wanted)
    return program


def client() -> Path:
    """The program that plays the client's role, built."""
    manifest = ROOT / "tests" / "autobahn" / "client" / "Cargo.toml"
    target = CACHE / "autobahn-client"
    run(
        ["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", manifest],
        CARGO_TARGET_DIR=str(target),
    )
    return target / "release" / "client"


def _python() -> Path | None:
    folders = [Path(folder) for folder in os.get_exec_path() if folder]
    pyenv = shutil.which("pyenv")
    if pyenv:
        root = subprocess.run([pyenv, "root"], capture_output=True, text=True).stdout.strip()
        folders += sorted(Path(root, "versions").glob("2.7*/bin")) if root else []
    for folder in folders:
        python = folder / "python2.7"
        # A shim of a version that is not chosen is there, but does not run.
        if os.access(python, os.X_OK) and _has_pip(python):
            return python
    return None


def _has_pip(python: Path) -> bool:
    return subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
