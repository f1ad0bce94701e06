"""Applications of ASGI 2: `await app(scope)(receive, send)`."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["Asgi2"]


class Asgi2:
    """An application of ASGI 2 as one of ASGI 3."""

    def __init__(self, app: Callable[[Any], Callable[[Any, Any], Awaitable[None]]]) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        scope["asgi"]["version"] = "2.0"
        await self._app(scope)(receive, send)
