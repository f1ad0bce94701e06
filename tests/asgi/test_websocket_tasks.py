"""Several tasks of one application on one WebSocket, and tasks that are cancelled."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading

import pytest

from applications import Notes, accept, answer
from frames import Socket, text
from served import Receive, Scope, Send, Serve


@pytest.fixture
def notes() -> Notes:
    return Notes()


def test_one_task_receives_while_another_sends(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)

        async def tick() -> None:
            for number in range(100):
                await send({"type": "websocket.send", "text": f"tick {number}"})
                await asyncio.sleep(0)

        async def listen() -> None:
            while (message := await receive())["type"] == "websocket.receive":
                notes.put(message["text"])

        async with asyncio.TaskGroup() as group:
            group.create_task(tick())
            group.create_task(listen())

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        for number in range(100):
            socket.send(text(f"tock {number}"))
        assert [socket.message() for _ in range(100)] == [f"tick {number}" for number in range(100)]
        assert [notes.get() for _ in range(100)] == [f"tock {number}" for number in range(100)]
        socket.leave()


def test_cancelled_receive_loses_nothing(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        while True:
            step = asyncio.ensure_future(receive())
            await asyncio.sleep(0)
            if not step.done():
                step.cancel()
            try:
                message = await step
            except asyncio.CancelledError:
                continue
            if message["type"] == "websocket.disconnect":
                return
            await answer(message, send)

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        for number in range(50):
            socket.send(text(f"{number}"))
            assert socket.message() == f"{number}"
        socket.leave()


def test_receive_with_a_timeout_goes_on_where_it_was(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await receive()
        await send({"type": "websocket.send", "text": "now"})
        await answer(await receive(), send)
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.message() == "now"
        socket.send(text("kept"))
        assert socket.message() == "kept"
        assert socket.ended() == (1000, "")


def test_two_tasks_that_receive_get_each_message_once(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)

        async def take() -> None:
            for _ in range(10):
                notes.put((await receive())["text"])

        async with asyncio.TaskGroup() as group:
            group.create_task(take())
            group.create_task(take())
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        sent = [f"{number}" for number in range(20)]
        for message in sent:
            socket.send(text(message))
        assert sorted(notes.get() for _ in sent) == sorted(sent)
        assert socket.ended() == (1000, "")


def test_receive_waiting_in_another_task_gets_the_disconnect(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        listening = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await send({"type": "websocket.close", "code": 4000})
        notes.put(await listening)

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (4000, "")
    message = notes.get()
    assert (message["type"], message["code"]) == ("websocket.disconnect", 4000)


def test_messages_of_two_senders_are_not_mixed(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)

        async def shout(letter: str) -> None:
            for _ in range(50):
                await send({"type": "websocket.send", "text": letter * 5000})

        await asyncio.gather(shout("a"), shout("b"))
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        messages = [socket.message() for _ in range(100)]
        assert socket.ended() == (1000, "")
    assert sorted(messages, key=str) == ["a" * 5000] * 50 + ["b" * 5000] * 50


def test_client_leaving_does_not_cancel_the_application(serve: Serve, notes: Notes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        notes.put("begun")
        await go.wait()
        notes.put("finished")

    go = asyncio.Event()
    served = serve(app)
    with served.connect() as wire, Socket(wire):
        assert notes.get() == "begun"
    served.settle()
    served.loop.call_soon_threadsafe(go.set)
    assert notes.get() == "finished"


def test_many_websockets_talk_at_once(serve: Serve) -> None:
    async def room(scope: Scope, receive: Receive, send: Send) -> None:
        """Everybody hears everything, in the order in which it was said."""
        await accept(receive, send)
        members.append(send)
        if len(members) == 30:
            for member in members:
                await member({"type": "websocket.send", "text": "all here"})
        try:
            while (message := await receive())["type"] == "websocket.receive":
                for member in members:
                    await member({"type": "websocket.send", "text": message["text"]})
        finally:
            members.remove(send)

    members: list[Send] = []
    served = serve(room)
    clients = [Socket(served.connect()) for _ in range(30)]
    for socket in clients:
        assert socket.message() == "all here"
    clients[7].send(text("hello"), text("everybody"))
    for socket in clients:
        assert [socket.message(), socket.message()] == ["hello", "everybody"]
    for socket in clients:
        socket.leave()
        socket.wire.close()


def test_threads_get_their_own_answers(serve: Serve) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await accept(receive, send)
        while (message := await receive())["type"] == "websocket.receive":
            await answer(message, send)

    served = serve(app)
    wrong: list[object] = []

    def talk(name: str) -> None:
        with served.connect() as wire, Socket(wire) as socket:
            for number in range(200):
                socket.send(text(f"{name} {number}"))
                if (got := socket.message()) != f"{name} {number}":
                    wrong.append(got)
            socket.leave()

    threads = [threading.Thread(target=talk, args=(f"{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_receive_and_send_are_coroutine_functions_to_those_who_ask(serve: Serve, notes: Notes) -> None:
    ask = inspect.iscoroutinefunction if sys.version_info >= (3, 12) else asyncio.iscoroutinefunction

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put((ask(receive), ask(send)))
        await accept(receive, send)
        await send({"type": "websocket.close"})

    served = serve(app)
    with served.connect() as wire, Socket(wire) as socket:
        assert socket.ended() == (1000, "")
    assert notes.get() == (True, True)
