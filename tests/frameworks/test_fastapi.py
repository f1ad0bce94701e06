"""FastAPI's WebSockets, as its documentation shows them."""

from __future__ import annotations

import json

from frames import binary, text
from frameworks.apps.fastapi_sockets import make_app
from frameworks.visit import Visit, on_both


@on_both(make_app)
def test_cookie_or_query_token_opens_the_socket(visit: Visit) -> None:
    with visit.socket("/items/7/ws?q=3", headers=[(b"cookie", b"session=abc")]) as socket:
        socket.send(text("hello"))
        assert [socket.receive() for _ in range(3)] == [
            "Session cookie or query token value is: abc",
            "Query parameter q is: 3",
            "Message text was: hello, for item ID: 7",
        ]
        assert socket.leave() == 1000
    assert "WebSocketDisconnect: (1000, '')" in visit.failed()
    with visit.socket("/items/8/ws?token=xyz") as socket:
        socket.send(text("hi"))
        assert socket.receive() == "Session cookie or query token value is: xyz"
        assert socket.receive() == "Message text was: hi, for item ID: 8"
        assert socket.leave(1001, "away") == 1001
    assert "WebSocketDisconnect: (1001, 'away')" in visit.failed()


@on_both(make_app)
def test_exception_of_a_dependency_refuses_the_handshake(visit: Visit) -> None:
    assert visit.turned_away("/items/7/ws").status == 403
    assert visit.turned_away("/agents", headers=[(b"x-agent", b"nobody")]).status == 403


@on_both(make_app)
def test_parameters_that_do_not_validate_refuse_the_handshake(visit: Visit) -> None:
    assert visit.turned_away("/items/seven/ws?token=t").status == 403
    assert visit.turned_away("/items/7/ws?token=t&q=three").status == 403


@on_both(make_app)
def test_exception_while_open_closes_with_its_code_and_reason(visit: Visit) -> None:
    with visit.socket("/agents", headers=[(b"x-agent", b"known")]) as socket:
        assert socket.receive() == '{"agent":"known"}'
        socket.send(text("go on"))
        assert socket.ended() == (4010, "enough of it")


@on_both(make_app)
def test_connection_manager_broadcasts_and_notices_who_leaves(visit: Visit) -> None:
    with visit.socket("/ws/1") as first, visit.socket("/ws/2") as second:
        first.send(text("one"))
        assert [first.receive(), first.receive()] == ["You wrote: one", "Client #1 says: one"]
        assert second.receive() == "Client #1 says: one"
        assert visit.get("/active").body == b'{"clients":[1,2]}'
        assert second.leave(1001) == 1001
        assert first.receive() == "Client #2 left the chat with 1001"
        assert visit.get("/active").body == b'{"clients":[1]}'
        assert first.leave() == 1000


@on_both(make_app)
def test_connection_manager_notices_a_client_that_is_cut_off(visit: Visit) -> None:
    with visit.socket("/ws/1") as first:
        with visit.socket("/ws/2") as second:
            second.raw.wire.close()
        # RFC 6455 has 1006 for it; uvicorn says that the client gave no code.
        assert first.raw.message() == f"Client #2 left the chat with {1006 if visit.ours else 1005}"
        assert visit.get("/active").body == b'{"clients":[1]}'
        assert first.leave() == 1000


@on_both(make_app)
def test_models_travel_as_json_in_either_kind_of_message(visit: Visit) -> None:
    with visit.socket("/orders") as socket:
        socket.send(text('{"item": "tea", "count": 2}'))
        assert json.loads(socket.receive()) == {"item": "tea", "count": 2}
        socket.send(text('{"item": "cake"}'))
        assert socket.receive() == b'{"item":"cake","count":1}'
        assert socket.leave(None) == 1005


@on_both(make_app)
def test_model_that_does_not_validate_ends_the_socket(visit: Visit) -> None:
    with visit.socket("/orders") as socket:
        socket.send(binary(b"{}"))
        if visit.ours:
            assert socket.raw.ended()[0] == 1011
        else:
            assert socket.cut()
    visit.failed()
