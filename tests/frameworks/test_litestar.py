"""Litestar."""

from __future__ import annotations

import json

from frames import text
from frameworks.apps.litestar_desk import make_app
from frameworks.visit import Visit, on_both


@on_both(make_app, lifespan="on")
def test_handlers_take_and_give_their_types(visit: Visit) -> None:
    assert visit.get("/?name=caf%C3%A9").body.decode() == "hello caf\u00e9"
    assert json.loads(visit.get("/tickets/7", headers=[(b"x-desk", b"left")]).body) == {"number": 7, "desk": "left"}
    reply = visit.post("/tickets", b'{"title": "late tea"}')
    assert (reply.status, json.loads(reply.body)) == (201, {"title": "Late Tea", "priority": 2})


@on_both(make_app, lifespan="on")
def test_what_does_not_validate_is_answered_with_the_reason(visit: Visit) -> None:
    assert visit.get("/tickets/7").status == 400
    reply = visit.post("/tickets", b'{"priority": "high"}')
    assert reply.status == 400 and b"Validation failed" in reply.body
    assert visit.get("/nowhere").status == 404
    assert visit.ask("DELETE", "/").status == 405


@on_both(make_app, lifespan="on")
def test_streams_and_events_are_whole(visit: Visit) -> None:
    assert visit.get("/numbers").body == b"".join(b"%d\n" % number for number in range(100))
    reply = visit.get("/events")
    assert (reply.header(b"content-type") or b"").startswith(b"text/event-stream")
    assert reply.body.count(b"event: count\r\n") == 3


@on_both(make_app, lifespan="on")
def test_listener_decodes_and_encodes_messages(visit: Visit) -> None:
    with visit.socket("/add") as socket:
        socket.send(text("[1, 2, 3]"), text("[]"))
        assert json.loads(socket.receive()) == {"total": 6}
        assert json.loads(socket.receive()) == {"total": 0}
        assert socket.leave() == 1000


@on_both(make_app, lifespan="on")
def test_listener_refuses_a_message_of_another_type(visit: Visit) -> None:
    with visit.socket("/add") as socket:
        socket.send(text('{"no": "list"}'))
        assert socket.ended()[0] >= 4000


@on_both(make_app, lifespan="on")
def test_handler_talks_and_closes_with_its_code(visit: Visit) -> None:
    with visit.socket("/talk/bob", protocols=["other", "talk"]) as socket:
        assert socket.subprotocol == b"talk"
        socket.send(text("hello"))
        assert socket.receive() == "bob: hello"
        socket.send(text("bye"))
        assert socket.ended() == (4002, "bye yourself")
    with visit.socket("/talk/eve") as socket:
        assert socket.subprotocol is None
        assert socket.leave(1001) == 1001


@on_both(make_app, lifespan="on")
def test_exception_before_the_accept_refuses_the_handshake(visit: Visit) -> None:
    assert visit.turned_away("/members").status == 403
    assert visit.turned_away("/nowhere").status == 403
