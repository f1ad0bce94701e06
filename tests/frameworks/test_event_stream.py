"""Event streams by sse-starlette, up to the end of the process that serves them."""

from __future__ import annotations

import signal

import pytest

from frameworks.apps.events import make_app
from frameworks.process import COMMANDS, serving
from frameworks.visit import Visit, compare, on_both
from wire import Wire, request

# The event and the end of its chunk.
FIRST = b"data: first\r\n\r\n\r\n"


@on_both(make_app)
def test_stream_is_whole_and_goes_on_where_a_client_lost_it(visit: Visit) -> None:
    reply = visit.get("/count", headers=[(b"accept", b"text/event-stream")])
    assert (reply.header(b"content-type") or b"").startswith(b"text/event-stream")
    assert reply.body.startswith(b"id: 0\r\nevent: count\r\ndata: number 0\r\ndata: of some\r\nretry: 5000\r\n\r\n")
    reply = visit.get("/count", headers=[(b"last-event-id", b"2")])
    assert reply.header(b"x-start") == b"3"
    assert reply.body.count(b"event: count") == 3 and b"number 5" in reply.body


@on_both(make_app)
def test_client_that_goes_ends_its_stream_and_no_other(visit: Visit) -> None:
    with Wire(visit.address) as staying:
        staying.send(request(target="/endless?name=staying"))
        staying.until(FIRST)
        with Wire(visit.address) as going:
            going.send(request(target="/endless?name=going"))
            going.until(FIRST)
        assert visit.get("/ended").body == b"going"
        assert not staying.pending()
    assert visit.get("/ended").body == b"staying"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_with_open_streams_ends_with_the_signal(number: signal.Signals) -> None:
    compare(*(ended_by(server, number) for server in COMMANDS))


def ended_by(server: str, number: signal.Signals) -> list[object]:
    """What the clients of two endless streams see of a signal, and the status of the process."""
    # Neither server's deadline is in the way: the library has to see the signal.
    deadline = ["--timeout-graceful-shutdown", "none"] if server == "fasterapi" else []
    with serving(server, "events:app", *deadline) as running:
        address = running.address()
        with Wire(address) as first, Wire(address) as second:
            for wire in (first, second):
                wire.send(request(target="/endless"))
                wire.until(FIRST)
            status = running.end(number)
            rests = [wire.rest() for wire in (first, second)]
    assert "Application shutdown complete" in running.output
    return [status, *rests]
