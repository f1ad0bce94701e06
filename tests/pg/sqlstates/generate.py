"""Makes python/fasterapi/pg/exceptions from table.toml: `python tests/pg/sqlstates/generate.py` writes the files."""

import tomllib
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parents[2] / "python" / "fasterapi" / "pg" / "exceptions"
BASE = (
    "PostgresError",
    "FatalPostgresError",
    "UnknownPostgresError",
    "InterfaceError",
    "InterfaceWarning",
    "PostgresLogMessage",
    "ClientConfigurationError",
    "InternalClientError",
    "OutdatedSchemaCacheError",
    "ProtocolError",
    "UnsupportedClientFeatureError",
    "TargetServerAttributeNotMatched",
    "UnsupportedServerFeatureError",
)
ORIGIN = "# Made by tests/pg/sqlstates/generate.py from the table beside it."

# The classes 01 and 02 are messages that are not errors: Python's warnings.
HEADS = {"01000": ("PostgresLogMessage", "Warning"), "02000": ("PostgresWarning",)}
# The server says it in one code with others: this is told by the function that raised.
CACHED_STATEMENT = '''

class InvalidCachedStatementError(FeatureNotSupportedError):
    """The plan of a prepared statement no longer fits the tables it was made for."""
'''
CLASS = '''

class {name}({bases}):
    """PostgreSQL's {condition}."""

    sqlstate: str | None = "{code}"
'''
NAMES = """
# Users know them by the package's name: it is what tracebacks and pickles say.
for _name in __all__:
    globals()[_name].__module__ = __name__
"""


def files() -> dict[str, str]:
    """The name and the text of every file that is made."""
    groups = tomllib.loads((HERE / "table.toml").read_text("ascii"))["group"]
    heads = {code: name for group in groups for code, _, name in group["errors"] if code.endswith("000")}
    made = {f"{group['module']}.py": module(group["about"], group["errors"], heads) for group in groups}
    names = {
        group["module"]: sorted(
            [name for _, _, name in group["errors"]]
            + (["InvalidCachedStatementError"] if group["module"] == "features" else [])
        )
        for group in groups
    }
    made["__init__.py"] = table_of_contents(names)
    return made


def module(about: str, errors: list[list[str]], heads: dict[str, str]) -> str:
    """One file: the exceptions of a few classes of SQLSTATEs."""
    names = {name for _, _, name in errors}
    bases = {name: bases_of(code, name, heads) for code, _, name in errors}
    imported = sorted({base for several in bases.values() for base in several} - names - {"Warning"})
    text = f'"""{about}"""\n\n{ORIGIN}\n\nfrom fasterapi.pg.exceptions._base import {", ".join(imported)}\n'
    for code, condition, name in errors:
        text += CLASS.format(name=name, bases=", ".join(bases[name]), condition=condition, code=code)
        if name == "FeatureNotSupportedError":
            text += CACHED_STATEMENT
    return text


def bases_of(code: str, name: str, heads: dict[str, str]) -> tuple[str, ...]:
    """The head of the code's class; a head stands on the package's own classes."""
    head = heads.get(code[:2] + "000", name)
    return HEADS.get(code, ("PostgresError",)) if head == name else (head,)


def table_of_contents(modules: dict[str, list[str]]) -> str:
    """The package's own file: every name of every module."""
    text = f'"""What can go wrong: the errors of the server by SQLSTATE, and those of the client."""\n\n{ORIGIN}\n\n'
    for name, exported in sorted({"_base": list(BASE), **modules}.items()):
        exported.sort(key=str.lower)
        line = f"from fasterapi.pg.exceptions.{name} import {', '.join(exported)}\n"
        if len(line) > 121:
            line = f"from fasterapi.pg.exceptions.{name} import (\n    " + ",\n    ".join(exported) + ",\n)\n"
        text += line
    every = [*sorted(name for exported in modules.values() for name in exported), *BASE]
    return text + "\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in every) + "]\n" + NAMES


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        (TARGET / path).write_text(text, "ascii")
