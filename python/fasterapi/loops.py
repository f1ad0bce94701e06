"""Event loops: the engine's own, the stock one, or anybody's."""

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from fasterapi import _engine
from fasterapi.errors import ApplicationError, ConfigError
from fasterapi.importer import import_from_string

__all__ = ["LoopFactory", "loop_factory", "new_event_loop"]

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def new_event_loop() -> asyncio.SelectorEventLoop:
    """A stock asyncio loop on the engine's selector: what serves here costs no callback and no thread."""
    return asyncio.SelectorEventLoop(_engine.NativeSelector())


def loop_factory(loop: str | LoopFactory) -> LoopFactory:
    """What makes the loop that `--loop` names: auto, asyncio, uvloop, zuvloop, none or module:factory."""
    if not isinstance(loop, str):
        return loop
    if loop in ("auto", "zuvloop"):
        return new_event_loop
    if loop == "none":
        return asyncio.new_event_loop
    if loop == "asyncio":
        return asyncio.SelectorEventLoop
    if loop == "uvloop":
        return _uvloop()
    return _checked(import_from_string(loop, "loop"), loop)


def event_loop_policy() -> type[Any]:
    """The class `fasterapi.EventLoopPolicy`, made at its first use.

    asyncio warns when the public base class is touched (3.14 and 3.15) and has none from 3.16 on.
    """
    base = getattr(importlib.import_module("asyncio.unix_events"), "_DefaultEventLoopPolicy", None)
    if base is None:
        base = asyncio.__dict__.get("DefaultEventLoopPolicy")
    if base is None:
        raise AttributeError("this Python has no event loop policies: use asyncio.Runner(loop_factory=new_event_loop)")

    def make_loop(_policy: Any) -> asyncio.AbstractEventLoop:
        return new_event_loop()

    members = {
        "__doc__": "The default policy with the engine's loops.",
        "__module__": "fasterapi",
        "new_event_loop": make_loop,
    }
    return type("EventLoopPolicy", (base,), members)


def _checked(factory: Any, name: str) -> LoopFactory:
    def make_loop() -> asyncio.AbstractEventLoop:
        try:
            loop = factory()
        except Exception as error:
            raise ApplicationError(f'loop "{name}" failed: {type(error).__name__}: {error}') from error
        if not isinstance(loop, asyncio.AbstractEventLoop):
            raise ConfigError(f'loop "{name}" must name a function that returns a new event loop')
        return loop

    return make_loop


def _uvloop() -> LoopFactory:
    try:
        uvloop = importlib.import_module("uvloop")
    except ModuleNotFoundError:
        raise ConfigError('loop "uvloop" needs the package uvloop: pip install uvloop, or use --loop auto') from None
    factory: LoopFactory = uvloop.new_event_loop
    return factory
