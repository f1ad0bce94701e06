"""FasterAPI: an ASGI server whose engine is Rust and whose loop is Python's own asyncio."""

import sys
from typing import TYPE_CHECKING, Any

from fasterapi._engine import __version__
from fasterapi.config import Application, Config, Options
from fasterapi.errors import ConfigError, StartupError
from fasterapi.loops import new_event_loop
from fasterapi.server import Server, run, serve

__all__ = [
    "run",
    "serve",
    "Server",
    "Config",
    "Options",
    "Application",
    "ConfigError",
    "StartupError",
    "new_event_loop",
    "__version__",
]

if sys.version_info < (3, 16):
    if TYPE_CHECKING:
        import asyncio

        class EventLoopPolicy(asyncio.DefaultEventLoopPolicy):
            """The default policy with the engine's loops."""

    __all__ += ["EventLoopPolicy"]


def __getattr__(name: str) -> Any:
    if name == "EventLoopPolicy":
        from fasterapi.loops import event_loop_policy

        try:
            policy = globals()[name] = event_loop_policy()
        except AttributeError as error:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}: {error}") from None
        return policy
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
