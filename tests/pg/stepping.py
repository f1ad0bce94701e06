"""A coroutine that is cancelled where it waits for the n-th time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from enum import Enum
from typing import Any


class Moment(Enum):
    """When the cancellation comes."""

    WAITING = "while it waits"
    ANSWERED = "when what it waits for is there, before it knows"


class Stepped(Coroutine[Any, Any, Any]):
    """Passes a coroutine's steps on, and cancels its task at the step numbered `step`, if it comes so far."""

    def __init__(self, inner: Coroutine[Any, Any, Any], step: int, moment: Moment) -> None:
        self.reached = False
        self.cancelled = False
        """Whether the task was still running when it was cancelled."""
        self.task: asyncio.Task[Any] | None = None
        self._inner = inner
        self._left = step
        self._moment = moment

    def send(self, value: Any) -> Any:
        return self._suspended(self._inner.send(value))

    def throw(self, *error: Any) -> Any:
        return self._suspended(self._inner.throw(*error))

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()

    def _suspended(self, waited: Any) -> Any:
        if self._left == 0 and not self.reached:
            self.reached = True
            assert self.task is not None
            if self._moment is Moment.ANSWERED and waited is not None:
                waited.add_done_callback(lambda _: self._cancel())
            else:
                asyncio.get_running_loop().call_soon(self._cancel)
        self._left -= 1
        return waited

    def _cancel(self) -> None:
        assert self.task is not None
        self.cancelled = self.task.cancel()


async def cancelled_at(work: Coroutine[Any, Any, Any], step: int, moment: Moment) -> bool:
    """Runs `work` and cancels it at a step; False where it ended before. A cancellation must come out as one."""
    stepped = Stepped(work, step, moment)
    stepped.task = asyncio.get_running_loop().create_task(stepped)
    await asyncio.wait([stepped.task])
    if not stepped.reached:
        stepped.task.result()
        return False
    if not stepped.cancelled:
        stepped.task.result()
        return True
    assert stepped.task.cancelled(), f"cancelled at step {step}, it came to {stepped.task!r}"
    return True
