"""A WSGI application, Flask, through a2wsgi."""

from __future__ import annotations

import json

from frameworks.apps.flask_shop import make_app
from frameworks.visit import Visit, on_both
from wire import Wire, request


@on_both(make_app)
def test_get_with_query_and_redirect(visit: Visit) -> None:
    assert visit.get("/").body == b"hello world"
    assert visit.get("/?name=caf%C3%A9").body.decode() == "hello caf\u00e9"
    reply = visit.get("/old")
    assert (reply.status, reply.header(b"location")) == (302, b"/")
    assert visit.ask("HEAD", "/").body == b""
    assert visit.get("/nowhere").status == 404
    assert visit.ask("DELETE", "/").header(b"allow") is not None


@on_both(make_app)
def test_environ_tells_of_the_request(visit: Visit) -> None:
    facts = json.loads(visit.get("/environ/a/b%20c?q=1&q=2").body)
    assert (facts["rest"], facts["PATH_INFO"]) == ("a/b c", "/environ/a/b c")
    assert (facts["QUERY_STRING"], facts["host"], facts["wsgi.url_scheme"]) == ("q=1&q=2", "test", "http")
    assert facts["SERVER_PROTOCOL"] == "HTTP/1.1"


@on_both(make_app)
def test_post_reads_json_and_keeps_a_session_in_a_cookie(visit: Visit) -> None:
    reply = visit.post("/orders", b'{"item": "tea"}')
    assert (reply.status, json.loads(reply.body), reply.header(b"location")) == (201, ["tea"], b"/?name=tea")
    # The cookie is signed with the time, so it is no step.
    with Wire(visit.address) as wire:
        first = wire.ask("POST", "/orders", headers=[(b"content-type", b"application/json")], body=b'{"item": "a"}')
        cookie = (first.header(b"set-cookie") or b"").partition(b";")[0]
        fields = [(b"content-type", b"application/json"), (b"cookie", cookie)]
        assert json.loads(wire.ask("POST", "/orders", headers=fields, body=b'{"item": "b"}').body) == ["a", "b"]
    assert visit.post("/orders", b"{").status == 400


@on_both(make_app)
def test_body_of_any_length_is_read_in_pieces(visit: Visit) -> None:
    for length in (0, 1, 65_536, 3_000_000):
        reply = visit.post("/upload", bytes(length), "application/octet-stream")
        assert json.loads(reply.body) == {"read": length, "length": length}


@on_both(make_app)
def test_form_is_parsed(visit: Visit) -> None:
    reply = visit.post("/form", b"b=2&a=1&a=%C3%A9", "application/x-www-form-urlencoded")
    assert json.loads(reply.body) == {"a": ["1", "\u00e9"], "b": ["2"]}


@on_both(make_app)
def test_response_of_a_generator_is_streamed_whole(visit: Visit) -> None:
    reply = visit.get("/numbers")
    assert reply.body == b"".join(b"%d\n" % number for number in range(500))
    assert reply.header(b"transfer-encoding") == b"chunked"


@on_both(make_app)
def test_several_requests_share_a_connection(visit: Visit) -> None:
    with Wire(visit.address) as wire:
        wire.send(request(target="/?name=a") + request(target="/?name=b") + request(target="/numbers"))
        assert [wire.read().body for _ in range(2)] == [b"hello a", b"hello b"]
        assert wire.read().status == 200
