"""What the connections to one database know together."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

from collections import OrderedDict
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from fasterapi.pg.protocol import protocol

if TYPE_CHECKING:
    from fasterapi._engine import PgDescription
    from fasterapi.pg.protocol.protocol import StatementState
    from fasterapi.pg.session import Session

# Queries that are remembered.
_QUERIES = 512


class Shared:
    """The types that were looked up, and how the server describes the queries that were prepared last.

    What one connection was told another can begin with; that it is true there, too, is for the server to say.
    """

    __slots__ = ("__weakref__", "_described", "types")

    def __init__(self) -> None:
        self.types: protocol.Types = protocol.Types()
        # Least recently used first.
        self._described: OrderedDict[str, PgDescription] = OrderedDict()

    def learn(self, statement: "StatementState") -> None:
        """A statement was prepared."""
        self._described[statement.query] = statement.description
        self._described.move_to_end(statement.query)
        if len(self._described) > _QUERIES:
            self._described.popitem(last=False)

    def get(self, query: str) -> "PgDescription | None":
        """How the server describes the query, as far as is known."""
        described = self._described.get(query)
        if described is not None:
            self._described.move_to_end(query)
        return described

    def forget(self, query: str) -> None:
        """The description was wrong."""
        self._described.pop(query, None)

    def clear(self) -> None:
        """Tables or types have changed."""
        self._described.clear()


class Databases:
    """What is known of each database that a pool is connected to, as long as it is."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: WeakValueDictionary[object, Shared] = WeakValueDictionary()

    def of(self, session: "Session") -> Shared:
        """What is known of the session's."""
        # The numbers of types are those of a database; what a name means may depend on the user.
        key = (session._addr, session._params.database, session._params.user)
        return self._known.setdefault(key, Shared())
