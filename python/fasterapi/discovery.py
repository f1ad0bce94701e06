"""Finding an application that is named by a file, by a module, or not at all."""

import inspect
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

from fasterapi.errors import ConfigError
from fasterapi.importer import import_module

__all__ = ["Place", "application_name", "place"]

_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_NAMES = ("app", "api", "application")
_FASTAPI = "fastapi.applications.FastAPI"
_FRAMEWORKS = frozenset(
    {
        "starlette.applications.Starlette",
        "litestar.app.Litestar",
        "quart.app.Quart",
        "django.core.handlers.asgi.ASGIHandler",
        "channels.routing.ProtocolTypeRouter",
        "falcon.asgi.app.App",
        "sanic.app.Sanic",
        "blacksheep.server.application.Application",
        "socketio.asgi.ASGIApp",
        "engineio.async_drivers.asgi.ASGIApp",
    }
)


class Place(NamedTuple):
    """Where an application is."""

    app: str
    """`module:attribute`, or `module` where the attribute is to be found."""

    folder: Path
    """What the import path must have for that."""


def place(named: str | None, folder: Path) -> Place:
    """The place that `named` means: `main.py`, `pkg/main.py:app`, `pkg.main`, `main:app`.

    Where it is None, the entry point of `[tool.fastapi]` in pyproject.toml, else the first of the usual files.
    """
    named = named or _entry_point(folder)
    if named is None:
        return _of_file(_usual_file(folder), "")
    left, _, attribute = named.partition(":")
    path = folder / left
    if left.endswith(".py") or path.is_dir():
        if not path.exists():
            raise ConfigError(f'app "{named}": there is no file "{path}"')
        if path.is_dir() and not (path / "__init__.py").exists():
            raise ConfigError(f'app "{named}": the folder has no __init__.py: name a file in it')
        return _of_file(path, attribute)
    return Place(named.rstrip(":"), folder)


def application_name(module_name: str) -> str:
    """The name of the application in a module, which is imported.

    A FastAPI application called app or api, else any; then the same for applications of other frameworks; then a
    function of scope, receive and send with one of the usual names.
    """
    module = import_module(module_name, f'app "{module_name}"')
    for kinds in ({_FASTAPI}, _FRAMEWORKS):
        for name in (*_NAMES, *vars(module)):
            if not kinds.isdisjoint(_kinds(getattr(module, name, None))):
                return name
    for name in _NAMES:
        if _is_asgi_function(getattr(module, name, None)):
            return name
    shown = getattr(module, "__file__", None) or module_name
    raise ConfigError(
        f'app "{module_name}": no application is in {shown}: looked for an object of FastAPI, Starlette or another '
        f'framework, and for a function app(scope, receive, send); if yours is neither, name it: "{module_name}:NAME"'
    )


def _entry_point(folder: Path) -> str | None:
    try:
        content: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    found: Any = content
    for key in ("tool", "fastapi", "entrypoint"):
        found = cast("dict[str, Any]", found).get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _usual_file(folder: Path) -> Path:
    for name in _FILES:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(
        f'no application was named, and none of {", ".join(_FILES)} is in "{folder}": '
        'name it, for example "fasterapi dev server.py" or "fasterapi dev server:app"'
    )


def _of_file(path: Path, attribute: str) -> Place:
    """The dotted name goes up as long as there are packages."""
    path = path.resolve()
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    module = ".".join(parts)
    return Place(f"{module}:{attribute}" if attribute else module, folder)


def _kinds(thing: Any) -> Iterable[str]:
    """The classes of an object by name: the frameworks themselves need not be there."""
    if thing is None or isinstance(thing, (type, ModuleType)):
        return ()
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in type(thing).__mro__]


def _is_asgi_function(thing: Any) -> bool:
    if isinstance(thing, type) or not inspect.iscoroutinefunction(thing):
        return False
    try:
        inspect.signature(thing).bind(1, 2, 3)
    except (TypeError, ValueError):
        return False
    return True
