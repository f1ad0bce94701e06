"""Django with Channels."""

from __future__ import annotations

import json

from frames import binary, text
from frameworks.apps.django_chat import make_app
from frameworks.visit import Visit, on_both


@on_both(make_app)
def test_views_answer(visit: Visit) -> None:
    assert visit.get("/?name=caf%C3%A9").body.decode() == "Hello, caf\u00e9"
    reply = visit.post("/echo/7/", b"a=1&b=2", "application/x-www-form-urlencoded", headers=[(b"user-agent", b"us")])
    assert json.loads(reply.body) == {
        "number": 7, "method": "POST", "path": "/echo/7/", "length": 7, "form": {"a": "1", "b": "2"}, "agent": "us"
    }  # fmt: skip
    assert json.loads(visit.post("/echo/8/", bytes(2_000_000), "text/plain").body)["length"] == 2_000_000
    assert visit.get("/numbers/").body == b"".join(b"%d\n" % number for number in range(200))


@on_both(make_app)
def test_missing_slash_is_a_redirect_and_an_unknown_path_a_404(visit: Visit) -> None:
    reply = visit.get("/numbers")
    assert (reply.status, reply.header(b"location")) == (301, b"/numbers/")
    assert visit.get("/nowhere/").status == 404
    assert visit.ask("HEAD", "/").body == b""


@on_both(make_app)
def test_consumers_of_a_room_hear_each_other_through_the_channel_layer(visit: Visit) -> None:
    with visit.socket("/room/tea/", protocols=["chat"]) as first, visit.socket("/room/tea/") as second:
        assert (first.subprotocol, second.subprotocol) == (b"chat", None)
        for socket in (first, second):
            assert json.loads(socket.receive()) == {"joined": "tea"}
        with visit.socket("/room/coffee/") as elsewhere:
            assert json.loads(elsewhere.receive()) == {"joined": "coffee"}
            elsewhere.send(text('{"text": "nobody hears me there"}'))
            assert json.loads(elsewhere.receive()) == {"text": "nobody hears me there"}
            assert elsewhere.leave() == 1000
        first.send(text('{"text": "hello"}'))
        for socket in (first, second):
            assert json.loads(socket.receive()) == {"text": "hello"}
        assert second.leave(4000, "tired") == 4000
        assert json.loads(first.receive()) == {"text": "one left with 4000"}
        first.send(text('{"leave": true}'))
        assert first.ended() == (4005, "as you wish")


@on_both(make_app)
def test_consumer_in_a_thread_echoes_and_counts(visit: Visit) -> None:
    with visit.socket("/shout/?polite") as socket:
        socket.send(text("caf\u00e9"), binary(bytes(range(256))))
        assert socket.receive() == "CAF\u00c9"
        assert socket.receive() == bytes(reversed(range(256)))
        assert socket.leave() == 1000
    with visit.socket("/count/") as socket:
        socket.send(text("50"))
        assert [socket.receive() for _ in range(50)] == [str(number) for number in range(50)]
        assert socket.leave(1001) == 1001


@on_both(make_app)
def test_consumer_may_turn_a_client_away(visit: Visit) -> None:
    assert visit.turned_away("/shout/").status == 403


@on_both(make_app)
def test_unknown_path_of_a_socket_is_an_error_of_the_applications(visit: Visit) -> None:
    assert visit.turned_away("/nowhere/").status == 500
    assert "No route found for path" in visit.failed()
