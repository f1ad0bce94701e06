"""What applications use beside the server, on the loop that runs on the native selector."""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

import fasterapi
from applications import echo
from fasterapi._engine import NativeSelector
from wire import PATIENCE, Wire

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]


@pytest.fixture(params=[False, True], ids=["plain", "debug"])
def run(request: pytest.FixtureRequest) -> Any:
    """Runs a coroutine on the native loop, with and without debug mode."""

    def on_native_loop(main: Coroutine[Any, Any, T]) -> T:
        async def bounded() -> T:
            return await asyncio.wait_for(main, PATIENCE)

        with asyncio.Runner(loop_factory=fasterapi.new_event_loop, debug=request.param) as runner:
            return runner.run(bounded())

    return on_native_loop


def test_loop_is_a_stock_selector_loop() -> None:
    loop = fasterapi.new_event_loop()
    try:
        assert type(loop) is asyncio.SelectorEventLoop
    finally:
        loop.close()


def test_subprocess_talks_through_its_pipes(run: Run[Any]) -> None:
    async def main() -> tuple[bytes, bytes, int | None]:
        script = "import sys; data = sys.stdin.read(); print(data.upper(), end=''); print('done', file=sys.stderr)"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate(b"x" * 300_000)
        return out, err, process.returncode

    assert run(main()) == (b"X" * 300_000, b"done\n", 0)


def test_many_subprocesses_are_all_reaped(run: Run[Any]) -> None:
    async def one(status: int) -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", f"raise SystemExit({status})")
        return await process.wait()

    async def main() -> list[int]:
        return await asyncio.gather(*[one(status) for status in range(10)])

    assert run(main()) == list(range(10))


def test_subprocess_is_killed(run: Run[Any]) -> None:
    async def main() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
        process.kill()
        return await process.wait()

    assert run(main()) == -9


def test_run_in_executor_wakes_the_loop(run: Run[Any]) -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*[loop.run_in_executor(None, pow, 2, number) for number in range(200)])

    assert run(main()) == [2**number for number in range(200)]


def test_call_soon_threadsafe_wakes_a_waiting_loop(run: Run[Any]) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(100):
            event = asyncio.Event()
            threading.Thread(target=loop.call_soon_threadsafe, args=(event.set,)).start()
            await event.wait()

    run(main())


def test_streams_echo_between_many_connections(run: Run[Any]) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def client(port: int, number: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = b"%03d" % number * 10_000
        writer.write(sent)
        writer.write_eof()
        got = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert got == sent
        return got

    async def main() -> int:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return len(await asyncio.gather(*[client(port, number) for number in range(100)]))

    assert run(main()) == 100


def test_datagrams_and_unix_streams_work(run: Run[Any], tmp_path: Any) -> None:
    class Echo(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address: Any) -> None:
            self.transport.sendto(data.upper(), address)

    async def main() -> bytes:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_sendto(sock, b"hello", transport.get_extra_info("sockname"))
            datagram = await loop.sock_recv(sock, 100)
        transport.close()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readline())
            writer.close()

        async with await asyncio.start_unix_server(handle, tmp_path / "sock"):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "sock")
            writer.write(b" unix\n")
            stream = await reader.readline()
            writer.close()
        return datagram + stream

    assert run(main()) == b"HELLO unix\n"


def test_aiohttp_and_httpx_clients_reach_a_server_on_the_same_loop(run: Run[Any]) -> None:
    import aiohttp
    import httpx

    async def main() -> list[bytes]:
        config = fasterapi.Config(echo, port=0, lifespan="off", access_log=False, log_config=None)
        async with fasterapi.Server(config) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with aiohttp.ClientSession() as session, session.post(url, data=b"a" * 100_000) as reply:
                first = await reply.read()
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                second = (await client.post(url, content=b"b" * 100_000)).content
        return [first, second]

    assert run(main()) == [b"a" * 100_000, b"b" * 100_000]


def test_anyio_task_groups_scopes_and_threads_work(run: Run[Any]) -> None:
    import anyio
    import anyio.from_thread
    import anyio.to_thread

    async def main() -> list[str]:
        seen: list[str] = []
        async with anyio.create_task_group() as group:

            async def child(name: str) -> None:
                try:
                    await anyio.sleep_forever()
                except anyio.get_cancelled_exc_class():
                    seen.append(name)
                    raise

            group.start_soon(child, "one")
            group.start_soon(child, "two")
            await anyio.sleep(0.01)
            group.cancel_scope.cancel()
        with anyio.move_on_after(0.01) as scope:
            await anyio.sleep_forever()
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError), anyio.fail_after(0.01):
            await anyio.sleep_forever()

        async def from_loop() -> str:
            return "from thread"

        seen.append(await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(from_loop)))
        send, receive = anyio.create_memory_object_stream[int](1)
        async with anyio.create_task_group() as group, send, receive:
            group.start_soon(send.send, 7)
            assert await receive.receive() == 7
        return sorted(seen)

    assert run(main()) == ["from thread", "one", "two"]


def test_timeouts_and_task_groups_of_asyncio_work(run: Run[Any]) -> None:
    async def main() -> list[int]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asyncio.sleep(0.001 * number, number)) for number in range(20)]
        with pytest.raises(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.Event().wait())
                group.create_task(_fail())
        return [task.result() for task in tasks]

    async def _fail() -> None:
        raise ValueError("the group ends")

    assert run(main()) == list(range(20))


def test_timers_fire_in_order_and_never_early(run: Run[Any]) -> None:
    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        fired: list[int] = []
        done = asyncio.Event()
        start = loop.time()

        def fire(number: int) -> None:
            assert loop.time() >= start + number / 1000 - loop_resolution
            fired.append(number)
            if len(fired) == 50:
                done.set()

        loop_resolution = getattr(loop, "_clock_resolution", 0.000001)
        for number in reversed(range(50)):
            loop.call_at(start + number / 1000, fire, number)
        await done.wait()
        return fired

    assert run(main()) == list(range(50))


def test_context_variables_follow_callbacks_tasks_and_readers(run: Run[Any]) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")

    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        done = asyncio.Event()
        ours, theirs = socket.socketpair()
        with ours, theirs:

            def readable() -> None:
                loop.remove_reader(ours)
                seen.append("reader " + variable.get())
                done.set()

            variable.set("outer")
            loop.add_reader(ours, readable)
            loop.call_soon(lambda: seen.append("callback " + variable.get()))
            variable.set("changed")
            theirs.send(b"x")
            await done.wait()
            seen.append("task " + variable.get())
        return sorted(seen)

    assert run(main()) == ["callback outer", "reader outer", "task changed"]


def test_sendfile_and_sock_calls_work(run: Run[Any], tmp_path: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"z" * 500_000)

    async def main() -> int:
        loop = asyncio.get_running_loop()
        got = 0
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.setblocking(False)
            client = socket.socket()
            client.setblocking(False)
            accepted, _ = await asyncio.gather(
                loop.sock_accept(listener), loop.sock_connect(client, listener.getsockname())
            )
            server = accepted[0]
            server.setblocking(False)

            async def drain() -> None:
                nonlocal got
                while data := await loop.sock_recv(client, 65536):
                    got += len(data)

            reading = asyncio.create_task(drain())
            with path.open("rb") as file:
                await loop.sock_sendfile(server, file)
            server.close()
            await reading
            client.close()
        return got

    assert run(main()) == 500_000


def test_exception_in_a_callback_reaches_the_handler_and_the_loop_goes_on(run: Run[Any]) -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()
        seen: list[str] = []
        loop.set_exception_handler(lambda loop, context: seen.append(repr(context.get("exception"))))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)
        return seen

    assert run(main()) == ["ZeroDivisionError('division by zero')"]


def test_asynchronous_generators_are_closed_at_the_end() -> None:
    closed: list[str] = []

    async def generate() -> Any:
        try:
            yield 1
            yield 2
        finally:
            closed.append("closed")

    async def main() -> Any:
        generator = generate()
        await generator.__anext__()
        return generator

    with asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
        kept = runner.run(main())
    assert closed == ["closed"]
    del kept


class NestableLoop(asyncio.SelectorEventLoop):
    """A loop that may be turned from inside its own callbacks, as nest_asyncio makes it."""

    def _run_once(self) -> None:
        inner: Any = self
        ready, scheduled = inner._ready, inner._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)
        if ready or inner._stopping:
            timeout: float | None = 0
        else:
            timeout = max(0, scheduled[0]._when - self.time()) if scheduled else None
        inner._process_events(inner._selector.select(timeout))
        while scheduled and scheduled[0]._when < self.time() + inner._clock_resolution:
            ready.append(heapq.heappop(scheduled))
        for _ in range(len(ready)):
            if not ready:
                break
            handle = ready.popleft()
            if not handle._cancelled:
                handle._run()


def nestable() -> NestableLoop:
    return NestableLoop(NativeSelector())


def test_nested_turns_inside_a_callback_serve_foreign_files() -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def ask(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"nested\n")
        answer = await reader.readline()
        writer.close()
        return answer

    async def main() -> bytes:
        loop: Any = asyncio.get_running_loop()
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            asked = asyncio.ensure_future(ask(server.sockets[0].getsockname()[1]))
            done: asyncio.Future[bytes] = loop.create_future()

            def nested() -> None:
                while not asked.done():
                    loop._run_once()
                done.set_result(asked.result())

            loop.call_soon(nested)
            return await done

    with asyncio.Runner(loop_factory=nestable) as runner:
        assert runner.run(main()) == b"nested\n"


def test_nested_turns_beside_requests_keep_the_server_whole() -> None:
    from applications import respond
    from served import Receive, Scope, Send

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/nested":
            loop: Any = asyncio.get_running_loop()
            done = loop.create_future()

            def nested() -> None:
                for _ in range(3):
                    loop.call_soon(lambda: None)
                    loop._run_once()
                done.set_result(None)

            loop.call_soon(nested)
            await done
        body = b""
        while (message := await receive())["more_body"]:
            body += message["body"]
        await respond(send, scope["path"].encode() + body + message["body"])

    async def main() -> None:
        config = fasterapi.Config(app, port=0, lifespan="off", access_log=False, log_config=None)
        async with fasterapi.Server(config) as server:
            await asyncio.to_thread(visit, server.sockets[0].getsockname())

    def visit(address: Any) -> None:
        wires = [Wire(address) for _ in range(20)]
        for index, wire in enumerate(wires):
            path = b"/nested" if index % 2 else b"/plain"
            wire.send(b"POST %s HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nab" % path)
        for wire in wires:
            wire.send(b"cd")
        for index, wire in enumerate(wires):
            assert wire.read().body == (b"/nestedabcd" if index % 2 else b"/plainabcd")
            wire.close()

    with asyncio.Runner(loop_factory=nestable) as runner:
        runner.run(main())
