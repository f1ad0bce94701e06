"""Nothing stays behind: no object, descriptor or task after many requests or after a cancellation at any await."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from applications import Notes, read_body, respond
from served import Receive, Scope, Send, Serve, Served
from wire import PATIENCE, request

REQUESTS = 100_000
BATCH = 500


@pytest.fixture
def keep_no_records(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """To be called in the test: pytest keeps every log record with the frames of its traceback."""

    def forget() -> None:
        for name in (None, "asyncio", "fasterapi"):
            monkeypatch.setattr(logging.getLogger(name), "handlers", [])

    return forget


def census(served: Served) -> tuple[Counter[str], int, int]:
    """Objects by type, descriptors and tasks, taken on the server's loop."""

    async def count() -> tuple[Counter[str], int, int]:
        for _ in range(3):
            await asyncio.sleep(0)
        gc.collect()
        objects = Counter(type(value).__name__ for value in gc.get_objects())
        return objects, len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())

    return served.call(count)


def growth(before: Counter[str], after: Counter[str], allowance: int = 20) -> dict[str, int]:
    """What became more by more than the interpreter's own caches grow."""
    return {name: after[name] - before[name] for name in after if after[name] - before[name] > allowance}


def hammer(served: Served, raw: bytes, answer_size: int, count: int) -> None:
    """Sends `count` pipelined requests in batches and reads as many answers of a known size."""
    with served.connect() as wire:
        for _ in range(count // BATCH):
            wire.send(raw * BATCH)
            wire.take(answer_size * BATCH)


async def mixed(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads a body, waits once, answers in two pieces."""
    body = await read_body(receive)
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": body[:2], "more_body": True})
    await send({"type": "http.response.body", "body": body[2:]})


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hundred_thousand_requests_leave_no_object_descriptor_or_task(
    serve: Serve, keep_no_records: Callable[[], None]
) -> None:
    keep_no_records()
    served = serve(mixed, date_header=False)
    raw = request("POST", "/path?query=1", headers=[(b"accept", b"*/*"), (b"x-mine", b"value")], body=b"body")
    with served.connect() as wire:
        wire.send(raw)
        answer_size = len(wire.head()) + 4
        wire.take(4)
    hammer(served, raw, answer_size, 4 * BATCH)
    served.wait_until_idle()
    objects, descriptors, tasks = census(served)
    hammer(served, raw, answer_size, REQUESTS)
    served.wait_until_idle()
    after, descriptors_after, tasks_after = census(served)
    assert growth(objects, after, REQUESTS // 1000) == {}
    assert descriptors_after == descriptors
    assert tasks_after == tasks


def test_connections_of_every_ending_leave_nothing(serve: Serve, keep_no_records: Callable[[], None]) -> None:
    keep_no_records()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/raises":
            raise ValueError("as it should")
        if scope["path"] == "/waits":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await respond(send, b"fine")

    served = serve(app)

    def round_of_endings() -> None:
        with served.connect() as wire:
            wire.ask()
        with served.connect() as wire:
            assert wire.ask("GET", "/raises").status == 500
        served.errors.take()
        for leave in ("close", "reset"):
            wire = served.connect()
            wire.send(request(target="/waits"))
            served.settle()
            getattr(wire, leave)()
        with served.connect() as wire:
            wire.send(b"nonsense\r\n\r\n")
            wire.rest()
        wire = served.connect()
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 100\r\n\r\nhalf")
        wire.reset()
        served.wait_until_idle()

    for _ in range(5):
        round_of_endings()
    objects, descriptors, tasks = census(served)
    for _ in range(100):
        round_of_endings()
    after, descriptors_after, tasks_after = census(served)
    assert growth(objects, after) == {}
    assert descriptors_after == descriptors
    assert tasks_after == tasks


STEPS = 12
BLOCKED = 9
"""The step at which a send waits, as nobody reads."""


async def many_awaits(receive: Receive, send: Send, reached: Any, pieces: int) -> None:
    """A request with an await of every kind; `reached(n)` is called before the n-th."""
    reached(0)
    await receive()
    reached(1)
    await asyncio.sleep(0)
    reached(2)
    message = await receive()
    assert message["type"] == "http.request"
    reached(3)
    await asyncio.ensure_future(receive())
    reached(4)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    reached(5)
    await send({"type": "http.response.body", "body": b"a" * 10, "more_body": True})
    reached(6)
    await asyncio.gather(receive(), asyncio.sleep(0.001))
    reached(7)
    await asyncio.wait_for(receive(), 20)
    reached(8)
    await asyncio.shield(receive())
    reached(9)
    for _ in range(pieces):
        await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
    reached(10)
    await asyncio.ensure_future(send({"type": "http.response.body", "body": b"b" * 10, "more_body": True}))
    reached(11)
    await send({"type": "http.response.body"})


@pytest.mark.parametrize("step", range(STEPS))
@pytest.mark.parametrize("delay", [0, 1, 3])
def test_cancel_at_every_await_of_a_request_leaves_nothing_and_harms_nobody(
    serve: Serve, step: int, delay: int, keep_no_records: Callable[[], None]
) -> None:
    keep_no_records()
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/neighbour":
            await respond(send, await read_body(receive))
            return
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()

        def cancel_after(turns: int) -> None:
            if turns:
                loop.call_soon(cancel_after, turns - 1)
            else:
                task.cancel()

        def reached(number: int) -> None:
            notes.put(number)
            if number == step:
                loop.call_soon(cancel_after, delay)

        try:
            await many_awaits(receive, send, reached, 200 if step == BLOCKED else 3)
        finally:
            notes.put("ended")

    served = serve(app)

    def one() -> None:
        with served.connect(receive_buffer=4096) as wire:
            wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 10000\r\n\r\n")
            while (note := notes.get()) != "ended":
                if note == BLOCKED < step:
                    wire.socket.settimeout(0.001)
                    while notes.empty():
                        with contextlib.suppress(TimeoutError):
                            wire.socket.recv(1 << 20)
                    wire.socket.settimeout(PATIENCE)
                with contextlib.suppress(ConnectionError):
                    wire.send(b"x")
        served.wait_until_idle()
        with served.connect() as neighbour:
            assert neighbour.ask("POST", "/neighbour", body=b"well").body == b"well"

    one()
    served.errors.seen.clear()
    served.wait_until_idle()
    objects, descriptors, tasks = census(served)
    for _ in range(25):
        one()
    served.wait_until_idle()
    after, descriptors_after, tasks_after = census(served)
    served.errors.seen.clear()
    assert growth(objects, after) == {}
    assert descriptors_after == descriptors
    assert tasks_after == tasks
