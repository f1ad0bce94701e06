"""The same steps of a client with the package and with uvicorn, their answers side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from applications import Notes
from clients.room import room
from reference import Reference
from served import Mode, Served
from wire import PATIENCE

Step = tuple[str, Any]
"""What was done, and what came of it."""


class Open:
    """One server with an application of its own, as its clients see it."""

    def __init__(self, port: int, notes: Notes) -> None:
        self.notes = notes
        self.http = f"http://127.0.0.1:{port}"
        self.ws = f"ws://127.0.0.1:{port}"
        self.address = ("127.0.0.1", port)


Walk = Callable[[Open], Iterator[Step] | AsyncIterator[Step]]


class Compare:
    """Walks through the same steps with both servers and fails at the first whose answers differ."""

    def __init__(self, mode: Mode) -> None:
        self._mode = mode

    def __call__(
        self,
        walk: Walk,
        *,
        app: Callable[[Notes], Any] = room,
        differs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The package's answers. `differs` names the steps that differ on purpose, with what uvicorn answers."""
        ours, theirs = (_answers(walk, app, mode, options) for mode in (self._mode, None))
        assert list(ours) == list(theirs), "the two went through different steps"
        for step, answer in {**ours, **(differs or {})}.items():
            told = f"to {step!r} uvicorn answers {theirs[step]!r:.200}, not {answer!r:.200}"
            assert theirs[step] == answer, told
        for step, answer in (differs or {}).items():
            assert ours[step] != answer, f"uvicorn's answer to {step!r} is no longer another one"
        return ours


def _answers(walk: Walk, app: Callable[[Notes], Any], mode: Mode | None, options: Mapping[str, Any]) -> dict[str, Any]:
    answers: dict[str, Any] = {}

    def note(step: Step) -> None:
        assert step[0] not in answers, f"two steps are called {step[0]!r}"
        answers.update([step])

    async def take(steps: AsyncIterator[Step]) -> None:
        async with asyncio.timeout(PATIENCE):
            async for step in steps:
                note(step)

    with _opened(app, mode, options) as server:
        steps = walk(server)
        if isinstance(steps, AsyncIterator):
            asyncio.run(take(steps))
        else:
            for step in steps:
                note(step)
        assert server.notes.empty(), "the application told more than the steps asked for"
    assert answers, "no step was taken"
    return answers


@contextmanager
def _opened(app: Callable[[Notes], Any], mode: Mode | None, options: Mapping[str, Any]) -> Iterator[Open]:
    """The package on a kind of loop, or uvicorn where none is given."""
    notes = Notes()
    with Reference(app(notes), **options) if mode is None else Served(app(notes), mode, **options) as served:
        yield Open(served.address[1], notes)
