"""The row type."""

from fasterapi._engine import PgRecord as Record

__all__ = ["Record"]
