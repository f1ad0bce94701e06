"""Logging: where the server's lines go and how they look."""

import http
import json
import logging
import logging.config
import os
import sys
from collections.abc import Callable, Mapping
from copy import copy
from enum import Enum
from importlib import import_module
from os import PathLike
from typing import Any, Literal, TextIO, TypeAlias, cast

from fasterapi._engine import AccessLog
from fasterapi.errors import ConfigError

__all__ = [
    "DEFAULT",
    "LOG_LEVELS",
    "TRACE",
    "AccessFormatter",
    "DefaultFormatter",
    "DefaultLogging",
    "LogConfig",
    "access_sink",
    "configure",
    "error_logger",
    "level_number",
]

TRACE = 5
"""The level below DEBUG; at it every ASGI message is logged."""

LOG_LEVELS: dict[str, int] = {
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}


class DefaultLogging(Enum):
    """Lines on stderr, the access log on stdout; loggers that the program has configured stay as they are."""

    DEFAULT = "default"


DEFAULT = DefaultLogging.DEFAULT

LogConfig: TypeAlias = Mapping[str, Any] | str | PathLike[str] | DefaultLogging | None


def level_number(level: object) -> int | None:
    """The number of a level given by name or number."""
    if level is None:
        return None
    if isinstance(level, str) and level.lower() in LOG_LEVELS:
        return LOG_LEVELS[level.lower()]
    if isinstance(level, int) and not isinstance(level, bool) and level >= 0:
        return level
    raise ConfigError(f"log_level must be one of {', '.join(LOG_LEVELS)} or a number, not {level!r}")


def configure(log_config: LogConfig, level: int | None, use_colors: bool | None) -> None:
    """Sets up the loggers `fasterapi`, `fasterapi.error` and `fasterapi.access` for this process."""
    logging.addLevelName(TRACE, "TRACE")
    if isinstance(log_config, DefaultLogging):
        _install_default(use_colors)
    elif isinstance(log_config, Mapping):
        _apply(lambda: logging.config.dictConfig(dict(log_config)), "log_config")
    elif log_config is not None:
        _apply_file(os.fspath(log_config))
    _set_level(logging.getLogger("fasterapi.error"), level)


def error_logger(log_config: LogConfig, level: int | None, use_colors: bool | None) -> logging.Logger:
    """`uvicorn.error` if the program has configured it, else `fasterapi.error`."""
    if not _is_configured("uvicorn.error"):
        return logging.getLogger("fasterapi.error")
    logger = logging.getLogger("uvicorn.error")
    _set_level(logger, level)
    if isinstance(log_config, DefaultLogging):
        _complete(logger, _LineHandler("stderr", DefaultFormatter(use_colors=use_colors, stream="stderr")))
    return logger


def access_sink(log_config: LogConfig, level: int | None, use_colors: bool | None) -> AccessLog | logging.Logger | None:
    """Where access records go: a logger that the program has configured, else the engine's own writer on stdout."""
    if _is_configured("uvicorn.access"):
        logger = logging.getLogger("uvicorn.access")
    elif _is_configured("fasterapi.access") or _inherits(log_config, "fasterapi.access"):
        logger = logging.getLogger("fasterapi.access")
    elif level is not None and level > logging.INFO:
        return None
    else:
        return AccessLog(1, colors=_stdout_is_terminal() if use_colors is None else use_colors)
    _set_level(logger, level)
    if isinstance(log_config, DefaultLogging):
        _complete(logger, _LineHandler("stdout", AccessFormatter(use_colors=use_colors)))
    return logger


class DefaultFormatter(logging.Formatter):
    """`INFO:     message`: `%(levelprefix)s` is the level, a colon, and blanks up to column ten."""

    def __init__(
        self,
        fmt: str | None = "%(levelprefix)s %(message)s",
        datefmt: str | None = None,
        style: Literal["%", "{", "$"] = "%",
        *,
        use_colors: bool | None = None,
        stream: Literal["stdout", "stderr"] = "stderr",
    ) -> None:
        super().__init__(fmt, datefmt, style, validate=False)
        self.use_colors: bool = getattr(sys, stream).isatty() if use_colors is None else use_colors

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        """Formats a copy, so that other handlers see the record as it was."""
        changed = copy(record)
        blanks = " " * (8 - len(record.levelname))
        level = _paint(record.levelname, _LEVEL_COLORS.get(record.levelno, "")) if self.use_colors else record.levelname
        changed.__dict__["levelprefix"] = f"{level}:{blanks}"
        return super().formatMessage(changed)


class AccessFormatter(DefaultFormatter):
    """Adds `client_addr`, `request_line` and `status_code` of an access record to the fields of a format."""

    def __init__(
        self,
        fmt: str | None = '%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s',
        datefmt: str | None = None,
        style: Literal["%", "{", "$"] = "%",
        *,
        use_colors: bool | None = None,
        stream: Literal["stdout", "stderr"] = "stdout",
    ) -> None:
        super().__init__(fmt, datefmt, style, use_colors=use_colors, stream=stream)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        """Splits the five arguments of an access record."""
        changed = copy(record)
        client, method, path, version, status = record.args if isinstance(record.args, tuple) else ("",) * 5
        line = f"{method} {path} HTTP/{version}"
        shown = _with_phrase(status)
        if self.use_colors:
            line = _paint(line, "1")
            shown = _paint(shown, _STATUS_COLORS.get(shown[:1], ""))
        changed.__dict__.update(client_addr=client, request_line=line, status_code=shown)
        return super().formatMessage(changed)


class _LineHandler(logging.StreamHandler[TextIO]):
    """Writes to what sys.stdout or sys.stderr is at that moment, as programs and tests replace them."""

    def __init__(self, stream: Literal["stdout", "stderr"], formatter: logging.Formatter) -> None:
        self._target = stream
        logging.Handler.__init__(self)
        self.setFormatter(formatter)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream of this moment."""
        return sys.stdout if self._target == "stdout" else sys.stderr


_LEVEL_COLORS = {
    TRACE: "34",
    logging.DEBUG: "36",
    logging.INFO: "32",
    logging.WARNING: "33",
    logging.ERROR: "31",
    logging.CRITICAL: "91",
}
_STATUS_COLORS = {"1": "97", "2": "32", "3": "33", "4": "31", "5": "91"}


def _paint(text: str, color: str) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if color else text


def _with_phrase(status: object) -> str:
    try:
        return f"{status} {http.HTTPStatus(int(str(status))).phrase}"
    except ValueError:
        return str(status)


def _install_default(use_colors: bool | None) -> None:
    logger = logging.getLogger("fasterapi")
    for handler in list(logger.handlers):
        if isinstance(handler, _LineHandler):
            logger.removeHandler(handler)
    _complete(logger, _LineHandler("stderr", DefaultFormatter(use_colors=use_colors)))


def _complete(logger: logging.Logger, handler: logging.Handler) -> None:
    """Gives a logger what uvicorn's default configuration would have given it, where the program gave nothing."""
    if logger.level == logging.NOTSET and _inherited_level(logger) == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.handlers and not any(parent.handlers for parent in _ancestors(logger)):
        logger.addHandler(handler)
        logger.propagate = False


_levels_set: dict[str, int] = {}
"""The levels that `--log-level` has put on loggers: no sign that the program has configured them."""


def _set_level(logger: logging.Logger, level: int | None) -> None:
    if level is not None:
        logger.setLevel(level)
        _levels_set[logger.name] = level
    elif _levels_set.pop(logger.name, None) == logger.level:
        logger.setLevel(logging.NOTSET)


def _is_configured(name: str) -> bool:
    """Whether the program has given the logger a handler, a filter or a level, or its parent a handler."""
    logger = logging.root.manager.loggerDict.get(name)
    if isinstance(logger, logging.Logger):
        has_level = logger.level not in (logging.NOTSET, _levels_set.get(name))
        if logger.handlers or logger.filters or logger.disabled or has_level:
            return True
    parent = logging.root.manager.loggerDict.get(name.partition(".")[0])
    return isinstance(parent, logging.Logger) and any(not isinstance(one, _LineHandler) for one in parent.handlers)


def _inherits(log_config: LogConfig, name: str) -> bool:
    """Whether a configuration of the user's reaches the logger through its parents."""
    return not isinstance(log_config, DefaultLogging) and logging.getLogger(name).hasHandlers()


def _ancestors(logger: logging.Logger) -> list[logging.Logger]:
    """The loggers that records reach by propagation, short of the root."""
    found: list[logging.Logger] = []
    while logger.propagate and logger.parent is not None and logger.parent is not logging.root:
        logger = logger.parent
        found.append(logger)
    return found


def _inherited_level(logger: logging.Logger) -> int:
    return next((one.level for one in _ancestors(logger) if one.level), logging.NOTSET)


def _stdout_is_terminal() -> bool:
    try:
        return os.isatty(1)
    except OSError:
        return False


def _apply(action: Callable[[], object], what: str) -> None:
    try:
        action()
    except Exception as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        raise ConfigError(f"{what} is no valid logging configuration: {error}{cause}") from error


def _apply_file(path: str) -> None:
    if not os.path.isfile(path):
        raise ConfigError(f'log_config: there is no file "{path}"')
    if path.endswith(".json"):
        _apply(lambda: logging.config.dictConfig(_read(path, json.load)), f'log_config "{path}"')
    elif path.endswith((".yaml", ".yml")):
        try:
            yaml = import_module("yaml")
        except ModuleNotFoundError:
            raise ConfigError('log_config: YAML files need PyYAML: pip install "fasterapi[standard]"') from None
        _apply(lambda: logging.config.dictConfig(_read(path, yaml.safe_load)), f'log_config "{path}"')
    else:
        _apply(lambda: logging.config.fileConfig(path, disable_existing_loggers=False), f'log_config "{path}"')


def _read(path: str, parse: Callable[[TextIO], Any]) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        content: dict[str, Any] | object = parse(file)
    if not isinstance(content, dict):
        raise TypeError("the file does not hold a mapping")
    return cast("dict[str, Any]", content)
