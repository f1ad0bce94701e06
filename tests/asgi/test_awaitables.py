"""What `receive()` and `send()` return passes for a coroutine, because real code treats it as one."""

from __future__ import annotations

import asyncio
import collections.abc
import inspect
import threading
from typing import Any

import pytest

from applications import Notes, echo, read_body, respond
from served import Receive, Scope, Send, Serve
from wire import request

START = {"type": "http.response.start", "status": 200, "headers": []}


@pytest.fixture
def notes() -> Notes:
    return Notes()


def test_they_are_coroutines_to_those_who_ask(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in (receive(), send(START)):
            notes.put(
                (
                    asyncio.iscoroutine(step),
                    isinstance(step, collections.abc.Coroutine),
                    inspect.isawaitable(step),
                    asyncio.isfuture(step),
                )
            )
            await step
        await send({"type": "http.response.body"})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().status == 200
    assert notes.get() == (True, True, True, False)
    assert notes.get() == (True, True, True, False)


def test_create_task_of_receive_gives_its_message(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reading: asyncio.Task[Any] = asyncio.create_task(receive())  # type: ignore[arg-type]
        message = await reading
        sending: asyncio.Task[None] = asyncio.create_task(send(START))  # type: ignore[arg-type]
        await sending
        await asyncio.ensure_future(send({"type": "http.response.body", "body": message["body"]}))

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"by task").body == b"by task"
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\n")
        served.settle()
        wire.send(b"late")
        assert wire.read().body == b"late"


def test_receive_from_a_foreign_thread_by_run_coroutine_threadsafe(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()

        def work() -> bytes:
            body = b""
            while True:
                step: Any = receive()  # called on this thread, run on the loop's
                message = asyncio.run_coroutine_threadsafe(step, loop).result(20)
                body += message["body"]
                if not message["more_body"]:
                    break
            asyncio.run_coroutine_threadsafe(send(START), loop).result(20)  # type: ignore[arg-type]
            return body

        body = await loop.run_in_executor(None, work)
        await send({"type": "http.response.body", "body": body})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"one").body == b"one"
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 200000\r\n\r\n", bytes(100_000))
        served.settle()
        wire.send(bytes(100_000))
        assert wire.read().body == bytes(200_000)


def test_step_of_a_waiting_receive_on_a_foreign_thread_is_a_runtime_error(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        def step() -> None:
            pending: Any = receive()
            try:
                pending.send(None)
            except BaseException as error:
                notes.put(error)
            finally:
                pending.close()

        thread = threading.Thread(target=step)
        thread.start()
        await asyncio.get_running_loop().run_in_executor(None, thread.join)
        await respond(send, await read_body(receive))

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"whole").body == b"whole"
    error = notes.get()
    assert isinstance(error, RuntimeError)
    assert "thread" in str(error)


def test_wsgi_application_runs_behind_a2wsgi(serve: Serve) -> None:
    from a2wsgi import WSGIMiddleware

    def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("content-type", "text/plain"), ("x-method", environ["REQUEST_METHOD"])])
        return [b"got ", body]

    served = serve(WSGIMiddleware(wsgi))  # type: ignore[arg-type]
    with served.connect() as wire:
        for body in (b"", b"x", b"y" * 300_000):
            reply = wire.ask("POST", body=body)
            assert reply.body == b"got " + body
            assert reply.header(b"x-method") == b"POST"


def test_wait_for_times_out_and_loses_nothing(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(5):
            try:
                await asyncio.wait_for(receive(), 0.01)
            except TimeoutError:
                continue
            raise AssertionError("nothing was sent yet")
        notes.put("ready")
        await respond(send, await asyncio.wait_for(read_body(receive), 20))

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 9\r\n\r\n")
        assert notes.get() == "ready"
        wire.send(b"all of it")
        assert wire.read().body == b"all of it"


def test_cancelled_receive_loses_nothing_that_comes_in_the_same_turn(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        notes.put("ready")
        while not wire_sent.is_set():
            pass  # hold the loop until the bytes are at the socket
        waiting.cancel()
        try:
            await waiting
        except asyncio.CancelledError:
            body = await read_body(receive)
        else:
            body = waiting.result()["body"]
        await respond(send, body)

    wire_sent = threading.Event()
    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\n")
        assert notes.get() == "ready"
        wire.send(b"body")
        wire_sent.set()
        assert wire.read().body == b"body"


def test_receive_that_was_resumed_and_then_cancelled_loses_nothing(serve: Serve, notes: Notes) -> None:
    """The bytes resolve the waiter, and its task is cancelled before it could run."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        got: list[bytes] = []
        for _ in range(50):
            waiting = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            notes.put("more")
            await asyncio.sleep(0.001)
            waiting.cancel()
            try:
                message = await waiting
            except asyncio.CancelledError:
                continue
            got.append(message["body"])
            if not message["more_body"]:
                break
        else:
            got.append(await read_body(receive))
        await respond(send, b"".join(got))

    served = serve(app)
    body = bytes(range(200))
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 200\r\n\r\n")
        for index in range(200):
            wire.send(body[index : index + 1])
        assert wire.read().body == body


def test_two_receives_at_once_both_end_and_nothing_is_lost_or_doubled(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put("begun")
        first = asyncio.ensure_future(receive())
        second = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        notes.put("both wait")
        messages = [await first]
        notes.put("one ended")
        messages.append(await second)
        body = b"".join(message.get("body", b"") for message in messages)
        while len(body) < 6:
            body += (await receive())["body"]
        await respond(send, body)

    served = serve(app)
    with served.connect() as wire:
        wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 6\r\n\r\n")
        assert (notes.get(), notes.get()) == ("begun", "both wait")
        wire.send(b"abc")
        assert notes.get() == "one ended"
        wire.send(b"def")
        assert wire.read().body == b"abcdef"


def test_two_receives_at_once_both_learn_of_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_body(receive)
        waiting = [asyncio.ensure_future(receive()) for _ in range(3)]
        await asyncio.sleep(0)
        notes.put("wait")
        notes.put(await asyncio.gather(*waiting))

    served = serve(app)
    wire = served.connect()
    wire.send(request())
    assert notes.get() == "wait"
    wire.reset()
    assert notes.get() == [{"type": "http.disconnect"}] * 3


def test_is_disconnected_polled_beside_a_stream_disturbs_neither(serve: Serve) -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def endpoint(incoming: Request) -> StreamingResponse:
        body = await incoming.body()

        async def pieces() -> Any:
            for index in range(20):
                assert not await incoming.is_disconnected()
                yield b"%d," % index
                await asyncio.sleep(0)
            yield body

        return StreamingResponse(pieces())

    served = serve(Starlette(routes=[Route("/", endpoint, methods=["POST"])]))
    with served.connect() as wire:
        for _ in range(3):
            assert wire.ask("POST", body=b"end").body == b"".join(b"%d," % index for index in range(20)) + b"end"


def test_send_stepped_by_hand_sends(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in (START, {"type": "http.response.body", "body": b"by hand"}):
            step: Any = send(message)
            with pytest.raises(StopIteration) as done:
                step.send(None)
            assert done.value.value is None

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask().body == b"by hand"


def test_send_that_is_closed_unstarted_sends_nothing(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        never: Any = send({"type": "http.response.start", "status": 500, "headers": [(b"x-never", b"1")]})
        never.close()
        await send(START)
        never = send({"type": "http.response.body", "body": b"never", "more_body": True})
        never.close()
        await send({"type": "http.response.body", "body": b"sent"})

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask()
    assert (reply.status, reply.body) == (200, b"sent")


def test_send_that_is_dropped_unstarted_sends_nothing_and_does_not_warn(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        send({"type": "http.response.start", "status": 500, "headers": []})
        receive()
        await respond(send, await read_body(receive))

    served = serve(app)
    with served.connect() as wire:
        reply = wire.ask("POST", body=b"kept")
    assert (reply.status, reply.body) == (200, b"kept")


def test_receive_does_its_work_at_the_first_step_not_at_the_call(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        unused: Any = receive()
        body = await read_body(receive)
        unused.close()
        await respond(send, body)

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"not taken").body == b"not taken"


def test_throw_into_an_unstarted_awaitable_raises_what_was_thrown(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for step in (receive(), send(START)):
            thrown: Any = step
            try:
                thrown.throw(LookupError("thrown"))
            except LookupError as error:
                notes.put(str(error))
        await respond(send, await read_body(receive))

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"kept").body == b"kept"
    assert [notes.get(), notes.get()] == ["thrown", "thrown"]


def test_gather_and_wait_take_them(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        message, nothing = await asyncio.gather(receive(), asyncio.sleep(0))
        assert nothing is None
        done, pending = await asyncio.wait([asyncio.ensure_future(send(START))])
        assert len(done) == 1 and not pending
        await asyncio.shield(send({"type": "http.response.body", "body": message["body"]}))

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"gathered").body == b"gathered"


def test_timeout_and_task_group_work_around_them(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.timeout(20):
            body = await read_body(receive)
        try:
            async with asyncio.timeout(0.01):
                await receive()
        except TimeoutError:
            async with asyncio.TaskGroup() as group:
                group.create_task(send(START))  # type: ignore[arg-type]
            await send({"type": "http.response.body", "body": body})

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"in time").body == b"in time"


def test_anyio_runs_in_requests(serve: Serve) -> None:
    import anyio

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = b""

        async def read() -> None:
            nonlocal body
            body = await read_body(receive)

        async with anyio.create_task_group() as group:
            group.start_soon(read)
        with anyio.move_on_after(0.01) as scope_:
            await receive()
        assert scope_.cancelled_caught
        await respond(send, body)

    served = serve(app)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"anyio").body == b"anyio"


@pytest.mark.parametrize("debug", [False, True])
def test_debug_mode_serves_the_same(serve: Serve, debug: bool) -> None:
    served = serve(echo, debug=debug)
    with served.connect() as wire:
        for size in (0, 5, 300_000):
            assert wire.ask("POST", body=bytes(size)).body == bytes(size)


def test_task_factory_of_the_user_makes_the_request_tasks(serve: Serve, notes: Notes) -> None:
    class Mine(asyncio.Task[Any]):
        pass

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put(type(asyncio.current_task()))
        await respond(send, await read_body(receive))

    served = serve(app)

    async def install() -> None:
        asyncio.get_running_loop().set_task_factory(
            lambda loop, coroutine, **options: Mine(coroutine, loop=loop, **options)
        )

    served.call(install)
    with served.connect() as wire:
        assert wire.ask("POST", body=b"x").body == b"x"
    assert notes.get() is Mine
