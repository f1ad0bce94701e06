"""What belongs to a connection and ends with it, or with its return to the pool."""

# pyright: reportPrivateUsage=false
# The parts of a connection know each other, by names that others know too.

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from fasterapi.pg import exceptions

if TYPE_CHECKING:
    from fasterapi.pg.connection import Connection

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound="ConnectionResource")


class ConnectionResource:
    """Something of one connection, unusable once that is closed or back in its pool."""

    __slots__ = ("_con_release_ctr", "_connection")

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection
        self._con_release_ctr: int = connection._pool_release_ctr

    def _check_conn_validity(self, meth_name: str) -> None:
        connection = self._connection
        if connection._pool_release_ctr != self._con_release_ctr:
            raise exceptions.InterfaceError(
                f"cannot call {type(self).__name__}.{meth_name}(): "
                "the underlying connection has been released back to the pool"
            )
        if connection.is_closed():
            raise exceptions.InterfaceError(
                f"cannot call {type(self).__name__}.{meth_name}(): the underlying connection is closed"
            )


def guarded(method: Callable[Concatenate[R, P], T]) -> Callable[Concatenate[R, P], T]:
    """Checks, before the method, that the resource can still be used."""
    name = method.__name__

    @functools.wraps(method)
    def checked(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        self._check_conn_validity(name)
        return method(self, *args, **kwargs)

    return checked
