"""CPython 3.14 and 3.15 in a Debian `forky` chroot: wheels are built outside, the suites run inside."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from environment import PIP
from interpreters import required
from suites import RESULTS
from totals import Totals
from tree import CACHE, ROOT, attempt, run
from wheels import Builder

MINORS = ("3.14", "3.15")
CHROOT = CACHE / "forky"
INSIDE = Path("/fasterapi")

# The suites read /proc and open terminals. The mounts are the command's own and go with it.
_MOUNT = 'mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec chroot "$0" "$@"'

_PACKAGES = [
    *(f"{package}" for minor in MINORS for package in (f"python{minor}", f"python{minor}-dev", f"python{minor}-venv")),
    *(f"libpython{minor}-testsuite" for minor in MINORS),
    "curl",
    "ca-certificates",
    "gcc",
    "libc6-dev",
]


def test_new(arguments: Sequence[str]) -> int:
    """The project's Python suites and CPython's own on 3.14 and 3.15."""
    if os.geteuid() != 0:
        raise SystemExit("make test-new makes a chroot, which only root may do: run it with sudo.")
    wheels = Builder(required()[-1]).foreign(MINORS)
    if not (CHROOT / "usr" / "bin" / f"python{MINORS[-1]}").exists():
        _install()
    _copy_tree()
    RESULTS.mkdir(parents=True, exist_ok=True)
    totals = Totals()
    for minor in MINORS:
        tag = f"cp{minor.replace('.', '')}"
        wheel = _environment(minor, wheels[tag])
        report = _inside(RESULTS / f"pytest-{minor}.xml")
        well = _enter(minor, "-m", "pytest", "tests", "--junitxml", str(report), "--wheel", str(wheel), *arguments)
        totals.pytest(f"pytest, CPython {minor}", CHROOT / report.relative_to("/"), well)
        report = _inside(RESULTS / f"cpython-{minor}.json")
        well = _enter(minor, "tests/cpython/run.py", "--report", str(report))
        totals.conformance(f"CPython's own tests, {minor}", CHROOT / report.relative_to("/"), well)
    return totals.conclude()


def _install() -> None:
    if shutil.which("mmdebstrap") is None:
        run(["apt-get", "install", "--yes", "mmdebstrap"])
    mirrors = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"], capture_output=True, text=True
    ).stdout.split()
    main = sorted(mirror for mirror in mirrors if "security" not in mirror)
    if not main:
        raise SystemExit("No Debian archive is configured in apt: run apt-get update first, on Debian.")
    stale = 'Acquire::Check-Valid-Until "false"'
    shutil.rmtree(CHROOT, ignore_errors=True)
    packages = f"--include={','.join(_PACKAGES)}"
    run(["mmdebstrap", "--mode=root", "--variant=minbase", f"--aptopt={stale}", packages, "forky", CHROOT, main[0]])
    # pip inside reaches the index as pip outside does.
    certificates = [os.environ[name] for name in ("PIP_CERT", "SSL_CERT_FILE") if name in os.environ]
    for name in ("/etc/resolv.conf", "/etc/hosts", "/etc/pip.conf", *certificates):
        inside = CHROOT / Path(name).relative_to("/")
        if Path(name).is_file():
            inside.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, inside)


def _copy_tree() -> None:
    inside = CHROOT / INSIDE.relative_to("/")
    for name in ("tests", "examples", "docs", "stubs", "pyproject.toml"):
        source, target = ROOT / name, inside / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("target", "__pycache__", ".cache"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (inside / RESULTS.relative_to(ROOT)).mkdir(parents=True, exist_ok=True)


def _environment(minor: str, wheel: Path) -> Path:
    """Makes an environment with the wheel and what the suites need; the wheel's path inside."""
    inside = INSIDE / wheel.name
    venv = INSIDE / ".cache" / f"venv-{minor}"
    shutil.rmtree(CHROOT / venv.relative_to("/"), ignore_errors=True)
    shutil.copy(wheel, CHROOT / inside.relative_to("/"))
    run(["chroot", CHROOT, f"python{minor}", "-m", "venv", venv])
    for packages in ([PIP], [str(inside), "--group", "test"]):
        if not _enter(minor, "-m", "pip", "install", "--quiet", *packages):
            raise SystemExit(f"What the suites need could not be installed for CPython {minor} in {CHROOT}.")
    return inside


def _enter(minor: str, *arguments: str) -> bool:
    python = INSIDE / ".cache" / f"venv-{minor}" / "bin" / "python"
    inside = ["env", "--chdir", str(INSIDE), str(python), *arguments]
    return attempt(["unshare", "--mount", "sh", "-c", _MOUNT, CHROOT, *inside])


def _inside(path: Path) -> Path:
    inside = INSIDE / path.relative_to(ROOT)
    (CHROOT / inside.relative_to("/")).unlink(missing_ok=True)
    return inside
