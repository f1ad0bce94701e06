"""The scope, exact to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from applications import Notes, respond
from served import Receive, Scope, Send, Serve
from wire import request


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def noting(notes: Notes) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(scope)
        await respond(send)

    return app


def test_scope_of_a_plain_request_has_these_values_and_no_others(
    serve: Serve, noting: Any, notes: Notes, version: str
) -> None:
    served = serve(noting)
    with served.connect() as wire:
        client = wire.socket.getsockname()
        assert wire.ask("GET", "/items/a%20b?x=1&y=%20", version=version, headers=[(b"Accept", b"*/*")]).status == 200
    scope = notes.get()
    assert scope.pop("asgi") == {"version": "3.0", "spec_version": "2.3"}
    assert scope.pop("extensions", {}) == {}
    assert scope.pop("state", {}) == {}
    assert dict(scope) == {
        "type": "http",
        "http_version": version,
        "server": ("127.0.0.1", served.address[1]),
        "client": client,
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/items/a b",
        "raw_path": b"/items/a%20b",
        "query_string": b"x=1&y=%20",
        "headers": [(b"host", b"test"), (b"accept", b"*/*")],
    }


def test_scope_values_have_the_types_of_the_specification(
    serve: Serve, noting: Any, notes: Notes, version: str
) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.ask("POST", "/", version=version, body=b"x")
    scope = notes.get()
    assert type(scope) is dict
    kinds: dict[str, type] = {
        "type": str,
        "asgi": dict,
        "http_version": str,
        "method": str,
        "scheme": str,
        "path": str,
        "raw_path": bytes,
        "query_string": bytes,
        "root_path": str,
    }
    assert {name: type(scope[name]) for name in kinds} == kinds
    for name in ("client", "server"):
        host, port = scope[name]
        assert type(host) is str and type(port) is int
    for pair in scope["headers"]:
        key, value = pair
        assert type(key) is bytes and type(value) is bytes


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        ("/", "/", b"/", b""),
        ("/?", "/", b"/", b""),
        ("/a/b", "/a/b", b"/a/b", b""),
        ("/a%2Fb", "/a/b", b"/a%2Fb", b""),
        ("/%F0%9F%9A%80", "/\N{ROCKET}", b"/%F0%9F%9A%80", b""),
        ("/caf%C3%A9?q=caf%C3%A9", "/caf\u00e9", b"/caf%C3%A9", b"q=caf%C3%A9"),
        ("/%", "/%", b"/%", b""),
        ("/%zz%2", "/%zz%2", b"/%zz%2", b""),
        ("/a?b?c", "/a", b"/a", b"b?c"),
        ("/a+b", "/a+b", b"/a+b", b""),
        ("//twice//slashed", "//twice//slashed", b"//twice//slashed", b""),
        ("/a/../b/./c", "/a/../b/./c", b"/a/../b/./c", b""),
        ("/%00", "/\x00", b"/%00", b""),
        ("/a;b=c", "/a;b=c", b"/a;b=c", b""),
    ],
)
def test_path_is_percent_decoded_and_raw_path_is_as_sent(
    serve: Serve, noting: Any, notes: Notes, target: str, path: str, raw_path: bytes, query: bytes
) -> None:
    served = serve(noting)
    with served.connect() as wire:
        assert wire.ask("GET", target).status == 200
    scope = notes.get()
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == (path, raw_path, query)


def test_path_that_is_not_utf_8_is_decoded_with_replacement(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        assert wire.ask("GET", "/%FF").status == 200
    scope = notes.get()
    assert scope["raw_path"] == b"/%FF"
    assert scope["path"] == "/\N{REPLACEMENT CHARACTER}"


def test_root_path_is_prefixed_to_path_and_raw_path(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting, root_path="/api")
    with served.connect() as wire:
        wire.ask("GET", "/a%20b?c")
    scope = notes.get()
    assert scope["root_path"] == "/api"
    assert scope["path"] == "/api/a b"
    assert scope["raw_path"] == b"/api/a%20b"
    assert scope["query_string"] == b"c"


def test_absolute_form_gives_the_path_and_its_authority_as_host(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.send(b"GET http://example.org:81/a%20b?c=d HTTP/1.1\r\nhost: other\r\n\r\n")
        assert wire.read().status == 200
        wire.send(b"GET http://example.org HTTP/1.1\r\nhost: other\r\n\r\n")
        assert wire.read().status == 200
    scope = notes.get()
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a b", b"/a%20b", b"c=d")
    assert dict(scope["headers"])[b"host"] == b"example.org:81"
    scope = notes.get()
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/", b"/", b"")


def test_asterisk_form_is_served_for_options(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        assert wire.ask("OPTIONS", "*").status == 200
    scope = notes.get()
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("OPTIONS", "*", b"*")


def test_header_names_are_lower_case_in_order_and_values_trimmed_but_otherwise_as_sent(
    serve: Serve, noting: Any, notes: Notes, version: str
) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.send(
            b"GET / HTTP/%s\r\nHOST: Test\r\nX-Twice: 1\r\naccept:\t a , b \t\r\nX-TWICE: 2\r\nEmpty:\r\n"
            b"X-Latin: caf\xe9\r\nCookie: a=b\r\nX_Under: score\r\ncookie: c=d\r\n\r\n" % version.encode()
        )
        assert wire.read().status == 200
    assert notes.get()["headers"] == [
        (b"host", b"Test"),
        (b"x-twice", b"1"),
        (b"accept", b"a , b"),
        (b"x-twice", b"2"),
        (b"empty", b""),
        (b"x-latin", b"caf\xe9"),
        (b"cookie", b"a=b"),
        (b"x_under", b"score"),
        (b"cookie", b"c=d"),
    ]


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "QUERY", "M-SEARCH"]
)
def test_method_is_upper_case_text_as_sent(serve: Serve, noting: Any, notes: Notes, method: str) -> None:
    served = serve(noting)
    with served.connect() as wire:
        assert wire.ask(method, "/").status == 200
    assert notes.get()["method"] == method


def test_http_1_0_request_without_host_is_served(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.send(request(version="1.0", host=False))
        assert wire.read().status == 200
    assert notes.get()["headers"] == []


def test_one_leading_empty_line_is_ignored(serve: Serve, noting: Any, notes: Notes, version: str) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.send(b"\r\n" + request(target="/late", version=version))
        assert wire.read().status == 200
    assert notes.get()["path"] == "/late"


def test_no_object_that_can_be_changed_is_shared_between_requests(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting)
    with served.connect() as wire:
        wire.ask("GET", "/", headers=[(b"x", b"y")])
        wire.ask("GET", "/", headers=[(b"x", b"y")])
    with served.connect() as wire:
        wire.ask("GET", "/", headers=[(b"x", b"y")])
    scopes = [notes.get() for _ in range(3)]
    for name in ("asgi", "headers", "extensions", "state"):
        objects = [scope[name] for scope in scopes if name in scope]
        assert len({id(value) for value in objects}) == len(objects), f"scope[{name!r}] is shared"
    assert len({id(scope) for scope in scopes}) == 3


def test_what_an_application_does_to_its_scope_is_not_seen_by_the_next_request(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put({name: repr(value) for name, value in sorted(scope.items())})
        scope["asgi"].clear()
        scope["headers"].clear()
        scope.setdefault("extensions", {})["mine"] = {}
        for name in list(scope):
            scope[name] = None
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().status == 200
        assert wire.ask().status == 200
    assert notes.get() == notes.get()


def test_spec_version_2_4_is_announced_when_asked_for(serve: Serve, noting: Any, notes: Notes) -> None:
    served = serve(noting, asgi_spec="2.4")
    with served.connect() as wire:
        wire.ask()
    assert notes.get()["asgi"] == {"version": "3.0", "spec_version": "2.4"}


def test_app_is_called_with_a_real_task_current(serve: Serve, notes: Notes) -> None:
    import asyncio

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        notes.put((type(task), task in asyncio.all_tasks(), asyncio.get_running_loop()))
        await respond(send)

    served = serve(app)
    with served.connect() as wire:
        wire.ask()
    kind, listed, loop = notes.get()
    assert issubclass(kind, asyncio.Task)
    assert listed
    assert loop is served.loop
