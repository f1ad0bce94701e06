"""What stands for the transport of a session: its socket belongs to the engine."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fasterapi.pg.protocol.protocol import Protocol

__all__ = ["SessionTransport"]


class SessionTransport:
    """The part of `asyncio.Transport` that says whether a session lives, and ends it."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: "Protocol") -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Whether the session is over, or ends."""
        return self._protocol.is_closed()

    def abort(self) -> None:
        """Ends the session at once."""
        self._protocol.abort()

    def close(self) -> None:
        """The same: a session that is to say goodbye is closed by its connection."""
        self._protocol.abort()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Without effect: the engine's buffers have limits of their own."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The addresses, as `peername` and `sockname`; the engine's socket is not given away."""
        ends = self._protocol._ends()
        if ends is None or name not in {"sockname", "peername"}:
            return default
        return ends[name == "peername"]
