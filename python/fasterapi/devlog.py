"""The log of `fasterapi dev`: times, durations, colours, tracebacks of the user's code."""

import logging
import os
import sys
import time
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, TextIO

from fasterapi.config import Application
from fasterapi.tracebacks import trimmed

__all__ = ["DevFormatter", "Timed", "install", "is_colored", "paint"]

_LEVELS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "91", "DEBUG": "36", "TRACE": "34"}
_STATUSES = {"1": "36", "2": "32", "3": "36", "4": "33", "5": "31"}
_FAINT = "2"
_METHOD_WIDTH = 7
_PATH_WIDTH = 32

_access = logging.getLogger("fasterapi.access")


def install(use_colors: bool | None, level: int | None) -> None:
    """Gives the loggers `fasterapi` (stderr) and `fasterapi.access` (stdout) this log's look."""
    for name, stream in (("fasterapi", sys.stderr), ("fasterapi.access", sys.stdout)):
        logger = logging.getLogger(name)
        handler = logging.StreamHandler(stream)
        handler.setFormatter(DevFormatter(is_colored(stream, use_colors)))
        logger.handlers = [handler]
        logger.propagate = False
        logger.setLevel(logging.INFO)
    # Each start and stop is a line of its own here, so the server's account of them is for those who ask.
    logging.getLogger("fasterapi.error").setLevel(logging.WARNING if level is None else level)


def is_colored(stream: TextIO, use_colors: bool | None) -> bool:
    """Whether to colour: as the option says, else as FORCE_COLOR and NO_COLOR say, else on a terminal."""
    if use_colors is not None:
        return use_colors
    if os.environ.get("FORCE_COLOR"):
        return True
    return not os.environ.get("NO_COLOR") and stream.isatty()


def paint(text: str, color: str, is_colored: bool) -> str:
    """`text` in an ANSI colour."""
    return f"\x1b[{color}m{text}\x1b[0m" if is_colored and color else text


class DevFormatter(logging.Formatter):
    """`12:30:59  message`; exchanges in columns, levels from WARNING by name, tracebacks trimmed."""

    def __init__(self, is_colored: bool) -> None:
        super().__init__()
        self.is_colored = is_colored

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """The time of day."""
        return time.strftime(datefmt or "%H:%M:%S", time.localtime(record.created))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the names are logging's)
        """One line."""
        when = paint(self.formatTime(record), _FAINT, self.is_colored)
        exchange = record.__dict__.get("exchange")
        if exchange is not None:
            return f"{when}  {self._exchange(*exchange)}"
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        return f"{when}  {paint(level, _LEVELS.get(record.levelname, ''), self.is_colored)}{record.message}"

    def format(self, record: logging.LogRecord) -> str:
        """The line, and a traceback of the user's code; other handlers get theirs whole."""
        record.message = record.getMessage()
        lines = [self.formatMessage(record).rstrip("\n")]
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            lines.append(self.formatException(record.exc_info))
        return "\n".join(lines)

    def formatException(  # noqa: N802
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The trimmed traceback, its last line in red."""
        if ei[1] is None:
            return ""
        head, _, last = trimmed(ei[1]).rpartition("\n")
        return f"{head}\n{paint(last, _LEVELS['ERROR'], self.is_colored)}" if head else last

    def _exchange(self, method: str, path: str, outcome: str, seconds: float) -> str:
        color = _STATUSES.get(outcome[:1], _FAINT)
        columns = [
            paint(f"{method:{_METHOD_WIDTH}}", "1", self.is_colored),
            f"{path:{_PATH_WIDTH}}",
            paint(outcome, color, self.is_colored),
            paint(_duration(seconds), _FAINT, self.is_colored),
        ]
        return "  ".join(columns)


class Timed:
    """An application whose exchanges are logged with their duration, up to the last piece of the body."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Runs the application."""
        match scope["type"]:
            case "http":
                await self._http(scope, receive, send)
            case "websocket":
                await self._websocket(scope, receive, send)
            case _:
                await self._lifespan(scope, receive, send)

    async def _http(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        begun = time.perf_counter()
        status: int | None = None
        is_logged = False

        async def timed_send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, is_logged
            await send(message)
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body", False):
                _log(scope, scope["method"], str(status), begun)
                is_logged = True

        try:
            await self._app(scope, receive, timed_send)
        except BaseException:
            if not is_logged:
                _log(scope, scope["method"], "500" if status is None else f"{status} broken off", begun)
            raise
        if not is_logged:
            _log(scope, scope["method"], "no answer" if status is None else f"{status} unfinished", begun)

    async def _websocket(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        begun = time.perf_counter()
        outcome = "closed"
        is_open = False

        async def timed_receive() -> MutableMapping[str, Any]:
            nonlocal outcome
            message: MutableMapping[str, Any] = await receive()
            if message["type"] == "websocket.disconnect":
                outcome = f"closed by the client, {message.get('code', 1005)}"
            return message

        async def timed_send(message: MutableMapping[str, Any]) -> None:
            nonlocal outcome, is_open
            await send(message)
            match message["type"]:
                case "websocket.accept":
                    is_open = True
                    _log(scope, "WS", "101 open", begun)
                case "websocket.close":
                    outcome = f"closed, {message.get('code', 1000)}" if is_open else "403 refused"
                case "websocket.http.response.start":
                    outcome = f"{message['status']} refused"
                case _:
                    pass

        try:
            await self._app(scope, timed_receive, timed_send)
        except Exception:
            outcome = outcome if outcome != "closed" else "closed, 1011" if is_open else "500"
            raise
        finally:
            _log(scope, "WS", outcome, begun)

    async def _lifespan(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        async def trimming_send(message: MutableMapping[str, Any]) -> None:
            error = sys.exception()
            if message["type"].endswith(".failed") and error is not None:
                # Starlette sends the whole traceback, from within the handler of the exception.
                message = {**message, "message": trimmed(error)}
            await send(message)

        await self._app(scope, receive, trimming_send)


def _log(scope: MutableMapping[str, Any], method: str, outcome: str, begun: float) -> None:
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    target = f"{path}?{query}" if query else path
    seconds = time.perf_counter() - begun
    exchange = (method, target, outcome, seconds)
    _access.info("%s %s %s %s", method, target, outcome, _duration(seconds), extra={"exchange": exchange})


def _duration(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.2f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
