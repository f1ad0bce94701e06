"""Tests against the real server: on a free port, in the process of the test."""

from fasterapi.testing.live import LiveServer, run, serve

__all__ = ["serve", "run", "LiveServer"]
