"""The messages that every client exchanges with the room, in the same steps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from clients.comparison import Step
from clients.room import COUNTED

TEXTS = ["hello", "", "gr\u00fc\u00dfe \u2603 \U0001f600", "x" * 126, "y" * 65536]
BLOBS = [b"hello", b"", bytes(range(256)), b"\xff" * 65536]
LONG_TEXT = "0123456789abcdef" * (1 << 19)
LONG_BLOB = bytes(range(256)) * (1 << 15)

CONVERSATION: dict[str, Any] = {
    "texts": TEXTS,
    "blobs": BLOBS,
    "text of 8 MiB": True,
    "blob of 8 MiB": True,
    "a thousand in order": True,
}
"""The steps of a conversation and their answers: everything comes back as it was."""

CLOSES = [(1000, ""), (1001, "going away"), (1011, "failed"), (3000, "x" * 123), (4321, "gr\u00fc\u00dfe"), (4999, "")]
"""Codes and reasons that either side may close with."""


def converse(send: Callable[[str | bytes], object], receive: Callable[[], str | bytes]) -> Iterator[Step]:
    """Goes through the conversation with a client that blocks."""

    def back(message: str | bytes) -> str | bytes:
        send(message)
        return receive()

    yield "texts", [back(text) for text in TEXTS]
    yield "blobs", [back(blob) for blob in BLOBS]
    yield "text of 8 MiB", back(LONG_TEXT) == LONG_TEXT
    yield "blob of 8 MiB", back(LONG_BLOB) == LONG_BLOB
    for text in COUNTED:
        send(text)
    yield "a thousand in order", [receive() for _ in COUNTED] == COUNTED


async def converse_async(
    send: Callable[[str | bytes], Awaitable[object]], receive: Callable[[], Awaitable[str | bytes]]
) -> AsyncIterator[Step]:
    """Goes through the conversation with a client that awaits."""

    async def back(message: str | bytes) -> str | bytes:
        await send(message)
        return await receive()

    yield "texts", [await back(text) for text in TEXTS]
    yield "blobs", [await back(blob) for blob in BLOBS]
    yield "text of 8 MiB", await back(LONG_TEXT) == LONG_TEXT
    yield "blob of 8 MiB", await back(LONG_BLOB) == LONG_BLOB
    for text in COUNTED:
        await send(text)
    yield "a thousand in order", [await receive() for _ in COUNTED] == COUNTED
