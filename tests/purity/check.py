"""The pure crates keep their rules, and each rule is one that clippy catches.

A crate under engine/ is pure unless it is named in IMPURE: it depends on no other crate of the engine but `machine`,
forbids unsafe code, and has this folder's clippy.toml. The crate in this folder breaks every rule in that file and
every lint of the workspace; what clippy does not report here would not be reported there either.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RULES = HERE / "clippy.toml"
ROOTS_RULES = ROOT / "clippy.toml"
IMPURE = {"binding", "driver", "selector"}
# rustc reports this lint under the number of the error that it was in earlier editions.
NUMBERED = {"E0133": "unsafe_op_in_unsafe_fn"}
LISTS = ("disallowed-macros", "disallowed-methods", "disallowed-types")
QUOTED = re.compile(r"use of a disallowed \w+ `([^`]+)`")


def main() -> int:
    """Prints what is wrong; 1 if anything is."""
    wrong = [*copies(), *manifests(), *unreported()]
    for line in wrong:
        print(f"purity: {line}")
    if not wrong:
        print(f"purity: {len(rules())} paths and {len(lints())} lints, each caught; {', '.join(pure())} keep them")
    return 1 if wrong else 0


def pure() -> list[str]:
    """The names of the pure crates."""
    crates = {manifest.parent.name for manifest in ROOT.glob("engine/*/Cargo.toml")}
    return sorted(crates - IMPURE)


def rules() -> set[str]:
    """The paths that the rules forbid."""
    given = read(RULES)
    return {rule["path"] for name in LISTS for rule in given[name]}


def lints() -> set[str]:
    """The lints that the workspace denies, as the compiler names them."""
    given = read(ROOT / "Cargo.toml")["workspace"]["lints"]
    return {*given["rust"], *(f"clippy::{name}" for name in given["clippy"])}


def copies() -> Iterator[str]:
    """What is written twice is equal: clippy reads one file, and a crate outside the workspace inherits nothing."""
    for crate in pure():
        copy = ROOT / "engine" / crate / RULES.name
        if not copy.exists() or copy.read_text() != RULES.read_text():
            yield f"{copy.relative_to(ROOT)} differs: cp {RULES.relative_to(ROOT)} {copy.relative_to(ROOT)}"
    general = {name: value for name, value in read(RULES).items() if name not in LISTS}
    if general != read(ROOTS_RULES):
        yield f"{RULES.relative_to(ROOT)} and clippy.toml differ in more than {', '.join(LISTS)}"
    if read(HERE / "Cargo.toml")["workspace"]["lints"] != read(ROOT / "Cargo.toml")["workspace"]["lints"]:
        yield "tests/purity/Cargo.toml and Cargo.toml differ in [workspace.lints]"


def manifests() -> Iterator[str]:
    """Arrows point down: a pure crate knows `machine`, and its tests know `sim` and its own features."""
    every = {manifest.parent.name for manifest in ROOT.glob("engine/*/Cargo.toml")}
    for crate in pure():
        manifest = read(ROOT / "engine" / crate / "Cargo.toml")
        for table, allowed in (("dependencies", {"machine"}), ("dev-dependencies", {"machine", "sim", crate})):
            for name in sorted(every & set(manifest.get(table, {})) - allowed):
                yield f"{crate} is pure and may not depend on {name}"
        if manifest.get("lints") != {"workspace": True}:
            yield f"{crate} does not inherit the workspace's lints"
        if "#![forbid(unsafe_code)]" not in (ROOT / "engine" / crate / "src" / "lib.rs").read_text().splitlines():
            yield f"{crate} does not forbid unsafe code"


def unreported() -> Iterator[str]:
    """The rules that the crate in this folder breaks unnoticed."""
    paths: set[str] = set()
    codes: set[str] = set()
    for message in diagnostics():
        if message["level"] != "error" or message["code"] is None:
            continue
        code = message["code"]["code"]
        codes.add(NUMBERED.get(code, code))
        if found := QUOTED.match(message["message"]):
            paths.add(found[1])
    for path in sorted(rules() - paths):
        yield f"nothing was said about {path}"
    for lint in sorted(({"unsafe_code"} | lints()) - codes):
        yield f"nothing was said by {lint}"


def diagnostics() -> Iterator[dict[str, Any]]:
    """What clippy says about the crate in this folder."""
    command = ["cargo", "clippy", "--locked", "--message-format=json", "--target-dir", str(ROOT / "target" / "purity")]
    answer = subprocess.run(
        [*command, "--", "--deny", "warnings"], cwd=HERE, capture_output=True, text=True, check=False
    )
    if not answer.stdout:
        print(answer.stderr, file=sys.stderr)
    for line in answer.stdout.splitlines():
        record = json.loads(line)
        if record["reason"] == "compiler-message":
            yield record["message"]


def read(path: Path) -> dict[str, Any]:
    """The TOML file at `path`."""
    return tomllib.loads(path.read_text())


if __name__ == "__main__":
    sys.exit(main())
