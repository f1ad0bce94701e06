"""GraphQL by strawberry: queries and mutations over HTTP, subscriptions over graphql-transport-ws."""

from __future__ import annotations

import json
from typing import Any

from frames import text
from frameworks.apps.graphql_subscriptions import make_app
from frameworks.visit import Conversation, Visit, on_both

PROTOCOL = "graphql-transport-ws"


def query(document: str, **variables: Any) -> bytes:
    return json.dumps({"query": document, "variables": variables}).encode()


def say(socket: Conversation, kind: str, **fields: Any) -> None:
    socket.send(text(json.dumps({"type": kind, **fields})))


def hear(socket: Conversation) -> Any:
    return json.loads(socket.receive())


def begin(socket: Conversation) -> None:
    assert socket.subprotocol == PROTOCOL.encode()
    say(socket, "connection_init", payload={"token": "abc"})
    assert hear(socket)["type"] == "connection_ack"


@on_both(make_app)
def test_query_and_mutation_over_http(visit: Visit) -> None:
    reply = visit.post("/graphql", query("{ books { title pages } }"))
    assert json.loads(reply.body) == {"data": {"books": [{"title": "Dune", "pages": 412}]}}
    add = "mutation ($title: String!) { addBook(title: $title, pages: 64) { title } }"
    reply = visit.post("/graphql", query(add, title="Caf\u00e9"))
    assert json.loads(reply.body) == {"data": {"addBook": {"title": "Caf\u00e9"}}}
    reply = visit.get("/graphql?query=%7Bbooks(atLeast:100)%7Btitle%7D%7D", headers=[(b"accept", b"application/json")])
    assert json.loads(reply.body) == {"data": {"books": [{"title": "Dune"}]}}


@on_both(make_app)
def test_errors_of_queries_are_strawberrys(visit: Visit) -> None:
    reply = visit.post("/graphql", query("{ nothing }"))
    assert "Cannot query field 'nothing'" in json.loads(reply.body)["errors"][0]["message"]
    assert visit.post("/graphql", b"{").status == 400


@on_both(make_app)
def test_explorer_page_is_served(visit: Visit) -> None:
    reply = visit.get("/graphql", headers=[(b"accept", b"text/html")])
    assert reply.status == 200 and b"GraphiQL" in reply.body


@on_both(make_app)
def test_subscription_yields_until_it_completes(visit: Visit) -> None:
    with visit.socket("/graphql", protocols=[PROTOCOL]) as socket:
        begin(socket)
        say(socket, "subscribe", id="1", payload={"query": "subscription { count(target: 3) }"})
        for number in range(3):
            assert hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"count": number}}}
        assert hear(socket) == {"id": "1", "type": "complete"}
        assert socket.leave() == 1000


@on_both(make_app)
def test_subscription_is_told_what_a_mutation_did_until_it_is_given_up(visit: Visit) -> None:
    with visit.socket("/graphql", protocols=[PROTOCOL]) as socket:
        begin(socket)
        say(socket, "subscribe", id="a", payload={"query": "subscription { additions { title pages } }"})
        visit.post("/graphql", query('mutation { addBook(title: "Emma", pages: 474) { pages } }'))
        assert hear(socket)["payload"] == {"data": {"additions": {"title": "Emma", "pages": 474}}}
        say(socket, "complete", id="a")
        say(socket, "ping")
        assert hear(socket) == {"type": "pong"}
        assert socket.leave() == 1000


@on_both(make_app)
def test_query_and_failing_subscription_share_a_socket(visit: Visit) -> None:
    with visit.socket("/graphql", protocols=[PROTOCOL]) as socket:
        begin(socket)
        say(socket, "subscribe", id="q", payload={"query": "{ books { title } }"})
        assert hear(socket)["payload"] == {"data": {"books": [{"title": "Dune"}]}}
        assert hear(socket) == {"id": "q", "type": "complete"}
        say(socket, "subscribe", id="f", payload={"query": "subscription { failing }"})
        assert hear(socket)["payload"] == {"data": {"failing": 1}}
        assert hear(socket)["payload"]["errors"][0]["message"] == "no second number"
        assert hear(socket) == {"id": "f", "type": "complete"}
        assert socket.leave() == 1000


@on_both(make_app)
def test_breach_of_the_protocol_closes_with_the_protocols_code(visit: Visit) -> None:
    with visit.socket("/graphql", protocols=[PROTOCOL]) as socket:
        say(socket, "subscribe", id="1", payload={"query": "subscription { count(target: 1) }"})
        assert socket.ended() == (4401, "Unauthorized")
    with visit.socket("/graphql", protocols=[PROTOCOL]) as socket:
        begin(socket)
        say(socket, "connection_init")
        assert socket.ended() == (4429, "Too many initialisation requests")


@on_both(make_app)
def test_unknown_subprotocol_is_turned_down(visit: Visit) -> None:
    with visit.socket("/graphql", protocols=["something-else"]) as socket:
        assert socket.subprotocol is None
        assert socket.ended()[0] == 4406
