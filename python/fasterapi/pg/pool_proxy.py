"""What a pool lends out."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fasterapi.pg import connection, exceptions

if TYPE_CHECKING:
    from fasterapi.pg.pool_holder import PoolConnectionHolder


class PoolConnectionProxyMeta(type):
    """Gives a class the methods of `Connection`, each for as long as the connection is lent."""

    def __new__(
        mcls, name: str, bases: tuple[type, ...], dct: dict[str, Any], *, wrap: bool = False
    ) -> "PoolConnectionProxyMeta":
        if wrap:
            for attribute in dir(connection.Connection):
                if attribute.startswith("_") or attribute in dct:
                    continue
                method = getattr(connection.Connection, attribute)
                if inspect.isfunction(method):
                    dct[attribute] = functools.update_wrapper(_lent(attribute), method)
            dct.setdefault("__doc__", connection.Connection.__doc__)
        return super().__new__(mcls, name, bases, dct)


def _lent(name: str) -> Callable[..., Any]:
    def call(self: "PoolConnectionProxy", /, *args: Any, **kwargs: Any) -> Any:
        con = self._con
        if con is None:
            raise exceptions.InterfaceError(
                f"cannot call Connection.{name}(): connection has been released back to the pool"
            )
        # By the class, so that a replaced method is called, as on the connection itself.
        return getattr(type(con), name)(con, *args, **kwargs)

    return call


class PoolConnectionProxy(connection._ConnectionProxy, metaclass=PoolConnectionProxyMeta, wrap=True):
    __slots__ = ("_con", "_holder")

    def __init__(self, holder: "PoolConnectionHolder", con: "connection.Connection") -> None:
        self._con: connection.Connection | None = con
        self._holder = holder
        con._set_proxy(self)

    def __getattr__(self, attr: str) -> Any:
        return getattr(self._con, attr)

    def _detach(self) -> "connection.Connection | None":
        """Ends the loan; the connection."""
        con, self._con = self._con, None
        if con is not None:
            con._set_proxy(None)
        return con

    def __repr__(self) -> str:
        what = "[released]" if self._con is None else repr(self._con)
        return f"<{type(self).__name__} {what} {id(self):#x}>"
