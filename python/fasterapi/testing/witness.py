"""An application that remembers what it has raised."""

from collections.abc import MutableMapping
from typing import Any

from fasterapi.config import Application

__all__ = ["Witness"]

_DEPARTURES = frozenset({"ClientDisconnect", "ClientDisconnected", "WebSocketDisconnect"})
"""How frameworks tell an application that its client has left: the end of a test, and no failure of it."""


class Witness:
    """Wraps an application. What it raises goes on to the server and stays in `exceptions`."""

    def __init__(self, app: Application) -> None:
        self.exceptions: list[Exception] = []
        self.startup_exception: Exception | None = None
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Runs the application."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        refused: list[OSError] = []

        async def witnessed_send(message: MutableMapping[str, Any]) -> None:
            try:
                await send(message)
            except OSError as error:
                refused.append(error)
                raise

        try:
            await self._app(scope, receive, witnessed_send)
        except Exception as error:
            if error not in refused and type(error).__name__ not in _DEPARTURES:
                self.exceptions.append(error)
            raise

    async def _live(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        is_complete = False

        async def witnessed_send(message: MutableMapping[str, Any]) -> None:
            nonlocal is_complete
            await send(message)
            is_complete = is_complete or message["type"] == "lifespan.startup.complete"

        try:
            await self._app(scope, receive, witnessed_send)
        except Exception as error:
            if is_complete:
                self.exceptions.append(error)
            else:
                self.startup_exception = error
            raise
