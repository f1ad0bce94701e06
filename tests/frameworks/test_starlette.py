"""Starlette's WebSockets."""

from __future__ import annotations

import json

from frames import binary, encode, text
from frameworks.apps.starlette_sockets import make_app
from frameworks.visit import Visit, on_both


@on_both(make_app)
def test_route_sees_path_query_cookies_and_headers_and_closes_with_its_code(visit: Visit) -> None:
    fields = [(b"cookie", b"session=abc"), (b"x-mine", b"yes")]
    with visit.socket("/greet/caf%C3%A9?q=1", headers=fields) as socket:
        assert socket.raw.header(b"x-greeted") == b"yes"
        assert json.loads(socket.receive()) == {
            "path": "/greet/caf\u00e9",
            "name": "caf\u00e9",
            "query": {"q": "1"},
            "cookies": {"session": "abc"},
            "x-mine": "yes",
        }
        assert socket.ended() == (4001, "greeted")


@on_both(make_app)
def test_mounted_routes_echo_text_and_bytes(visit: Visit) -> None:
    with visit.socket("/echo/text") as socket:
        for message in ("hello", "", "caf\u00e9 \U0001f600", "x" * 70_000):
            socket.send(text(message))
            assert socket.receive() == f"Message text was: {message}"
        assert socket.leave(3000, "done") == 3000
    with visit.socket("/echo/binary") as socket:
        for data in (b"", bytes(range(256)), bytes(100_000)):
            socket.send(binary(data))
            assert socket.receive() == data
        socket.send(encode(2, b"in ", fin=False), encode(0, b"parts"))
        assert socket.receive() == b"in parts"
        assert socket.leave() == 1000


@on_both(make_app)
def test_subprotocol_is_the_one_the_route_chose(visit: Visit) -> None:
    with visit.socket("/negotiate", protocols=["chat.v1", "chat.v2"]) as socket:
        assert socket.subprotocol == b"chat.v2"
        assert json.loads(socket.receive()) == ["chat.v1", "chat.v2"]
        assert socket.ended() == (1000, "")
    with visit.socket("/negotiate") as socket:
        assert socket.subprotocol is None
        assert json.loads(socket.receive()) == []
        assert socket.ended() == (1000, "")


@on_both(make_app)
def test_denial_response_is_the_routes_own(visit: Visit) -> None:
    reply = visit.turned_away("/deny")
    assert (reply.status, json.loads(reply.body)) == (403, {"detail": "members only"})
    assert reply.header(b"x-reason") == b"membership"


@on_both(make_app)
def test_close_before_accept_and_unknown_paths_are_403(visit: Visit) -> None:
    assert visit.turned_away("/turn-down").status == 403
    assert visit.turned_away("/nowhere").status == 403


@on_both(make_app)
def test_request_without_upgrade_to_a_socket_route_is_404(visit: Visit) -> None:
    assert visit.get("/echo/text").status == 404


@on_both(make_app)
def test_crash_before_accept_is_500(visit: Visit) -> None:
    assert visit.turned_away("/crash").status == 500
    assert "RuntimeError: before accept" in visit.failed()


@on_both(make_app)
def test_crash_while_open_ends_the_socket(visit: Visit) -> None:
    with visit.socket("/crash-open") as socket:
        socket.send(text("go"))
        if visit.ours:
            assert socket.raw.ended()[0] == 1011
        else:
            assert socket.cut(), "uvicorn says why now: compare its Close frame"
    assert "RuntimeError: while open" in visit.failed()


@on_both(make_app)
def test_endpoint_class_decodes_json_and_refuses_what_is_none(visit: Visit) -> None:
    with visit.socket("/count") as socket:
        socket.send(text('{"add": 3}'))
        assert json.loads(socket.receive()) == {"total": 3}
        socket.send(binary(b'{"add": 4}'))
        assert json.loads(socket.receive()) == {"total": 7}
        assert socket.leave(1001) == 1001
    with visit.socket("/count") as socket:
        socket.send(text("{"))
        assert socket.ended()[0] == 1003
    assert "Malformed JSON" in visit.failed()


@on_both(make_app)
def test_broadcast_reaches_everyone_and_tells_with_which_code_one_left(visit: Visit) -> None:
    with visit.socket("/room") as first, visit.socket("/room") as second:
        assert first.receive() == "1 here"
        assert second.receive() == "2 here"
        first.send(text("hello"))
        assert [first.receive(), second.receive()] == ["hello", "hello"]
        assert first.leave(4000, "tired") == 4000
        assert second.receive() == "left with 4000 tired"
        second.leave()
