"""The frame of PostgreSQL's messages."""

from __future__ import annotations


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body
