"""Where a server can listen: addresses, paths, inherited descriptors, and what it does when descriptors run out."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fasterapi
from applications import Notes, hello, respond
from served import Mode, Receive, Scope, Send
from wire import PATIENCE, Address, Wire


def with_server(mode: Mode, app: Any, visit: Any, **options: Any) -> Any:
    """Starts a server in a loop, runs `visit(server)` in a thread beside it, and shuts down."""

    async def main() -> Any:
        config = fasterapi.Config(app, lifespan="off", access_log=False, log_config=None, **options)
        server = fasterapi.Server(config)
        await server.startup()
        try:
            return await asyncio.wait_for(asyncio.to_thread(visit, server), PATIENCE)
        finally:
            await server.shutdown()

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        return runner.run(main())


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


def ask(address: Address, **options: Any) -> bytes:
    with Wire(address, **options) as wire:
        return wire.ask().body


def test_port_zero_takes_a_free_port(mode: Mode) -> None:
    def visit(server: fasterapi.Server) -> bytes:
        address = server.sockets[0].getsockname()
        assert address[1] > 0
        return ask(address)

    assert with_server(mode, hello, visit, port=0) == b"hello"


@needs_ipv6
def test_every_address_of_both_families_is_served_on_one_port(mode: Mode) -> None:
    def visit(server: fasterapi.Server) -> list[bytes]:
        ports = {one.getsockname()[1] for one in server.sockets}
        assert len(ports) == 1
        port = ports.pop()
        return [ask(("127.0.0.1", port)), ask(("::1", port), family=socket.AF_INET6)]

    for host in ("", "::"):
        assert with_server(mode, hello, visit, host=host, port=0) == [b"hello", b"hello"]


@needs_ipv6
def test_scope_of_an_ipv6_client_names_its_address(mode: Mode) -> None:
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put((scope["client"], scope["server"]))
        await respond(send)

    def visit(server: fasterapi.Server) -> None:
        port = server.sockets[0].getsockname()[1]
        with Wire(("::1", port), family=socket.AF_INET6) as wire:
            wire.ask()
            client, listener = notes.get()
            assert tuple(client) == ("::1", wire.socket.getsockname()[1])
            assert tuple(listener) == ("::1", port)

    with_server(mode, app, visit, host="::1", port=0)


def test_unix_socket_is_served_made_for_all_and_removed(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    notes = Notes()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        notes.put((scope["client"], scope["server"]))
        await hello(scope, receive, send)

    def visit(server: fasterapi.Server) -> bytes:
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        return ask(str(path))

    assert with_server(mode, app, visit, uds=path) == b"hello"
    client, listener = notes.get()
    assert client is None or client == ("", 0)
    assert listener == (str(path), None)
    assert not path.exists()


def test_stale_unix_socket_is_replaced(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    assert with_server(mode, hello, lambda server: ask(str(path)), uds=path) == b"hello"


def test_inherited_tcp_descriptor_is_served(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        assert with_server(mode, hello, lambda server: ask(address), fd=listener.fileno()) == b"hello"


def test_inherited_unix_descriptor_is_served(mode: Mode, tmp_path: Path) -> None:
    path = tmp_path / "inherited.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert with_server(mode, hello, lambda server: ask(str(path)), fd=listener.fileno()) == b"hello"
    assert path.exists(), "who made the path removes it"


def test_port_in_use_is_one_clear_line(mode: Mode) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Exception, match=str(port)) as error:
            with_server(mode, hello, lambda server: None, port=port)
    assert "already in use" in str(error.value)
    assert "\n" not in str(error.value)


def test_several_servers_share_a_loop(mode: Mode) -> None:
    async def main() -> list[bytes]:
        servers = []
        for name in (b"one", b"two", b"three"):

            async def app(scope: Scope, receive: Receive, send: Send, name: bytes = name) -> None:
                await respond(send, name)

            config = fasterapi.Config(app, port=0, lifespan="off", access_log=False, log_config=None)
            servers.append(fasterapi.Server(config))
        for server in servers:
            await server.startup()
        answers = [await asyncio.to_thread(ask, server.sockets[0].getsockname()) for server in servers]
        address = servers[0].sockets[0].getsockname()
        await servers[0].shutdown()
        with pytest.raises(OSError):
            await asyncio.to_thread(ask, address)
        answers += [await asyncio.to_thread(ask, server.sockets[0].getsockname()) for server in servers[1:]]
        for server in servers[1:]:
            await server.shutdown()
        return answers

    with asyncio.Runner(loop_factory=mode.make_loop) as runner:
        assert runner.run(main()) == [b"one", b"two", b"three", b"two", b"three"]


STARVED = """
import asyncio, resource, sys, threading
sys.path.insert(0, {tests!r})
from applications import hello
from served import Mode, Served

served = Served(hello, Mode({mode!r}))
with served.connect() as wire:
    assert wire.ask().body == b"hello"
print(served.address[1], flush=True)
open_now = len(__import__("os").listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_NOFILE, (open_now + 10, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
print("limited", flush=True)
sys.stdin.readline()
before = resource.getrusage(resource.RUSAGE_SELF)
sys.stdin.readline()
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, flush=True)
sys.stdin.readline()
others = [error for error in served.errors.seen if "open files" not in error]
served.errors.seen.clear()
served.stop()
assert others == [], others
print("ended", flush=True)
"""


def test_server_out_of_descriptors_waits_without_spinning_and_serves_again(mode: Mode) -> None:
    script = STARVED.format(tests=str(Path(__file__).parents[1]), mode=mode.value)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def say() -> None:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

        address = ("127.0.0.1", int(process.stdout.readline()))
        assert process.stdout.readline() == "limited\n"
        wires = [Wire(address) for _ in range(40)]
        answered: list[Wire] = []
        for wire in wires:
            wire.send(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        while len(answered) < 5:
            answered = [wire for wire in wires if wire.pending()]
        say()
        unanswered = [wire for wire in wires if not wire.pending()]
        assert unanswered, "all were accepted: the limit did not bite"
        unanswered[-1].socket.settimeout(1.0)
        with pytest.raises(TimeoutError):
            unanswered[-1].socket.recv(1)
        say()
        spent = float(process.stdout.readline())
        assert spent < 0.5, f"{spent} of 1 second of CPU was spent on waiting"
        for wire in answered:
            wire.close()
        unanswered[-1].socket.settimeout(PATIENCE)
        left = set(wires) - set(answered)
        while left:
            for wire in [one for one in left if one.pending().endswith(b"hello")]:
                left.remove(wire)
                wire.close()
        say()
        assert process.stdout.readline() == "ended\n"
    assert process.returncode == 0


def test_limit_of_descriptors_is_not_hit_by_this_suite() -> None:
    assert len(os.listdir("/proc/self/fd")) < resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2
