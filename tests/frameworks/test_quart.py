"""Quart."""

from __future__ import annotations

import json

from frames import binary, text
from frameworks.apps.quart_board import make_app
from frameworks.visit import Visit, on_both
from wire import Wire


@on_both(make_app, lifespan="on")
def test_routes_see_the_lifespan_and_the_request(visit: Visit) -> None:
    facts = json.loads(visit.get("/?a=1&b=caf%C3%A9").body)
    assert facts == {"started": True, "args": {"a": "1", "b": "caf\u00e9"}, "scheme": "http"}
    assert json.loads(visit.post("/echo", b'{"x": [1, null]}').body) == {"x": [1, None]}
    assert visit.post("/echo", b"{").status == 400
    assert visit.get("/nowhere").status == 404
    assert visit.ask("PUT", "/").status == 405


@on_both(make_app, lifespan="on")
def test_bodies_are_streamed_both_ways(visit: Visit) -> None:
    for length in (0, 1, 70_000, 2_000_000):
        assert json.loads(visit.post("/count", bytes(length), "application/octet-stream").body) == {"read": length}
    assert visit.get("/stream").body == b"".join(b"GET %d\n" % number for number in range(100))


@on_both(make_app, lifespan="on")
def test_chunked_body_is_read_to_its_end(visit: Visit) -> None:
    with Wire(visit.address) as wire:
        wire.send(b"POST /count HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n")
        wire.send(b"5\r\nhello\r\n", b"6\r\n world\r\n", b"0\r\n\r\n")
        assert json.loads(wire.read().body) == {"read": 11}


@on_both(make_app, lifespan="on")
def test_socket_talks_and_closes_with_the_routes_code(visit: Visit) -> None:
    with visit.socket("/ws/bob", protocols=["talk"]) as socket:
        assert (socket.subprotocol, socket.raw.header(b"x-name")) == (b"talk", b"bob")
        socket.send(text("hello"), binary(b"ab"))
        assert json.loads(socket.receive()) == {"bob": "hello"}
        assert socket.receive() == b"abab"
        socket.send(text("bye"))
        assert socket.ended() == (4002, "bye yourself")
    with visit.socket("/ws/eve") as socket:
        assert socket.subprotocol is None
        assert socket.leave(4000) == 4000


@on_both(make_app, lifespan="on")
def test_request_reaches_every_open_socket(visit: Visit) -> None:
    with visit.socket("/read") as first:
        assert first.receive() == "ready"
        with visit.socket("/read") as second:
            assert second.receive() == "ready"
            assert visit.post("/tell", b"news", "text/plain").body == b"2"
            assert [first.receive(), second.receive()] == ["news", "news"]
            assert second.leave() == 1000
        assert first.leave() == 1000


@on_both(make_app, lifespan="on")
def test_handshake_is_denied_by_the_route_and_where_there_is_none(visit: Visit) -> None:
    assert visit.turned_away("/closed").status == 401
    assert visit.turned_away("/nowhere").status == 404
