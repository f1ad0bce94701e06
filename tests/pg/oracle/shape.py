"""A value as plain data, so that the values of two clients, whose classes differ, can be compared."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def shape(value: Any) -> object:
    """The type's name and what the value consists of, down to the bits of floats and the digits of decimals."""
    name = type(value).__name__
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return name, "NaN" if value != value else struct.pack(">d", value)
    if isinstance(value, Decimal):
        return name, str(value.as_tuple())
    if name == "Record":
        return name, [(key, shape(item)) for key, item in value.items()]
    if isinstance(value, Mapping):
        return name, [(shape(key), shape(item)) for key, item in sorted(value.items())]
    if name == "Range":
        return name, value.isempty, shape(value.lower), shape(value.upper), value.lower_inc, value.upper_inc
    if name == "BitString":
        return name, value.as_string()
    if name in {"Path", "Polygon"}:
        return name, value.is_closed, [shape(point) for point in value.points]
    if isinstance(value, list | tuple):
        return name, [shape(item) for item in value]
    return name, repr(value)
