"""The statements that a connection keeps prepared."""

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fasterapi.pg.protocol.protocol import StatementState

# The query, what makes its rows, and whether codecs of the user's are left aside.
Key: TypeAlias = "tuple[str, Any, bool]"


class StatementCache:
    """The last used statements, each for a limited time.

    `on_remove` is told of every statement that leaves.
    """

    __slots__ = ("_deadlines", "_entries", "_loop", "_max_lifetime", "_max_size", "_newest", "_on_remove", "_timer")

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        max_size: int,
        max_lifetime: float,
        on_remove: "Callable[[StatementState], object]",
    ) -> None:
        self._loop = loop
        self._max_size = max_size
        self._max_lifetime = max_lifetime
        self._on_remove = on_remove
        # Least recently used first.
        self._entries: OrderedDict[Key, StatementState] = OrderedDict()
        # The one that was used last, or that has left since.
        self._newest: StatementState | None = None
        # All live equally long, so the order of their coming is that of their going.
        self._deadlines: dict[Key, float] = {}
        # One timer, for the first to expire.
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def get_max_size(self) -> int:
        """How many statements there can be."""
        return self._max_size

    def set_max_size(self, new_size: int) -> None:
        """Changes how many there can be; 0 turns the cache off."""
        assert new_size >= 0
        self._max_size = new_size
        self._shrink()

    def get_max_lifetime(self) -> float:
        """For how many seconds a statement stays."""
        return self._max_lifetime

    def set_max_lifetime(self, new_lifetime: float) -> None:
        """Changes how long statements stay, counted anew from now; 0 is for ever."""
        assert new_lifetime >= 0
        self._max_lifetime = new_lifetime
        self._deadlines.clear()
        if new_lifetime:
            deadline = self._loop.time() + new_lifetime
            self._deadlines.update(dict.fromkeys(self._entries, deadline))
        self._arm()

    def get(self, key: Key, *, promote: bool = True) -> "StatementState | None":
        """The statement, which thereby is the last used."""
        statement = self._entries.get(key)
        if statement is None:
            return None
        if statement.closed:
            # Closed behind the cache's back: the server does not know it any more.
            self._drop(key)
            return None
        if promote and statement is not self._newest:
            self._entries.move_to_end(key)
            self._newest = statement
        return statement

    def has(self, key: Key) -> bool:
        """Whether the statement is here, without using it."""
        return self.get(key, promote=False) is not None

    def put(self, key: Key, statement: "StatementState") -> None:
        """Keeps a statement, in place of the one with its key and of the least recently used."""
        if not self._max_size:
            return
        previous = self._entries.pop(key, None)
        self._entries[key] = self._newest = statement
        self._deadlines.pop(key, None)
        if self._max_lifetime:
            self._deadlines[key] = self._loop.time() + self._max_lifetime
            if self._timer is None:
                self._arm()
        if previous is not None and previous is not statement:
            self._on_remove(previous)
        self._shrink()

    def iter_statements(self) -> "Iterator[StatementState]":
        """The statements, the least recently used first."""
        return iter(list(self._entries.values()))

    def clear(self) -> None:
        """Forgets all; each is told to `on_remove` once none is here any more."""
        entries = list(self._entries.values())
        self._entries.clear()
        self._newest = None
        self._deadlines.clear()
        self._arm()
        for statement in entries:
            self._on_remove(statement)

    def _drop(self, key: Key) -> None:
        self._deadlines.pop(key, None)
        self._on_remove(self._entries.pop(key))

    def _shrink(self) -> None:
        while len(self._entries) > self._max_size:
            self._drop(next(iter(self._entries)))

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for deadline in self._deadlines.values():
            self._timer = self._loop.call_at(deadline, self._expire)
            break

    def _expire(self) -> None:
        self._timer = None
        now = self._loop.time()
        for key, deadline in list(self._deadlines.items()):
            if deadline > now:
                break
            self._drop(key)
        self._arm()
