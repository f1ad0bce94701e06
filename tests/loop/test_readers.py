"""`add_reader` and `add_writer` as libraries use them: level-triggered, exact about removal and reuse."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator

import pytest

import fasterapi
from applications import hello
from served import Mode, Served, listening
from wire import PATIENCE, Wire


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = fasterapi.new_event_loop()
    yield loop
    loop.close()


def turn(loop: asyncio.AbstractEventLoop, count: int = 1) -> None:
    """Lets the loop look at its files `count` times."""
    for _ in range(count):
        loop.run_until_complete(asyncio.sleep(0))


def test_reader_that_takes_ten_bytes_of_a_hundred_is_called_ten_times(loop: asyncio.AbstractEventLoop) -> None:
    read, write = os.pipe()
    taken: list[bytes] = []
    done = loop.create_future()

    def take() -> None:
        taken.append(os.read(read, 10))
        if len(taken) == 10:
            done.set_result(None)

    loop.add_reader(read, take)
    os.write(write, bytes(range(100)))
    loop.run_until_complete(asyncio.wait_for(done, PATIENCE))
    turn(loop, 5)
    assert b"".join(taken) == bytes(range(100))
    assert len(taken) == 10
    loop.remove_reader(read)
    os.close(read), os.close(write)


def test_reader_that_takes_little_is_served_beside_busy_engine_sockets() -> None:
    taken: list[bytes] = []
    read, write = os.pipe()
    with Served(hello, Mode.NATIVE) as served:
        done = asyncio.Event()

        async def watch() -> None:
            def take() -> None:
                taken.append(os.read(read, 1))
                if len(taken) == 200:
                    done.set()

            asyncio.get_running_loop().add_reader(read, take)

        served.call(watch)
        os.write(write, bytes(range(200)))
        with served.connect() as wire:
            for _ in range(50):
                assert wire.ask().body == b"hello"

        async def finish() -> None:
            await done.wait()
            asyncio.get_running_loop().remove_reader(read)

        served.call(finish)
    assert b"".join(taken) == bytes(range(200))
    os.close(read), os.close(write)


def test_engine_sockets_are_served_beside_a_reader_that_is_always_ready() -> None:
    read, write = os.pipe()
    os.write(write, b"never taken")
    calls = 0
    with Served(hello, Mode.NATIVE) as served:

        async def watch() -> None:
            def ignore() -> None:
                nonlocal calls
                calls += 1

            asyncio.get_running_loop().add_reader(read, ignore)

        served.call(watch)
        with served.connect() as wire:
            for _ in range(50):
                assert wire.ask().body == b"hello"

        async def unwatch() -> None:
            asyncio.get_running_loop().remove_reader(read)

        served.call(unwatch)
    assert calls > 0
    os.close(read), os.close(write)


def test_writer_is_called_while_there_is_room_and_both_directions_come_together(
    loop: asyncio.AbstractEventLoop,
) -> None:
    ours, theirs = socket.socketpair()
    seen: list[str] = []
    with ours, theirs:
        theirs.send(b"x")
        loop.add_reader(ours, lambda: seen.append("read"))
        loop.add_writer(ours, lambda: seen.append("write"))
        turn(loop, 2)
        assert {"read", "write"} <= set(seen)
        loop.remove_reader(ours)
        seen.clear()
        turn(loop, 3)
        assert set(seen) == {"write"}
        loop.remove_writer(ours)
        seen.clear()
        turn(loop, 3)
        assert seen == []


def test_reader_removed_by_another_callback_of_the_same_turn_is_not_called(loop: asyncio.AbstractEventLoop) -> None:
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def ready(index: int) -> None:
        called.append(index)
        loop.remove_reader(pairs[1 - index][0])

    for index, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, ready, index)
        theirs.send(b"x")
    turn(loop, 3)
    assert len(set(called)) == 1
    for ours, theirs in pairs:
        loop.remove_reader(ours)
        ours.close(), theirs.close()


def test_number_that_is_reused_gets_only_the_new_files_events(loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(50):
        old, old_peer = socket.socketpair()
        number = old.fileno()
        called: list[str] = []
        loop.add_reader(number, lambda: called.append("old"))  # noqa: B023
        old_peer.send(b"x")
        loop.remove_reader(number)
        old.close()
        new, new_peer = socket.socketpair()
        kept = [new, new_peer]
        while new.fileno() != number and len(kept) < 20:
            new, new_peer = socket.socketpair()
            kept += [new, new_peer]
        loop.add_reader(new, lambda: called.append("new"))  # noqa: B023
        turn(loop, 3)
        assert called == []
        new_peer.send(b"x")
        turn(loop, 2)
        assert "old" not in called and "new" in called
        loop.remove_reader(new)
        for sock in [old_peer, *kept]:
            sock.close()


def test_number_of_an_engine_connection_may_become_a_foreign_file() -> None:
    with Served(hello, Mode.NATIVE) as served:
        for _ in range(30):
            with served.connect() as wire:
                assert wire.ask().body == b"hello"
            served.wait_until_idle()

            async def pair() -> bytes:
                loop = asyncio.get_running_loop()
                ours, theirs = socket.socketpair()
                ours.setblocking(False)
                with ours, theirs:
                    theirs.send(b"foreign")
                    return await loop.sock_recv(ours, 100)

            assert served.call(pair) == b"foreign"


def test_hang_up_of_the_peer_wakes_the_reader(loop: asyncio.AbstractEventLoop) -> None:
    ours, theirs = socket.socketpair()
    woken = loop.create_future()
    with ours:
        loop.add_reader(ours, lambda: woken.done() or woken.set_result(ours.recv(1)))
        theirs.close()
        assert loop.run_until_complete(asyncio.wait_for(woken, PATIENCE)) == b""
        loop.remove_reader(ours)


def test_broken_pipe_wakes_the_writer(loop: asyncio.AbstractEventLoop) -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(write, bytes(65536))
    woken = loop.create_future()
    loop.add_writer(write, lambda: woken.done() or woken.set_result(None))
    os.close(read)
    loop.run_until_complete(asyncio.wait_for(woken, PATIENCE))
    loop.remove_writer(write)
    os.close(write)


def test_file_that_cannot_be_watched_is_refused_and_leaves_nothing_behind(
    loop: asyncio.AbstractEventLoop, tmp_path: object
) -> None:
    with open(f"{tmp_path}/regular", "wb") as file:
        with pytest.raises(PermissionError):
            loop.add_reader(file, lambda: None)
        assert loop.remove_reader(file) is False
    turn(loop, 2)


def test_thousands_of_ready_readers_do_not_starve_a_connection() -> None:
    pairs = [socket.socketpair() for _ in range(400)]
    with Served(hello, Mode.NATIVE) as served:

        async def watch() -> None:
            for ours, theirs in pairs:
                theirs.send(b"x")
                asyncio.get_running_loop().add_reader(ours, lambda: None)

        async def unwatch() -> None:
            for ours, _ in pairs:
                asyncio.get_running_loop().remove_reader(ours)

        served.call(watch)
        with served.connect() as wire:
            for _ in range(10):
                assert wire.ask().body == b"hello"
        served.call(unwatch)
    for ours, theirs in pairs:
        ours.close(), theirs.close()


def test_listener_of_the_engine_and_one_of_asyncio_live_side_by_side() -> None:
    with Served(hello, Mode.NATIVE) as served, listening() as other:

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"asyncio " + await reader.readline())
            writer.close()

        async def start() -> asyncio.Server:
            return await asyncio.start_server(handle, sock=other)

        server = served.call(start)
        for _ in range(20):
            with served.connect() as wire, Wire(other.getsockname()) as line:
                line.send(b"line\n")
                assert wire.ask().body == b"hello"
                assert line.rest() == b"asyncio line\n"

        async def stop() -> None:
            server.close()

        served.call(stop)
