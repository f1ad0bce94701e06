"""A coroutine on a loop of its own, whose complaints fail the test."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

from served import Mode

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T], mode: Mode = Mode.STOCK) -> T:
    """Runs to the end; what the loop's exception handler was told, such as an exception that nobody retrieved, is an
    error after it."""
    told: list[dict[str, Any]] = []

    async def watched() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: told.append(context))
        try:
            return await main
        finally:
            gc.collect()

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        value = runner.run(watched())
    assert not told, told
    return value
