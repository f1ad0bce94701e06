"""Event streams by sse-starlette: one that ends, one that never does and one that tells when its client is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


def make_app() -> Starlette:
    """An application that tells which of its streams have ended."""
    ended: asyncio.Queue[str] = asyncio.Queue()

    async def count(request: Request) -> Response:
        start = int(request.headers.get("last-event-id", "-1")) + 1

        async def events() -> AsyncIterator[ServerSentEvent]:
            for number in range(start, start + 3):
                yield ServerSentEvent(f"number {number}\nof some", id=str(number), event="count", retry=5000)

        return EventSourceResponse(events(), headers={"x-start": str(start)})

    async def endless(request: Request) -> Response:
        async def events() -> AsyncIterator[dict[str, str]]:
            try:
                yield {"data": "first"}
                await asyncio.Event().wait()
            finally:
                ended.put_nowait(request.query_params.get("name", "nameless"))

        return EventSourceResponse(events(), ping=3600)

    async def next_ended(request: Request) -> Response:
        return PlainTextResponse(await ended.get())

    return Starlette(routes=[Route("/count", count), Route("/endless", endless), Route("/ended", next_ended)])


app = make_app()
