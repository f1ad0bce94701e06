"""Every ASGI message as a log line, at the level trace."""

from collections.abc import MutableMapping
from itertools import count
from logging import Logger
from typing import Any, cast

from fasterapi.config import Application
from fasterapi.logs import TRACE

__all__ = ["traced"]

_numbers = count(1)


def traced(app: Application, logger: Logger) -> Application:
    """`app` itself, or, if the logger wants the level trace, `app` with its messages logged."""
    if not logger.isEnabledFor(TRACE):
        return app

    async def traced_app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        client = scope.get("client")
        prefix = f"{client[0]}:{client[1]} - ASGI" if client else "ASGI"
        name = f"{prefix} [{next(_numbers)}]"

        async def traced_receive() -> Any:
            message = await receive()
            logger.log(TRACE, "%s Receive %s", name, _shown(message))
            return message

        async def traced_send(message: Any) -> None:
            logger.log(TRACE, "%s Send %s", name, _shown(message))
            await send(message)

        logger.log(TRACE, "%s Started scope=%s", name, _shown(scope))
        try:
            await app(scope, traced_receive, traced_send)
        except BaseException as error:
            logger.log(TRACE, "%s Raised %s", name, type(error).__name__)
            raise
        logger.log(TRACE, "%s Completed", name)

    return traced_app


def _shown(message: Any) -> object:
    """Bodies by their size, and no headers: they hold what must not stand in a log."""
    if not isinstance(message, dict):
        return message  # An application's mistake, which the engine will name.
    shown = dict(cast("dict[str, Any]", message))
    for key, value in shown.items():
        if key in ("body", "bytes", "text") and isinstance(value, (bytes, str)):
            shown[key] = f"<{len(value)} bytes>"
        elif key in ("headers", "state"):
            shown[key] = "<...>"
    return shown
