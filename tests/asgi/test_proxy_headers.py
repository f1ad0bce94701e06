"""X-Forwarded headers: what the application sees, beside what it sees under uvicorn."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.handlers
import queue
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fasterapi
from applications import Notes, respond
from frames import handshake
from reference import Reference
from served import Receive, Scope, Send, Serve
from wire import PATIENCE, Wire, request

FOR, PROTO = b"x-forwarded-for", b"x-forwarded-proto"
HOST, PORT, PREFIX = b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix"

TRUST = [None, "", "*", "127.0.0.1", "127.0.0.0/8, 10.0.0.0/8,2001:db8::/32", "10.0.0.1", "127.0.0.1,unknown,::1"]

CASES: dict[str, list[tuple[bytes, bytes]]] = {
    "nothing": [],
    "one host": [(FOR, b"1.2.3.4")],
    "two hosts": [(FOR, b"1.2.3.4, 5.6.7.8")],
    "two lines": [(FOR, b"1.2.3.4"), (FOR, b"5.6.7.8")],
    "hosts behind a trusted proxy": [(FOR, b"6.6.6.6, 1.2.3.4, 10.0.0.1")],
    "trusted proxies in both lines": [(FOR, b"6.6.6.6, 1.2.3.4,10.1.0.1"), (FOR, b"10.0.0.1, 127.0.0.1")],
    "only trusted hosts": [(FOR, b"127.0.0.1, 127.0.0.1")],
    "port": [(FOR, b"1.2.3.4:5678")],
    "port 0": [(FOR, b"1.2.3.4:0")],
    "highest port": [(FOR, b"1.2.3.4:65535")],
    "no port behind the colon": [(FOR, b"1.2.3.4:")],
    "port that is no number": [(FOR, b"1.2.3.4:http")],
    "port of a trusted proxy": [(FOR, b"1.2.3.4, 10.0.0.1:443")],
    "IPv6": [(FOR, b"2001:db9::1")],
    "IPv6 in brackets": [(FOR, b"[2001:db9::1]")],
    "IPv6 in brackets with port": [(FOR, b"[2001:db9::1]:8080")],
    "IPv6 in brackets with a port that is no number": [(FOR, b"[2001:db9::1]:x")],
    "brackets that do not close": [(FOR, b"[2001:db9::1")],
    "words behind brackets": [(FOR, b"[2001:db9::1]x")],
    "trusted IPv6": [(FOR, b"1.2.3.4, 2001:DB8:0::0001")],
    "trusted IPv6 in brackets": [(FOR, b"1.2.3.4, [2001:db8::1]:99")],
    "IPv4 inside IPv6": [(FOR, b"1.2.3.4, ::ffff:127.0.0.1")],
    "name": [(FOR, b"unknown")],
    "name behind a host": [(FOR, b"1.2.3.4, unknown")],
    "name with port": [(FOR, b"_hidden:80")],
    "leading zeros": [(FOR, b"1.2.3.4, 127.0.0.01")],
    "empty": [(FOR, b"")],
    "blanks": [(FOR, b"  ")],
    "comma": [(FOR, b",")],
    "comma at the end": [(FOR, b"1.2.3.4,")],
    "comma at the start": [(FOR, b",1.2.3.4")],
    "no-break space": [(FOR, b"1.2.3.4,\xa05.6.7.8\xa0")],
    "Latin-1": [(FOR, b"1.2.3.4, h\xf6st")],
    "blanks around": [(FOR, b" \t1.2.3.4 \t,  5.6.7.8\t")],
    "name of the field in capitals": [(b"X-FORWARDED-FOR", b"1.2.3.4"), (b"X-Forwarded-Proto", b"https")],
    "https": [(PROTO, b"https")],
    "http": [(PROTO, b"http")],
    "ws": [(PROTO, b"ws")],
    "wss": [(PROTO, b"wss")],
    "HTTPS": [(PROTO, b"HTTPS")],
    "two schemes in a line": [(PROTO, b"https, http")],
    "two lines of schemes": [(PROTO, b"https"), (PROTO, b"http")],
    "unknown scheme": [(PROTO, b"ftp")],
    "unknown scheme last": [(PROTO, b"https"), (PROTO, b"ftp")],
    "blanks around the scheme": [(PROTO, b" https\t")],
    "no scheme": [(PROTO, b"")],
    "both": [(FOR, b"1.2.3.4:55"), (PROTO, b"https")],
    "host, port and prefix, unasked": [(HOST, b"evil.org"), (PORT, b"1"), (PREFIX, b"/evil")],
    "RFC 7239": [(b"forwarded", b"for=1.2.3.4;proto=https")],
}


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers what a proxy may have a say in."""
    names = ("client", "scheme", "server", "root_path", "path")
    told = {name: scope[name] for name in names}
    told["raw_path"] = scope["raw_path"].decode()
    told["host"] = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    await respond(send, json.dumps(told).encode())


def told(address: Any, fields: list[tuple[bytes, bytes]], target: str = "/a%20b") -> Any:
    with Wire(address) as wire:
        return shown(wire.ask("GET", target, headers=fields), wire, address)


def shown(reply: Any, wire: Wire, address: Any) -> Any:
    """What was told, with the words here and there for the real ends."""
    facts = json.loads(reply.body)
    if isinstance(address, tuple):
        facts["client"] = "here" if tuple(facts["client"]) == wire.socket.getsockname() else facts["client"]
        facts["server"] = "there" if tuple(facts["server"]) == address else facts["server"]
    return facts


@pytest.fixture(scope="module", params=TRUST, ids=lambda trust: f"trust={trust}")
def trust(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(scope="module")
def other(trust: str | None) -> Iterator[Reference]:
    with Reference(tell, forwarded_allow_ips=trust, http="h11", access_log=True) as running:
        yield running


@pytest.mark.parametrize("root_path", ["", "/mounted"])
def test_client_and_scheme_are_those_of_uvicorn(
    serve: Serve, trust: str | None, other: Reference, root_path: str
) -> None:
    other.server.config.root_path = root_path
    served = serve(tell, forwarded_allow_ips=trust, root_path=root_path)
    ours = {name: told(served.address, fields) for name, fields in CASES.items()}
    theirs = {name: told(other.address, fields) for name, fields in CASES.items()}
    assert ours == theirs
    believed = {name for name, facts in ours.items() if facts["client"] != "here" or facts["scheme"] != "http"}
    assert bool(believed) == (trust not in ("", "10.0.0.1"))


def test_without_proxy_headers_nobody_is_believed(serve: Serve) -> None:
    served = serve(tell, proxy_headers=False, forwarded_allow_ips="*")
    for name, fields in CASES.items():
        facts = told(served.address, fields)
        assert (facts["client"], facts["scheme"]) == ("here", "http"), name


def test_each_request_of_a_connection_has_a_client_of_its_own(serve: Serve) -> None:
    served = serve(tell)
    with served.connect() as wire:
        for value, expected in [(b"1.1.1.1", ["1.1.1.1", 0]), (b"2.2.2.2:2", ["2.2.2.2", 2]), (None, "here")]:
            fields = [] if value is None else [(FOR, value), (PROTO, b"https")]
            facts = shown(wire.ask(headers=fields), wire, served.address)
            assert facts["client"] == expected
            assert facts["scheme"] == ("http" if value is None else "https")


@pytest.mark.parametrize("trust", ["*", "127.0.0.1", None])
def test_peer_without_an_address_is_believed_where_everybody_is(tmp_path: Path, trust: str | None) -> None:
    fields = [(FOR, b"1.2.3.4:5"), (PROTO, b"https")]
    ours, theirs = str(tmp_path / "ours"), str(tmp_path / "theirs")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(theirs)
    listener.listen()
    server = fasterapi.Server(
        fasterapi.Config(tell, uds=ours, lifespan="off", log_config=None, forwarded_allow_ips=trust)
    )

    async def compare() -> None:
        async with server:
            mine = await asyncio.to_thread(told, ours, fields)
            yours = await asyncio.to_thread(told, theirs, fields)
            assert (mine["client"], mine["scheme"]) == (yours["client"], yours["scheme"])
            assert (mine["client"] == ["1.2.3.4", 5]) == (trust == "*")

    with Reference(tell, listener=listener, forwarded_allow_ips=trust, http="h11", access_log=True):
        asyncio.run(compare())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([(HOST, b"example.org")], {"server": ["example.org", 80], "host": ["example.org"]}),
        ([(HOST, b"example.org:8080")], {"server": ["example.org", 8080], "host": ["example.org:8080"]}),
        ([(HOST, b"evil.org, example.org")], {"server": ["example.org", 80], "host": ["example.org"]}),
        ([(HOST, b"a.b"), (PROTO, b"https")], {"server": ["a.b", 443], "host": ["a.b"], "scheme": "https"}),
        ([(HOST, b"a.b"), (PORT, b"8443")], {"server": ["a.b", 8443], "host": ["a.b:8443"]}),
        ([(HOST, b"[::1]:81")], {"server": ["::1", 81], "host": ["[::1]:81"]}),
        ([(PORT, b"81")], {"server": ["127.0.0.1", 81], "host": ["test:81"]}),
        ([(PREFIX, b"/api/")], {"root_path": "/api", "path": "/api/a b", "raw_path": "/api/a%20b"}),
        ([(HOST, b"a/b")], {}),
        ([(HOST, b"user@example.org")], {}),
        ([(PORT, b"99999")], {}),
        ([(PREFIX, b"//evil.org")], {}),
        ([(PREFIX, b"api")], {}),
    ],
    ids=lambda value: b" ".join(b": ".join(field) for field in value).decode() if isinstance(value, list) else "",
)
def test_host_port_and_prefix_are_believed_where_they_are_named(
    serve: Serve, fields: list[tuple[bytes, bytes]], expected: dict[str, Any]
) -> None:
    served = serve(tell, forwarded_headers="for,proto,host,port,prefix")
    assert told(served.address, fields) == {**told(served.address, []), **expected}
    only = serve(tell, forwarded_headers=["for"])
    assert told(only.address, fields) == told(only.address, [])


def test_host_is_given_to_a_request_that_has_none(serve: Serve) -> None:
    served = serve(tell, forwarded_headers="host")
    with served.connect() as wire:
        wire.send(request(version="1.0", headers=[(HOST, b"example.org")], host=False))
        assert json.loads(wire.read().body)["host"] == ["example.org"]


def test_prefix_stands_before_the_root_path(serve: Serve) -> None:
    served = serve(tell, forwarded_headers="prefix", root_path="/inner")
    facts = told(served.address, [(PREFIX, b"/outer")], "/x")
    assert (facts["root_path"], facts["path"]) == ("/outer/inner", "/outer/inner/x")


@pytest.mark.parametrize(
    ("said", "scheme"), [(b"http", "ws"), (b"https", "wss"), (b"ws", "ws"), (b"wss", "wss"), (b"ftp", "ws")]
)
def test_scheme_of_a_websocket_is_ws_or_wss(serve: Serve, said: bytes, scheme: str) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put((scope["type"], scope["scheme"], scope["client"]))
        await receive()
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire:
        wire.send(handshake(headers=[(PROTO, said), (FOR, b"1.2.3.4:5")]))
        assert wire.read().status == 403
    assert notes.get() == ("websocket", scheme, ("1.2.3.4", 5))


def test_access_log_tells_the_client_and_the_path_with_its_prefix(serve: Serve) -> None:
    logger = logging.getLogger("fasterapi.access")
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    handler = logging.handlers.QueueHandler(lines)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        served = serve(tell, access_log=True, forwarded_headers="for,prefix", root_path="/in")
        told(served.address, [(FOR, b"1.2.3.4:5"), (PREFIX, b"/out")], "/x?y")
        record: Any = lines.get(timeout=PATIENCE)
        assert record.getMessage() == '1.2.3.4:5 - "GET /out/in/x?y HTTP/1.1" 200'
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("10.0.0.1/8", "10.0.0.0/8"),
        ("127.0.0.1, 10.0.0.0/40", "10.0.0.0/40"),
        ("*, 127.0.0.1", "stands alone"),
        (7, "forwarded_allow_ips"),
        ([b"127.0.0.1"], "forwarded_allow_ips"),
    ],
)
def test_wrong_list_of_peers_is_refused(value: Any, said: str) -> None:
    with pytest.raises(fasterapi.ConfigError, match=said.replace("*", r"\*")):
        fasterapi.Config(tell, forwarded_allow_ips=value)


def test_peers_come_from_the_environment_where_no_option_names_them(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.1")
    served = serve(tell)
    assert told(served.address, CASES["both"])["client"] == "here"
    served = serve(tell, forwarded_allow_ips="127.0.0.1")
    assert told(served.address, CASES["both"])["client"] == ["1.2.3.4", 55]
