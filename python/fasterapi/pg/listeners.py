"""Who is told of notifications, log messages, the end of the connection, and queries."""

import contextlib
import inspect
import itertools
import time
import warnings
from collections.abc import Callable, Collection, Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fasterapi.pg import exceptions, utils
from fasterapi.pg.session import Session

if TYPE_CHECKING:
    from fasterapi.pg.connect_utils import _ConnectionParameters


class LoggedQuery(NamedTuple):
    """What a query logger is told of a query that is over."""

    query: str
    args: Any
    timeout: float | None
    elapsed: float
    exception: BaseException | None
    conn_addr: "tuple[str, int] | str"
    conn_params: "_ConnectionParameters"


class Callback(NamedTuple):
    """A function of the user's, or a coroutine function."""

    cb: Callable[..., Any]
    is_async: bool

    @classmethod
    def from_callable(cls, cb: Any) -> "Callback":
        """Checks that it can be called, and how."""
        if inspect.iscoroutinefunction(cb):
            return cls(cb, is_async=True)
        if callable(cb):
            return cls(cb, is_async=False)
        raise exceptions.InterfaceError(f"expected a callable or an `async def` function, got {cb!r}")


class Listening(Session):
    """The part of a connection that tells."""

    __slots__ = ()

    async def add_listener(self, channel: str, callback: Callable[..., Any]) -> None:
        """Listens on `channel`; `callback`, a function or coroutine function: (connection, pid, channel, payload)."""
        self._check_open()
        entry = Callback.from_callable(callback)
        callbacks = self._listeners.setdefault(channel, set())
        first = not callbacks
        # Before the answer: a notification can come with it.
        callbacks.add(entry)
        if not first:
            return
        try:
            await self._protocol.query(f"LISTEN {utils._quote_ident(channel)}", self._command_timeout)
        except BaseException:
            callbacks.discard(entry)
            if not callbacks and self._listeners.get(channel) is callbacks:
                del self._listeners[channel]
                self._unlisten(channel)
            raise

    async def remove_listener(self, channel: str, callback: Callable[..., Any]) -> None:
        """Stops telling `callback` of notifications on `channel`."""
        callbacks = self._listeners.get(channel)
        entry = Callback.from_callable(callback)
        if self.is_closed() or callbacks is None or entry not in callbacks:
            return
        callbacks.remove(entry)
        if not callbacks:
            del self._listeners[channel]
            self._check_open()
            await self._protocol.query(f"UNLISTEN {utils._quote_ident(channel)}", self._command_timeout)

    def add_log_listener(self, callback: Callable[..., Any]) -> None:
        """Tells `callback` of the server's notices and warnings: (connection, message)."""
        if self.is_closed():
            raise exceptions.InterfaceError("connection is closed")
        self._log_listeners.add(Callback.from_callable(callback))

    def remove_log_listener(self, callback: Callable[..., Any]) -> None:
        """Stops telling `callback` of the server's messages."""
        self._log_listeners.discard(Callback.from_callable(callback))

    def add_termination_listener(self, callback: Callable[..., Any]) -> None:
        """Tells `callback` when the connection is closed: (connection)."""
        self._termination_listeners.add(Callback.from_callable(callback))

    def remove_termination_listener(self, callback: Callable[..., Any]) -> None:
        """Stops waiting for the end with `callback`."""
        self._termination_listeners.discard(Callback.from_callable(callback))

    def add_query_logger(self, callback: Callable[..., Any]) -> None:
        """Tells `callback` of each query when it is over: (`LoggedQuery`)."""
        self._query_loggers.add(Callback.from_callable(callback))

    def remove_query_logger(self, callback: Callable[..., Any]) -> None:
        """Stops telling `callback` of queries."""
        self._query_loggers.discard(Callback.from_callable(callback))

    @contextlib.contextmanager
    def query_logger(self, callback: Callable[..., Any]) -> Generator[None, None, None]:
        """Tells `callback` of the queries made inside the block."""
        self.add_query_logger(callback)
        try:
            yield
        finally:
            self.remove_query_logger(callback)

    def _unlisten(self, channel: str) -> None:
        """The LISTEN was given up: it may have reached the server all the same."""
        if not self._protocol.is_in_transaction():
            self._post(f"UNLISTEN {utils._quote_ident(channel)}")

    def _logged(self, query: str, args: Any, timeout: float | None) -> "contextlib.AbstractContextManager[None]":
        """Around a query: tells the loggers, if there are any."""
        return self._time_and_log(query, args, timeout) if self._query_loggers else contextlib.nullcontext()

    @contextlib.contextmanager
    def _time_and_log(self, query: str, args: Sequence[Any], timeout: float | None) -> Generator[None, None, None]:
        start = time.monotonic()
        exception: BaseException | None = None
        try:
            yield
        except BaseException as error:
            exception = error
            raise
        finally:
            elapsed = time.monotonic() - start
            record = LoggedQuery(query, args, timeout, elapsed, exception, self._addr, self._params)
            self._tell(self._query_loggers, record)

    def _process_notification(self, pid: int, channel: str, payload: str) -> None:
        if channel in self._listeners:
            self._tell_now(self._listeners[channel], self._unwrap(), pid, channel, payload)

    def _process_log_message(self, fields: dict[str, str], last_query: str | None) -> None:
        if self._log_listeners:
            message = exceptions.PostgresLogMessage.new(fields, query=last_query)
            self._tell_now(self._log_listeners, self._unwrap(), message)

    def _call_termination_listeners(self) -> None:
        callbacks = list(self._termination_listeners)
        self._termination_listeners.clear()
        if callbacks:
            self._tell(callbacks, self._unwrap())

    def _tell(self, callbacks: "Collection[Callback]", *args: Any) -> None:
        for callback, is_async in list(callbacks):
            if is_async:
                self._loop.create_task(callback(*args))
            else:
                self._loop.call_soon(callback, *args)

    def _tell_now(self, callbacks: "Collection[Callback]", *args: Any) -> None:
        """Before the answer to the statement that brought it on is seen."""
        for callback, is_async in list(callbacks):
            if is_async:
                self._loop.create_task(callback(*args))
                continue
            try:
                callback(*args)
            except Exception as error:
                self._loop.call_exception_handler({"message": f"Error in {callback!r}", "exception": error})

    def _unwrap(self) -> Any:
        """The object that the user knows: the pool's proxy, if there is one."""
        return self if self._proxy is None else self._proxy

    def _on_release(self) -> None:
        """The connection goes back to its pool."""
        self._pool_release_ctr += 1
        if self._listeners or self._log_listeners:
            self._check_listeners(list(itertools.chain.from_iterable(self._listeners.values())), "notification")
            self._check_listeners(self._log_listeners, "log")

    def _check_listeners(self, listeners: "Collection[Callback]", kind: str) -> None:
        if listeners:
            count = len(listeners)
            warnings.warn(
                exceptions.InterfaceWarning(
                    f"{self!r} is being released to the pool but has {count} active {kind} "
                    f"listener{'s' if count > 1 else ''}"
                ),
                stacklevel=4,
            )
