"""Clients that people use: httpx, requests, curl, http.client and aiohttp."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from applications import echo, read_body
from served import Receive, Scope, Send, Serve
from wire import PATIENCE

BODY = bytes(range(256)) * 1000


async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what it got, as JSON, in two pieces."""
    body = await read_body(receive)
    facts = {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode(),
        "version": scope["http_version"],
        "size": len(body),
        "headers": {name.decode(): value.decode("latin-1") for name, value in scope["headers"]},
    }
    text = json.dumps(facts).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": text[:10], "more_body": True})
    await send({"type": "http.response.body", "body": text[10:]})


def test_httpx_keeps_a_connection_and_streams_both_ways(serve: Serve) -> None:
    served = serve(mirror)
    with httpx.Client(base_url=served.url) as client:
        facts = client.get("/a b", params={"q": "caf\u00e9"}).json()
        assert (facts["path"], facts["query"]) == ("/a b", "q=caf%C3%A9")
        facts = client.post("/", content=iter([b"a" * 1000, b"b" * 100_000])).json()
        assert facts["size"] == 101_000
        assert facts["headers"]["transfer-encoding"] == "chunked"
        assert client.post("/", content=BODY).json()["size"] == len(BODY)
        assert client.head("/").content == b""
        assert client.delete("/").json()["method"] == "DELETE"


def test_httpx_async_runs_hundred_requests_at_once(serve: Serve) -> None:
    served = serve(mirror)

    async def main() -> list[int]:
        async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE) as client:
            replies = await asyncio.gather(*[client.post(f"/{n}", content=b"x" * n) for n in range(100)])
        return [reply.json()["size"] for reply in replies]

    assert asyncio.run(main()) == list(range(100))


def test_requests_keeps_a_session(serve: Serve) -> None:
    served = serve(mirror)
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(served.url + "/x", timeout=PATIENCE).json()["path"] == "/x"
        reply = session.post(served.url, data=BODY, timeout=PATIENCE)
        assert reply.json()["size"] == len(BODY)
        files = {"file": ("name.bin", BODY)}
        assert session.post(served.url, files=files, timeout=PATIENCE).json()["size"] > len(BODY)


def test_http_client_of_the_standard_library(serve: Serve) -> None:
    served = serve(echo)
    connection = http.client.HTTPConnection(*served.address, timeout=PATIENCE)
    for body in (b"one", BODY):
        connection.request("POST", "/", body)
        assert connection.getresponse().read() == body
    connection.close()


def test_aiohttp_client_on_the_same_loop_as_the_server(serve: Serve) -> None:
    import aiohttp

    served = serve(echo)

    async def main() -> list[bytes]:
        async with aiohttp.ClientSession() as session:

            async def one(body: bytes) -> bytes:
                async with session.post(served.url, data=body) as reply:
                    return await reply.read()

            return await asyncio.gather(*[one(b"%d" % number * 1000) for number in range(20)])

    assert served.call(main) == [b"%d" % number * 1000 for number in range(20)]


@pytest.fixture
def curl(tmp_path: Path) -> Any:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("curl is not installed")

    def run(*arguments: str) -> bytes:
        done = subprocess.run(
            [program, "--silent", "--show-error", "--max-time", "20", *arguments], capture_output=True, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_curl_gets_posts_and_uploads(serve: Serve, curl: Any, tmp_path: Path) -> None:
    served = serve(mirror)
    assert json.loads(curl(served.url + "/x"))["version"] == "1.1"
    assert json.loads(curl("--http1.0", served.url))["version"] == "1.0"
    assert json.loads(curl("-d", "a=b", served.url))["size"] == 3
    (tmp_path / "body").write_bytes(BODY)
    assert json.loads(curl("-T", "body", served.url))["size"] == len(BODY)
    assert json.loads(curl("-T", "body", "-H", "Transfer-Encoding: chunked", served.url))["size"] == len(BODY)
    (tmp_path / "large").write_bytes(BODY * 20)
    assert json.loads(curl("-H", "Expect: 100-continue", "--data-binary", "@large", served.url))["size"] == 5_120_000


def test_curl_reuses_its_connection(serve: Serve, curl: Any) -> None:
    served = serve(echo)
    shown = curl("-o", "one", "-o", "two", "-w", "%{num_connects} ", served.url, served.url)
    assert shown.split() == [b"1", b"0"]


def test_curl_reads_the_head(serve: Serve, curl: Any) -> None:
    served = serve(echo)
    assert curl("-I", served.url).startswith(b"HTTP/1.1 200 OK\r\n")
