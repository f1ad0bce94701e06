"""Application strings: `module:attribute` becomes the object it names."""

import difflib
import importlib
import inspect
import logging
from types import ModuleType, TracebackType
from typing import Any

from fasterapi.asgi2 import Asgi2
from fasterapi.errors import ApplicationError, ConfigError

__all__ = ["import_from_string", "import_module", "load_application"]


def import_from_string(text: str, what: str = "app") -> Any:
    """The object that `module:attribute` names; the attribute may be dotted.

    Raises ConfigError where the string is wrong, and ApplicationError where the module exists and its import fails.
    """
    module_name, _, path = text.partition(":")
    if not module_name or not path:
        raise ConfigError(f'{what} "{text}" must have the form "module:attribute", for example "main:app"')
    name = f'{what} "{text}"'
    return _attribute(import_module(module_name, name), path, name)


def import_module(module_name: str, name: str) -> ModuleType:
    """The module, imported for what `name` says. Raises as `import_from_string` does."""
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(error.name + ".")):
            raise ConfigError(
                f'{name}: there is no module "{error.name}" on the import path; '
                "start in the folder that holds it or name that folder with --app-dir"
            ) from None
        raise _import_failed(name, error) from _without_import_frames(error)
    except Exception as error:
        raise _import_failed(name, error) from _without_import_frames(error)


def load_application(app: Any, *, factory: bool, interface: str, logger: logging.Logger) -> Any:
    """The ASGI 3 application that `app` is, names, or (a factory) makes; one of ASGI 2 is wrapped."""
    name = f'app "{app}"' if isinstance(app, str) else f"app {app!r}"
    loaded = import_from_string(app) if isinstance(app, str) else app
    if not callable(loaded):
        raise ConfigError(f"{name} is not callable, but of type {type(loaded).__name__}")
    if factory:
        if not _accepts(loaded, 0):
            raise ConfigError(f"{name} needs arguments, so it is no application factory: leave --factory out")
        loaded = _made_by(loaded, name)
    elif interface != "asgi2" and not _accepts(loaded, 3) and _accepts(loaded, 0):
        logger.warning(
            "ASGI app factory detected. Using it, but please consider setting the --factory flag explicitly."
        )
        loaded = _made_by(loaded, name)
    if callable(loaded) and _is_asgi2(loaded, interface):
        made: Any = loaded
        return Asgi2(made)
    if not callable(loaded) or not _accepts(loaded, 3):
        hint = ""
        if callable(loaded) and _accepts(loaded, 2):
            hint = "; a WSGI application can be wrapped with a2wsgi.WSGIMiddleware"
        raise ConfigError(
            f"{name} is no ASGI 3 application: app(scope, receive, send) does not fit {_kind(loaded)}{hint}"
        )
    return loaded


def _is_asgi2(app: Any, interface: str) -> bool:
    return interface == "asgi2" or (interface == "auto" and not _accepts(app, 3) and _accepts(app, 1))


def _attribute(module: Any, path: str, name: str) -> Any:
    found = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            near = difflib.get_close_matches(part, _public_names(found), n=1)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            where = getattr(found, "__name__", type(found).__name__)
            raise ConfigError(f'{name}: "{where}" has no attribute "{part}"{hint}') from None
    return found


def _public_names(holder: Any) -> list[str]:
    return [name for name in dir(holder) if not name.startswith("_")]


def _made_by(factory: Any, name: str) -> Any:
    try:
        return factory()
    except Exception as error:
        failed = ApplicationError(f"{name}: the application factory failed: {_summary(error)}")
        raise failed from _without_import_frames(error)


def _accepts(function: Any, count: int) -> bool:
    """Whether `count` positional arguments fit; what has no signature is given the benefit of the doubt."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return count == 3
    return True


def _kind(thing: Any) -> str:
    return f"{type(thing).__name__} {getattr(thing, '__qualname__', '')}".rstrip()


def _import_failed(name: str, error: BaseException) -> ApplicationError:
    return ApplicationError(f"{name} cannot be imported: {_summary(error)}")


def _summary(error: BaseException) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _without_import_frames(error: BaseException) -> BaseException:
    """Starts the traceback at the first frame of the user's own code."""
    frame: TracebackType | None = error.__traceback__
    while frame is not None and _is_import_machinery(frame):
        frame = frame.tb_next
    return error.with_traceback(frame)


def _is_import_machinery(frame: TracebackType) -> bool:
    name = str(frame.tb_frame.f_globals.get("__name__", ""))
    return name == __name__ or name == "importlib" or name.startswith(("importlib.", "_frozen_importlib"))
