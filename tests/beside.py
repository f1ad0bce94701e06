"""Uvicorn with the same application and options, to compare with in the same run."""

from __future__ import annotations

import asyncio
import socket
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn

from wire import PATIENCE


class Uvicorn:
    """Uvicorn on a socket of its own, in a thread of its own."""

    def __init__(self, app: Any, *, uds: str | None = None, **options: Any) -> None:
        self.socket = socket.socket(socket.AF_INET if uds is None else socket.AF_UNIX)
        self.socket.bind(("127.0.0.1", 0) if uds is None else uds)
        self.socket.listen()
        self.address: Any = self.socket.getsockname()
        options = {"lifespan": "off", "log_config": None, "http": "h11", "ws": "none", **options}
        self.server = uvicorn.Server(uvicorn.Config(app, **options))
        self._thread = threading.Thread(target=self._run, name="uvicorn", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self._thread.join(PATIENCE)
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self.server.serve(sockets=[self.socket]))
