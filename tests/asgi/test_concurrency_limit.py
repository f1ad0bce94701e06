"""--limit-concurrency and --limit-max-requests."""

from __future__ import annotations

import asyncio
import logging
import logging.handlers
import queue
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import fasterapi
from applications import Notes, hello, respond
from frames import handshake
from reference import Reference
from served import Receive, Scope, Send, Serve
from wire import PATIENCE, Wire, request


@contextmanager
def logged(name: str, level: int) -> Iterator[queue.SimpleQueue[Any]]:
    """The records of a logger."""
    records: queue.SimpleQueue[Any] = queue.SimpleQueue()
    logger, handler = logging.getLogger(name), logging.handlers.QueueHandler(records)
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)


def test_request_on_a_connection_too_many_is_503_and_the_ones_before_are_served(serve: Serve) -> None:
    served = serve(hello, limit_concurrency=3)
    with served.connect() as one, served.connect() as two:
        assert one.ask().status == two.ask().status == 200
        with served.connect() as three, logged("fasterapi.error", logging.WARNING) as records:
            reply = three.ask()
            assert (reply.status, reply.body) == (503, b"Service Unavailable")
            assert reply.header(b"content-type") == b"text/plain; charset=utf-8"
            assert reply.header(b"connection") == b"close"
            assert three.closed()
            assert "Exceeded concurrency limit." in records.get(timeout=PATIENCE).getMessage()
    served.wait_until_idle()
    with served.connect() as again:
        assert again.ask().status == 200


def test_request_beside_too_many_under_way_is_503(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            await respond(send)
            notes.put("begun")
            await go.wait()
        await respond(send)

    served = serve(app, limit_concurrency=2)
    for _ in range(2):
        # The response is there and the connection gone, and the application goes on.
        with served.connect() as wire:
            assert wire.ask("GET", "/wait").status == 200
            assert notes.get() == "begun"
        served.wait_until_idle()
    with served.connect() as wire:
        assert wire.ask().status == 503
    served.loop.call_soon_threadsafe(go.set)
    served.errors.take(2)


def test_body_of_a_request_turned_away_does_no_harm(serve: Serve) -> None:
    served = serve(hello, limit_concurrency=1)
    with served.connect() as wire:
        assert wire.ask("POST", body=bytes(300_000)).status == 503


def test_websocket_too_many_is_503(serve: Serve) -> None:
    served = serve(hello, limit_concurrency=1)
    with served.connect() as wire:
        wire.send(handshake())
        assert wire.read().status == 503
    served.wait_until_idle()


@pytest.mark.parametrize(("limit", "status"), [(1, 503), (2, 200)])
def test_limit_counts_the_asking_connection_as_uvicorn_does(serve: Serve, limit: int, status: int) -> None:
    served = serve(hello, limit_concurrency=limit)
    with Reference(hello, limit_concurrency=limit, access_log=True) as other:
        for address in (served.address, other.address):
            with Wire(address) as wire:
                assert wire.ask().status == status


def test_server_ends_after_so_many_requests(serve: Serve) -> None:
    with logged("fasterapi.error", logging.INFO) as records:
        served = serve(hello, limit_max_requests=3)
        with served.connect() as wire:
            assert [wire.ask().status for _ in range(3)] == [200] * 3
            assert wire.rest() == b""
        served.join()
        lines = [records.get().getMessage() for _ in range(records.qsize())]
    assert "Maximum request limit of 3 exceeded. Terminating process." in lines
    assert "Shutting down" in lines


def test_requests_turned_away_and_failed_count_too(serve: Serve) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("nothing")

    served = serve(failing, limit_max_requests=2)
    for _ in range(2):
        with served.connect() as wire:
            assert wire.ask().status == 500
    served.join()
    served.errors.take(2)
    served = serve(hello, limit_max_requests=2, limit_concurrency=1)
    for _ in range(2):
        with served.connect() as wire:
            assert wire.ask().status == 503
    served.join()


def test_requests_under_way_are_finished_before_the_end(serve: Serve) -> None:
    notes = Notes()
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/wait":
            notes.put("begun")
            await go.wait()
        await respond(send, b"done")

    served = serve(app, limit_max_requests=1)
    with served.connect() as slow, served.connect() as quick:
        slow.send(request(target="/wait"))
        assert notes.get() == "begun"
        assert quick.ask().status == 200
        assert quick.rest() == b""
        served.loop.call_soon_threadsafe(go.set)
        assert slow.read().body == b"done"
    served.join()


def test_jitter_adds_at_most_so_many() -> None:
    config = fasterapi.Config(hello, limit_max_requests=10, limit_max_requests_jitter=5, log_config=None)
    limits = {fasterapi.Server(config)._limit for _ in range(500)}
    assert limits == set(range(10, 16))
