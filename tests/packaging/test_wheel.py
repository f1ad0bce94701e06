"""The built wheel and the source distribution, installed where nothing else is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from wire import Wire

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def wheel(request: pytest.FixtureRequest) -> Path:
    path: Path | None = request.config.getoption("--wheel")
    if path is None:
        pytest.skip("give the built wheel with --wheel (make test does)")
    return path


@pytest.fixture
def sdist(request: pytest.FixtureRequest) -> Path:
    path: Path | None = request.config.getoption("--sdist")
    if path is None:
        pytest.skip("give the built source distribution with --sdist (make test does, for the newest interpreter)")
    return path


class Empty:
    """A virtual environment with nothing but pip."""

    def __init__(self, path: Path) -> None:
        self.path = path
        subprocess.run([sys.executable, "-m", "venv", path], check=True)
        self.python = path / "bin" / "python"

    def install(self, *packages: str | Path) -> None:
        command = [self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def run(self, *arguments: str | Path) -> str:
        done = subprocess.run([self.python, *arguments], capture_output=True, text=True, cwd=self.path)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def empty(tmp_path: Path) -> Empty:
    return Empty(tmp_path / "venv")


def example_answers(environment: Empty) -> None:
    """The command of the environment serves the example, which is asked once."""
    command = [str(environment.path / "bin" / "fasterapi"), "run", "hello:app", "--app-dir", str(ROOT / "examples")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTERAPI"))}
    with subprocess.Popen([*command, "--port", "0"], stderr=subprocess.PIPE, text=True, env=clean) as process:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
                break
        assert port, f"the example did not start: {process.wait()}"
        with Wire(("127.0.0.1", port)) as wire:
            assert wire.ask("GET", "/openapi.json").status == 200
            assert wire.ask("GET", "/docs").status == 200
        process.terminate()
        process.stderr.read()


@pytest.mark.timeout(300)
def test_wheel_in_an_empty_environment_runs_the_example(wheel: Path, empty: Empty) -> None:
    empty.install(wheel)
    assert empty.run("-m", "fasterapi", "--version").startswith("Running fasterapi ")
    empty.install("fastapi", "python-multipart")
    example_answers(empty)


def test_wheel_needs_only_click(wheel: Path, empty: Empty) -> None:
    empty.install(wheel)
    listed = empty.run("-m", "pip", "list", "--format", "freeze", "--disable-pip-version-check").split()
    names = {line.split("==")[0].lower() for line in listed}
    assert names - {"pip", "setuptools"} == {"fasterapi", "click"}


def test_wheel_carries_types_the_stub_and_nothing_foreign(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        stub = archive.read("fasterapi/_engine.pyi")
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
        points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert "fasterapi/py.typed" in names
    assert stub == (ROOT / "stubs" / "fasterapi" / "_engine.pyi").read_bytes()
    # The plugin is a package beside it, so that a test run which does not use it imports no engine.
    assert {name.split("/")[0].split("-")[0] for name in names} == {"fasterapi", "pytest_fasterapi"}
    assert len([name for name in names if name.endswith(".so")]) == 1
    assert not [name for name in names if name.endswith((".pyc", ".rs"))]
    assert "Requires-Python: >=3.11" in metadata
    assert "fasterapi=fasterapi.cli:main" in points.replace(" ", "")
    assert "fasterapi=pytest_fasterapi" in points.replace(" ", "")
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert f"-{tag}-{tag}-" in wheel.name


def test_installed_package_is_not_the_source_tree() -> None:
    import fasterapi

    assert not Path(fasterapi.__file__).is_relative_to(ROOT / "python"), "the suites test what was installed"


def test_versions_agree(wheel: Path) -> None:
    import fasterapi
    from fasterapi import _engine

    assert fasterapi.__version__ == _engine.__version__
    assert wheel.name.startswith(f"fasterapi-{fasterapi.__version__}-")


def test_source_distribution_has_all_that_a_build_needs(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        "Cargo.toml",
        "Cargo.lock",
        "pyproject.toml",
        "engine/binding/src/lib.rs",
        "engine/http1/src/lib.rs",
        "python/fasterapi/__init__.py",
        "python/fasterapi/py.typed",
    ):
        assert needed in names, needed
    assert not [name for name in names if name.startswith(("target/", ".cache/"))]


@pytest.mark.timeout(1500)
def test_source_distribution_installs_and_runs_the_example(sdist: Path, empty: Empty) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("building the source distribution needs cargo")
    empty.install("fastapi", "python-multipart")
    previous = os.environ.get("CARGO_TARGET_DIR")
    target = ROOT / "target" / "sdist"
    # All files of an archive have the same old date: cargo would take what it built of others for these.
    for built in target.glob("*/.fingerprint/fasterapi-*"):
        shutil.rmtree(built)
    os.environ["CARGO_TARGET_DIR"] = str(target)
    try:
        empty.install("--no-cache-dir", sdist)
    finally:
        if previous is None:
            del os.environ["CARGO_TARGET_DIR"]
        else:
            os.environ["CARGO_TARGET_DIR"] = previous
    example_answers(empty)
