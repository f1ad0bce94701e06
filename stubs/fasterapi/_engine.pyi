"""The engine: native selector, HTTP/1.1 service, awaitables and executor, in Rust."""

import asyncio
import logging
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator, Mapping, Sequence
from contextvars import Context
from os import PathLike
from types import GenericAlias
from typing import Any, Final, Generic, Literal, Self, TypeAlias, TypeVar, final, overload

from typing_extensions import disjoint_base

from fasterapi.pg.types import Type

__all__ = [
    "AccessLog",
    "Ready",
    "Waiting",
    "NativeFuture",
    "Reactor",
    "NativeSelector",
    "HttpService",
    "PgArrow",
    "PgDescription",
    "PgProtocol",
    "PgRecord",
    "PgSettings",
    "PgStatement",
    "PgTls",
    "PgTypes",
    "_create_record",
    "_salted_password",
    "sleep",
    "__version__",
]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

__version__: Final[str]
"""The version of the engine; equal to the package's."""

@disjoint_base
class NativeSelector(selectors.BaseSelector):
    """A `selectors.BaseSelector` whose `select()` also drives the engine's own sockets, timers and tasks.

    Give it to a stock loop: `asyncio.SelectorEventLoop(NativeSelector())`. Level-triggered for registered files.
    Raises what `selectors.EpollSelector` raises.
    """

    def __new__(cls) -> Self: ...
    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey: ...
    def unregister(self, fileobj: Any) -> selectors.SelectorKey: ...
    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey: ...
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]: ...
    def close(self) -> None: ...
    def get_key(self, fileobj: Any) -> selectors.SelectorKey: ...
    def get_map(self) -> Mapping[Any, selectors.SelectorKey]: ...
    def fileno(self) -> int: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

@final
class NativeFuture(Generic[_T]):
    """The result of work in the engine, with the protocol of `asyncio.Future` (bpo: `_asyncio_future_blocking`).

    Resolved exactly once. Bound to the loop whose engine made it; methods called from another thread raise
    RuntimeError.
    """

    _asyncio_future_blocking: bool
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def get_loop(self) -> asyncio.AbstractEventLoop: ...
    def done(self) -> bool: ...
    def cancelled(self) -> bool: ...
    def cancel(self, msg: Any = None) -> bool: ...
    def set_result(self, result: _T) -> None: ...
    def result(self) -> _T: ...
    def exception(self) -> BaseException | None: ...
    def add_done_callback(
        self, fn: Callable[[NativeFuture[_T]], object], /, *, context: Context | None = None
    ) -> None: ...
    def remove_done_callback(self, fn: Callable[[NativeFuture[_T]], object], /) -> int: ...
    def __await__(self) -> Generator[Any, None, _T]: ...
    def __iter__(self) -> Generator[Any, None, _T]: ...
    def __next__(self) -> Any: ...

@final
class Ready(Coroutine[Any, None, _T_co]):
    """An awaitable whose result is known: finishes at its first step."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def send(self, value: None, /) -> Any: ...
    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def __iter__(self) -> Generator[Any, None, _T_co]: ...
    def __next__(self) -> Any: ...

@final
class Waiting(Coroutine[Any, None, _T_co]):
    """An awaitable that does its work at its first step, on the loop's thread, and may wait for a `NativeFuture`."""

    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def send(self, value: None, /) -> Any: ...
    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any, None, _T_co]: ...
    def __iter__(self) -> Generator[Any, None, _T_co]: ...
    def __next__(self) -> Any: ...

@final
class Reactor:
    """The engine of one event loop: at most one a loop, kept alive by that loop."""

    @staticmethod
    def attach(event_loop: asyncio.AbstractEventLoop, /) -> Reactor:
        """The reactor of `event_loop`, made at the first call.

        Mode `native` where the loop runs on a `NativeSelector`, `embedded` where it has `add_reader`, else `thread`.
        Raises RuntimeError if the loop is closed.
        """

    @property
    def mode(self) -> Literal["native", "embedded", "thread"]: ...
    def create_future(self) -> NativeFuture[Any]:
        """A future of the loop: who waits for it goes on directly, without a handle of the loop's."""

    @property
    def connections(self) -> int:
        """Open connections of all services."""

    def serve(self, service: HttpService, fd: int) -> None:
        """Accepts connections of the listening stream socket `fd` (TCP or Unix) for `service`.

        Takes the descriptor over: it is closed with the service. Raises OSError if it cannot be watched, ValueError
        if the service is closing.
        """

@final
class HttpService:
    """One ASGI application served over HTTP/1.1 and WebSocket by the reactor of one loop.

    `websocket`: whether requests for a WebSocket become one; if not, they are requests like any other. `ws_max_size`
    bounds a message, inflated; `ws_max_queue` counts the messages held ahead of the application;
    `ws_deflate_memory` bounds the compressors of all connections together, in bytes.
    X-Forwarded headers of `trusted_peers` are believed, those that `forwarded_headers` names: for and proto unless it
    is given. From `limit_concurrency` connections or requests on, requests are answered 503; after `limit_requests`
    requests `on_limit` is called, once.
    All times are in seconds. `headers` are added to every response. `state` is copied into each scope, if given.
    `access_log`: the engine's own line writer, a logger that gets uvicorn's message and five arguments, or None.
    `error_log` gets failures of the application with their traceback. Requests run in copies of `context`.
    """

    def __new__(
        cls,
        app: Callable[[Any, Any, Any], Awaitable[None]],
        loop: asyncio.AbstractEventLoop,
        *,
        root_path: str = "",
        spec_version: Literal["2.3", "2.4"] = "2.3",
        server_header: bool = True,
        date_header: bool = True,
        headers: Iterable[tuple[bytes, bytes]] | None = None,
        state: dict[str, Any] | None = None,
        context: Context | None = None,
        access_log: AccessLog | logging.Logger | None = None,
        error_log: logging.Logger | None = None,
        header_timeout: float = 10.0,
        keep_alive_timeout: float = 5.0,
        max_request_line: int = 8192,
        max_field: int = 8192,
        max_header_block: int = 65536,
        max_fields: int = 100,
        max_chunk_extension: int = 256,
        max_chunk_extensions: int = 16384,
        max_trailer_block: int = 8192,
        max_trailers: int = 32,
        websocket: bool = True,
        ws_max_size: int = 16777216,
        ws_max_queue: int = 32,
        ws_ping_interval: float | None = ...,
        ws_ping_timeout: float | None = ...,
        ws_deflate: bool = True,
        ws_deflate_memory: int = 33554432,
        trusted_peers: Sequence[str] | None = None,
        forwarded_headers: Sequence[str] | None = None,
        limit_concurrency: int | None = None,
        limit_requests: int | None = None,
        on_limit: Callable[[], object] | None = None,
    ) -> Self: ...
    @property
    def connections(self) -> int:
        """Open connections."""

    @property
    def active(self) -> int:
        """Requests under way: those whose application has not returned."""

    @property
    def requests(self) -> int:
        """Requests begun since the service was made."""

    def close(self) -> None:
        """Stops accepting, closes idle connections, and lets requests under way finish."""

    def wait_closed(self) -> Waiting[None]:
        """Waits until, after `close()`, no connection and no request is left."""

    def abort(self) -> int:
        """Cancels the requests under way and closes their connections; returns how many were cancelled."""

@final
class AccessLog:
    """Writes access lines to a file descriptor without ever blocking: lines that do not fit are dropped and counted.

    The line is uvicorn's: `INFO:     127.0.0.1:5000 - "GET / HTTP/1.1" 200 OK`.
    """

    def __new__(cls, fd: int = 1, *, colors: bool = False) -> Self: ...
    @property
    def dropped(self) -> int:
        """Lines dropped because the reader of the descriptor did not keep up."""

@final
class PgArrow:
    """A result in columns: for everything that takes Arrow's PyCapsule interface, as often as wanted.

    `pyarrow.table(result)`, `polars.DataFrame(result)`. The columns are lent, not copied.
    """

    def __len__(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The columns as one batch. A schema that is asked for is not looked at, as the interface allows."""
    def __arrow_c_schema__(self) -> object:
        """The types of the columns."""

@final
class PgTls:
    """What connections to PostgreSQL need to use the engine's TLS: made once, shared by all of them.

    `verify` is how much of the server's certificate is verified: `none`, `ca` (a chain to a root) or `full` (the host's
    name, too). `roots`, `certificate` and `key` are PEM; `crls` are PEM or DER, and with any, each certificate below
    the root needs one. `keylog_path` names a file that the secrets of connections are appended to, to read recorded
    traffic.

    Raises ValueError, with a sentence that says what to do, for what cannot be used: TLS before 1.2 and encrypted keys
    need an `ssl.SSLContext`. Raises OSError if the key log cannot be written.
    """

    def __new__(
        cls,
        *,
        verify: Literal["none", "ca", "full"] = "full",
        roots: bytes | None = None,
        system_roots: bool = False,
        crls: Sequence[bytes] | None = None,
        certificate: bytes | None = None,
        key: bytes | None = None,
        minimum_version: str = "TLSv1.2",
        maximum_version: str = "TLSv1.3",
        alpn: Sequence[bytes] | None = None,
        sni: bool = True,
        keylog_path: str | PathLike[str] | None = None,
    ) -> Self: ...

def sleep(delay: float) -> Waiting[None]:
    """Waits `delay` seconds on the engine's timer wheel, on the running loop.

    Raises ValueError for a negative or non-finite delay.
    """

_PgAddress: TypeAlias = tuple[str, int] | str

@disjoint_base
class PgRecord:
    """A row: its values by position and by name."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __contains__(self, key: object, /) -> bool:
        """Whether there is a column of this name."""
    @overload
    def __getitem__(self, key: int | str, /) -> Any: ...
    @overload
    def __getitem__(self, key: slice, /) -> tuple[Any, ...]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...
    def __gt__(self, other: Any, /) -> bool: ...
    def __ge__(self, other: Any, /) -> bool: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """The value of a column, or `default` without such a column."""
    def keys(self) -> Iterator[str]:
        """The names of the columns."""
    def values(self) -> Iterator[Any]:
        """The values."""
    def items(self) -> Iterator[tuple[str, Any]]:
        """The names with their values."""

def _create_record(mapping: Any, elements: tuple[Any, ...]) -> PgRecord:
    """A record of values; `mapping` gives each column's place by its name."""

def _salted_password(password: str, salt: bytes, iterations: int) -> bytes:
    """The salted password of SCRAM-SHA-256, as connections derive it."""

@final
class PgTypes:
    """The types that introspection has found, for all connections that share them."""

    def __new__(cls) -> Self: ...
    def clear(self) -> None:
        """Forgets what was found."""

@final
class PgSettings:
    """What a server says of a session: its parameters as attributes; and the session's codecs."""

    def __getattribute__(self, name: str, /) -> str: ...
    def share_types(self, types: PgTypes) -> None:
        """What this connection finds from now on the others know too, and the other way round."""
    def register_data_types(self, rows: Iterable[PgRecord]) -> None:
        """Takes the rows of the introspection query."""
    def add_python_codec(
        self,
        oid: int,
        encoder: Callable[[Any], Any],
        decoder: Callable[[Any], Any],
        format: Literal["text", "binary", "tuple"],  # noqa: A002
    ) -> None:
        """Values of the type `oid` pass through two functions."""
    def set_builtin_type_codec(
        self,
        oid: int,
        codec_name: str | int,
        format: Literal["text", "binary"] | None = None,  # noqa: A002
    ) -> None:
        """Values of the type `oid` pass as those of the built-in type `codec_name`."""
    def remove_python_codec(self, oid: int) -> None:
        """The type's own codec again."""
    def has_python_codec(self, oid: int) -> bool:
        """Whether the type was given a codec."""
    def get_data_codec(self, oid: int) -> Type | None:
        """What is known of the type whose values pass under this number; None where the server has to be asked."""
    def clear_type_cache(self) -> None:
        """Forgets what introspection has found."""

@final
class PgDescription:
    """What one connection was told of a query, for the others that go to the same database."""

@final
class PgStatement:
    """A prepared statement: its parameters and columns, and the codecs of both."""

    @property
    def name(self) -> str:
        """The statement's name; empty for the unnamed one."""
    @property
    def query(self) -> str:
        """Its text."""
    @property
    def record_class(self) -> Callable[..., Any]:
        """The class of its rows."""
    @property
    def ignore_custom_codec(self) -> bool:
        """Whether codecs of the user's are left aside."""
    @property
    def closed(self) -> bool:
        """Whether it was closed."""
    @property
    def prepared(self) -> bool:
        """Whether the server has it."""
    @property
    def assumed(self) -> bool:
        """Whether its description is another connection's, and the server has not said that it is right."""
    @property
    def refuted(self) -> bool:
        """Whether that description was found wrong, or nothing was run: the query is to be prepared."""
    @property
    def description(self) -> PgDescription:
        """What the server says of it."""
    def with_rows(self, record_class: Callable[..., Any]) -> PgStatement:
        """The same statement, with rows of another class."""
    @property
    def refs(self) -> int:
        """How many objects use it."""
    def attach(self) -> None:
        """Counts one more user."""
    def detach(self) -> None:
        """Counts one user less."""
    def mark_closed(self) -> None:
        """The statement must not be used any more."""
    def mark_unprepared(self) -> None:
        """The server has forgotten it: it is parsed again before it is used."""
    def missing_types(self) -> set[int]:
        """The types that have to be registered before the statement can be used."""
    def init_codecs(self) -> None:
        """Looks the codecs up. Raises InternalClientError while types are missing."""
    def _encode_copy_rows(self, rows: Iterator[Sequence[Any]], limit: int) -> bytes: ...
    def _get_parameters(self) -> tuple[Any, ...]: ...
    def _get_attributes(self) -> tuple[Any, ...]: ...

@disjoint_base
class PgProtocol:
    """One session with a PostgreSQL server.

    Calls queue: several requests may be in flight, each with its own Sync. What a call returns passes for a coroutine
    and does its work at its first step, on the loop's thread.
    """

    def __new__(cls) -> Self: ...
    @classmethod
    def open(
        cls,
        event_loop: asyncio.AbstractEventLoop,
        address: _PgAddress,
        *,
        timeout: float | None = None,
        **options: Any,
    ) -> Waiting[Self]:
        """Opens a session with the server at `address`, an (ip, port) or the path of a Unix domain socket."""
    @staticmethod
    def cancel(
        event_loop: asyncio.AbstractEventLoop,
        address: _PgAddress,
        *,
        pid: int,
        secret: bytes,
        timeout: float | None = None,
        **options: Any,
    ) -> Waiting[None]:
        """Asks the server to cancel what its session with this key does; waits until it has heard."""
    def set_connection(self, connection: object) -> None:
        """Events go to this object, which is held weakly."""
    def prepare(
        self,
        stmt_name: str,
        query: str,
        timeout: float | None,
        *,
        record_class: Callable[..., Any],
        ignore_custom_codec: bool = False,
    ) -> Waiting[PgStatement]:
        """Parses a statement and learns its types."""
    def assume(
        self,
        stmt_name: str,
        query: str,
        description: PgDescription,
        *,
        record_class: Callable[..., Any],
        ignore_custom_codec: bool = False,
    ) -> PgStatement:
        """A statement that has not been parsed here, as another connection was told of it.

        Its first run parses it, and finds out whether it is the same here: `assumed` is false then; it is to be
        prepared where `refuted` is true.
        """
    def bind_execute(
        self,
        state: PgStatement,
        args: Sequence[Any],
        portal_name: str,
        limit: int,
        return_extra: bool,
        timeout: float | None,
    ) -> Waiting[Any]:
        """Runs a statement: a list of rows; with `return_extra` `(rows, status, completed)`."""
    def bind_execute_now(
        self, state: PgStatement, args: Sequence[Any], limit: int, return_extra: bool, timeout: float | None
    ) -> list[Any] | tuple[list[Any], bytes | None, bool] | Waiting[Any]:
        """Runs a statement as `bind_execute` does, but begins at once, in the coroutine that awaits it.

        The result, if it came while nobody else had anything to do, or a `Waiting` for it.
        """
    def bind_execute_many(
        self,
        state: PgStatement,
        args: Iterable[Sequence[Any]],
        portal_name: str,
        timeout: float | None,
        return_rows: bool,
    ) -> Waiting[list[Any] | None]:
        """Runs a statement for each sequence of arguments; all of it or nothing is done."""
    def bind_execute_as(
        self, state: PgStatement, args: Sequence[Any], form: Literal["json", "arrow"], timeout: float | None
    ) -> Waiting[object]:
        """Runs a statement: its rows as a JSON array in bytes, or as an object with `__arrow_c_stream__`."""
    def bind(self, state: PgStatement, args: Sequence[Any], portal_name: str, timeout: float | None) -> Waiting[None]:
        """Makes a portal of a statement."""
    def execute(
        self, state: PgStatement, portal_name: str, limit: int, return_extra: bool, timeout: float | None
    ) -> Waiting[Any]:
        """Runs a portal, for at most `limit` rows."""
    def query(self, query: str, timeout: float | None) -> Waiting[str]:
        """Runs SQL by the simple protocol: any number of statements, no arguments. Gives the last status."""
    def post(self, query: str) -> None:
        """Queues SQL, by the simple protocol, whose answer nobody waits for; where it fails the session is closed."""
    def close_statement(self, state: PgStatement, timeout: float | None) -> Waiting[None]:
        """Makes the server forget a statement."""
    def close_portal(self, portal_name: str, timeout: float | None) -> Waiting[None]:
        """Makes the server forget a portal."""
    def _copy_begin(self, query: str, timeout: float | None) -> Waiting[tuple[bool, int, bytes]]: ...
    def _copy_read(self) -> Waiting[bytes | None]: ...
    def _copy_write(self, data: bytes | bytearray | memoryview) -> Waiting[None]: ...
    def _copy_done(self) -> Waiting[str]: ...
    def _copy_fail(self, reason: str) -> None: ...
    def close(self) -> Waiting[None]:
        """Ends the session behind what is under way; waits until the server has closed."""
    def abort(self) -> None:
        """Ends the session at once: what is under way fails."""
    def is_connected(self) -> bool:
        """Whether requests can be sent."""
    def is_fit(self, max_queries: int) -> bool:
        """Whether the session is open, in no transaction, free of a cancellation, and has made fewer requests than
        this."""
    def is_closed(self) -> bool:
        """Whether the session is over, or ends."""
    def is_in_transaction(self) -> bool:
        """Whether the last answer left the session in a transaction."""
    def get_server_pid(self) -> int | None:
        """The process of the server that serves the session."""
    def get_server_secret(self) -> bytes | None:
        """What a request to cancel must show."""
    def get_settings(self) -> PgSettings:
        """What the server says of the session, and the session's codecs."""
    @property
    def is_ssl(self) -> bool:
        """Whether the connection is encrypted."""
    @property
    def queries_count(self) -> int:
        """Queries made so far."""
    @property
    def in_flight(self) -> int:
        """Requests that are not answered."""
    @property
    def awaited(self) -> int:
        """Requests whose answer somebody waits for."""
    def _ends(self) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None: ...
    def _is_cancelling(self) -> bool: ...
    def _cancel_sent(self, _waiter: object = None) -> None: ...
