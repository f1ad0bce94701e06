"""The class of uuid values."""

from uuid import UUID

__all__ = ["UUID"]
