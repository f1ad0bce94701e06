"""Service files: groups of connection parameters under a name."""

import os
from pathlib import Path

from fasterapi.pg import environment
from fasterapi.pg.exceptions import ClientConfigurationError

__all__ = ["read_service"]


def read_service(name: str, servicefile: str | os.PathLike[str] | None) -> dict[str, str]:
    """The parameters of a service: from the file given, else from the user's own and then the system's."""
    for path in _files(servicefile):
        try:
            text = path.read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise ClientConfigurationError(f'service file "{path}" cannot be read: {error}') from None
        found = _group(text, name, path)
        if found is not None:
            return found
    raise ClientConfigurationError(
        f'definition of service "{name}" not found',
        hint=f'Give it a group "[{name}]" in {" or ".join(str(path) for path in _files(servicefile)) or "a file"}.',
    )


def _files(servicefile: str | os.PathLike[str] | None) -> list[Path]:
    given = servicefile if servicefile is not None else environment.default("servicefile")
    own = Path(given) if given is not None else environment.home(".pg_service.conf")
    system = os.environ.get("PGSYSCONFDIR")
    return [path for path in (own, Path(system, "pg_service.conf") if system else None) if path is not None]


def _group(text: str, name: str, path: Path) -> dict[str, str] | None:
    found: dict[str, str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            if found is not None:
                break
            if line == f"[{name}]":
                found = {}
            continue
        if found is None:
            continue
        keyword, equals, value = (part.strip() for part in line.partition("="))
        if not equals or keyword in ("service", "servicefile"):
            raise ClientConfigurationError(
                f'service file "{path}", line {number}: expected keyword=value, and no other service, not "{line}"'
            )
        found.setdefault("dbname" if keyword == "database" else keyword, value)
    return found
