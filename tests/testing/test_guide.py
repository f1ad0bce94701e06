"""The examples of docs/testing.md, run as their readers would run them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "testing.md"
EXAMPLES = dict(
    re.findall(r"^```python\n# (test_\w+\.py)\n(.*?)^```$", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
)


def test_every_example_is_a_file() -> None:
    assert len(EXAMPLES) == GUIDE.read_text("utf-8").count("```python\n") > 5


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_passes(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(EXAMPLES[name])
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", name]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50)
    assert run.returncode == 0, run.stdout
