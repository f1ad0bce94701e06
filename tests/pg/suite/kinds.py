"""What each of the suite's tests touches beyond the documented API, found by reading it.

A test's kind is the strongest of the names that it uses, itself or through its class's and module's functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


class Kind(IntEnum):
    """How far from the documented API a test reaches."""

    PUBLIC = 0
    OFFERED = 1  # a private name that stands for something every client has
    INTERNAL = 2  # a part of the original's own making: its pool's holders, its statement cache, its modules' names
    PATCHED = 3  # replaces a part of the original, or a function that it calls


_INTERNAL = {
    "_con", "_config", "_get_statement", "_holder", "_holders", "_in_use", "_inactive_callback", "_maintenance_task",
    "_prepare", "_query_loggers", "_queue", "_server_caps", "_state", "_stmt_cache", "_stmts_to_close", "_uid",
}  # fmt: skip
_PATCHED = {
    "_can_use_connection", "_cancel", "_cancel_current_command", "_connect_addr", "_drain_cancels", "_introspect_types",
    "_maintain_min_size",
}  # fmt: skip
_BENEATH = {"create_connection", "md5", "pbkdf2_hmac"}
_OFFERED = {"BUILTIN_TYPE_OID_MAP", "SCRAMAuthentication", "SSLMode", "split_server_version_string"}
_FOREIGN = {"_asdict", "_data_dir"}  # of named tuples and of the suite's own servers
_REPLACING = {"_cancel", "_get_statement", "_introspect_types", "_maintain_min_size"}  # methods of subclasses


def kinds(folder: Path) -> dict[str, Kind]:
    """The kind of each test, by `module.Class.test`."""
    return {name: kind for file in sorted(folder.glob("test_*.py")) for name, kind in _module(file)}


def _module(file: Path) -> Iterator[tuple[str, Kind]]:
    tree = ast.parse(file.read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in tree.body if isinstance(node, Function)}
    renamed = {alias.asname or alias.name: alias.name for node in ast.walk(tree)
               if isinstance(node, ast.ImportFrom) for alias in node.names}  # fmt: skip
    for name, node in classes.items():
        methods = _methods(node, classes)
        fixtures = [methods[each] for each in ("setUp", "asyncSetUp") if each in methods]
        for method in (each for each in methods if each.startswith("test")):
            reading = _Reading(methods, functions, renamed)
            for function in (methods[method], *fixtures):
                reading.visit(function)
            yield f"{file.stem}.{name}.{method}", reading.kind


def _methods(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes:
            found |= _methods(classes[base.id], classes)
    return found | {each.name: each for each in node.body if isinstance(each, Function)}


class _Reading(ast.NodeVisitor):
    def __init__(self, methods: dict[str, Function], functions: dict[str, Function], renamed: dict[str, str]) -> None:
        self.kind = Kind.PUBLIC
        self._methods = methods
        self._functions = functions
        self._renamed = renamed
        self._read: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
            self._follow(self._methods, node.attr)
        else:
            self._uses(node.attr)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self._follow(self._functions, node.id)
        self._uses(self._renamed.get(node.id, ""))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._uses(alias.name)

    def visit_Call(self, node: ast.Call) -> None:
        if "patch" in ast.unparse(node.func):
            for each in ast.walk(node):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    self._patches(each.value)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and "asyncpg.protocol.record" in node.value:
            self.kind = max(self.kind, Kind.INTERNAL)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute):
                self._patches(target.attr)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if any(isinstance(each, Function) and each.name in _REPLACING for each in node.body):
            self.kind = Kind.PATCHED
        self.generic_visit(node)

    def _follow(self, known: dict[str, Function], name: str) -> None:
        if name in known and name not in self._read:
            self._read.add(name)
            self.visit(known[name])

    def _uses(self, name: str) -> None:
        if name in _PATCHED:
            self.kind = max(self.kind, Kind.PATCHED)
        elif name in _INTERNAL:
            self.kind = max(self.kind, Kind.INTERNAL)
        elif name in _OFFERED or (name.startswith("_") and not name.startswith("__") and name not in _FOREIGN):
            self.kind = max(self.kind, Kind.OFFERED)

    def _patches(self, name: str) -> None:
        last = name.rpartition(".")[2]
        if last in _PATCHED or last in _BENEATH or last == "Protocol":
            self.kind = Kind.PATCHED
