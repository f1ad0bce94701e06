"""Starlette applications as its documentation shows them, served for real."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from applications import Notes
from served import Receive, Scope, Send, Serve, Served
from wire import PATIENCE, request


def client_of(served: Served) -> httpx.Client:
    return httpx.Client(base_url=served.url, timeout=PATIENCE)


async def homepage(incoming: Request) -> Response:
    return PlainTextResponse("Hello, world!")


def test_routes_with_parameters_mounts_and_hosts(serve: Serve) -> None:
    async def user(incoming: Request) -> Response:
        return JSONResponse({"id": incoming.path_params["id"], "url": str(incoming.url_for("user", id=7))})

    async def path(incoming: Request) -> Response:
        return PlainTextResponse(incoming.path_params["rest"])

    async def mounted(incoming: Request) -> Response:
        return JSONResponse({"path": incoming.url.path, "root_path": incoming.scope["root_path"]})

    app = Starlette(
        routes=[
            Route("/", homepage),
            Route("/users/{id:int}", user, name="user"),
            Route("/files/{rest:path}", path),
            Mount("/sub", routes=[Route("/inner", mounted)]),
            Host("api.example.org", app=Router([Route("/", lambda r: PlainTextResponse("api"))])),
        ]
    )
    served = serve(app)
    with client_of(served) as client:
        assert client.get("/").text == "Hello, world!"
        found = client.get("/users/3").json()
        assert found == {"id": 3, "url": f"{served.url}/users/7"}
        assert client.get("/users/x").status_code == 404
        assert client.get("/files/a/b%20c").text == "a/b c"
        assert client.get("/sub/inner").json() == {"path": "/sub/inner", "root_path": "/sub"}
        assert client.post("/").status_code == 405
        assert client.head("/").headers["content-length"] == "13"


def test_request_object_sees_everything(serve: Serve) -> None:
    async def show(incoming: Request) -> Response:
        async with incoming.form() as form:
            upload: Any = form["file"]
            return JSONResponse(
                {
                    "method": incoming.method,
                    "query": incoming.query_params.multi_items(),
                    "cookies": incoming.cookies,
                    "header": incoming.headers["X-Mine"],
                    "client": incoming.client is not None,
                    "name": upload.filename,
                    "size": len(await upload.read()),
                    "field": form["field"],
                }
            )

    served = serve(Starlette(routes=[Route("/", show, methods=["POST"])]))
    with client_of(served) as client:
        client.cookies.set("a", "b")
        reply = client.post(
            "/?x=1&x=2", data={"field": "caf\u00e9"}, files={"file": ("f.bin", bytes(300_000))},
            headers={"x-mine": "yes"},
        )  # fmt: skip
        assert reply.json() == {
            "method": "POST",
            "query": [["x", "1"], ["x", "2"]],
            "cookies": {"a": "b"},
            "header": "yes",
            "client": True,
            "name": "f.bin",
            "size": 300_000,
            "field": "caf\u00e9",
        }


def test_every_kind_of_response(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("from a file" * 10_000)

    async def slow_numbers() -> AsyncIterator[str]:
        for number in range(5):
            yield f"{number};"
            await asyncio.sleep(0)

    async def cookies(incoming: Request) -> Response:
        response = PlainTextResponse("cookies")
        response.set_cookie("one", "1", httponly=True)
        response.set_cookie("two", "2")
        response.delete_cookie("three")
        return response

    app = Starlette(
        routes=[
            Route("/html", lambda r: HTMLResponse("<p>")),
            Route("/json", lambda r: JSONResponse({"a": [1, None, "\u00e9"]})),
            Route("/redirect", lambda r: RedirectResponse("/html")),
            Route("/stream", lambda r: StreamingResponse(slow_numbers(), media_type="text/plain")),
            Route("/sync-stream", lambda r: StreamingResponse(iter(["a", "b", "c"]))),
            Route("/file", lambda r: FileResponse(tmp_path / "file.txt")),
            Route("/cookies", cookies),
            Route("/empty", lambda r: Response(status_code=204)),
        ]
    )
    served = serve(app)
    with client_of(served) as client:
        assert client.get("/html").headers["content-type"] == "text/html; charset=utf-8"
        assert client.get("/json").json() == {"a": [1, None, "\u00e9"]}
        assert client.get("/redirect").headers["location"] == "/html"
        assert client.get("/stream").text == "0;1;2;3;4;"
        assert client.get("/sync-stream").text == "abc"
        whole = client.get("/file")
        assert whole.text == "from a file" * 10_000
        part = client.get("/file", headers={"range": "bytes=5-9"})
        assert (part.status_code, part.text) == (206, "a fil")
        assert client.head("/file").headers["content-length"] == "110000"
        assert len(client.get("/cookies").headers.get_list("set-cookie")) == 3
        assert client.get("/empty").status_code == 204


def test_static_files_are_served_with_ranges_and_not_modified(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>index</h1>")
    (tmp_path / "large.bin").write_bytes(bytes(range(256)) * 10_000)
    served = serve(Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path, html=True))]))
    with client_of(served) as client:
        assert client.get("/").text == "<h1>index</h1>"
        large = client.get("/large.bin")
        assert large.content == bytes(range(256)) * 10_000
        again = client.get("/large.bin", headers={"if-none-match": large.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert client.get("/large.bin").content == large.content
        assert client.get("/../secret").status_code == 404
        assert client.get("/none").status_code == 404


def test_cors_gzip_and_trusted_hosts(serve: Serve) -> None:
    async def large(incoming: Request) -> Response:
        return PlainTextResponse("x" * 10_000)

    async def stream(incoming: Request) -> Response:
        return StreamingResponse(iter(["y" * 1000] * 10))

    app = Starlette(
        routes=[Route("/large", large), Route("/stream", stream)],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1"]),
            Middleware(CORSMiddleware, allow_origins=["https://example.org"], allow_methods=["*"]),
            Middleware(GZipMiddleware, minimum_size=500),
        ],
    )
    served = serve(app)
    with client_of(served) as client:
        preflight = client.options(
            "/large", headers={"origin": "https://example.org", "access-control-request-method": "PUT"}
        )
        assert preflight.headers["access-control-allow-origin"] == "https://example.org"
        reply = client.get("/large", headers={"origin": "https://example.org"})
        assert reply.headers["content-encoding"] == "gzip"
        assert reply.headers["access-control-allow-origin"] == "https://example.org"
        assert reply.text == "x" * 10_000
        with client.stream("GET", "/stream") as streamed:
            assert gzip.decompress(b"".join(streamed.iter_raw())) == b"y" * 10_000
        assert client.get("/large", headers={"host": "evil.example"}).status_code == 400


def test_base_http_middleware_wraps_bodies_and_streams(serve: Serve) -> None:
    class Stamp(BaseHTTPMiddleware):
        async def dispatch(self, incoming: Request, call_next: Any) -> Response:
            body = await incoming.body()
            response: Response = await call_next(incoming)
            response.headers["x-size"] = str(len(body))
            return response

    async def echo(incoming: Request) -> Response:
        return Response(await incoming.body())

    async def stream(incoming: Request) -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(10):
                yield b"z" * 50_000

        return StreamingResponse(pieces())

    app = Starlette(
        routes=[Route("/", echo, methods=["POST"]), Route("/stream", stream)],
        middleware=[Middleware(Stamp), Middleware(Stamp)],
    )
    served = serve(app)
    with client_of(served) as client:
        for size in (0, 10, 200_000):
            reply = client.post("/", content=bytes(size))
            assert (reply.content, reply.headers["x-size"]) == (bytes(size), f"{size}, {size}".split(", ")[0])
        assert len(client.get("/stream").content) == 500_000


def test_background_tasks_run_after_the_response_and_do_not_hold_it(serve: Serve) -> None:
    notes = Notes()
    go = threading.Event()

    def work(name: str) -> None:
        go.wait(PATIENCE)
        notes.put(name)

    async def async_work(name: str) -> None:
        notes.put(name)

    async def endpoint(incoming: Request) -> Response:
        tasks = BackgroundTasks()
        tasks.add_task(work, "thread")
        tasks.add_task(async_work, "loop")
        return PlainTextResponse("answered", background=tasks)

    async def single(incoming: Request) -> Response:
        return PlainTextResponse("answered", background=BackgroundTask(async_work, "single"))

    served = serve(Starlette(routes=[Route("/", endpoint), Route("/single", single)]))
    with client_of(served) as client:
        assert client.get("/").text == "answered"
        assert notes.empty()
        go.set()
        assert [notes.get(), notes.get()] == ["thread", "loop"]
        assert client.get("/single").text == "answered"
        assert notes.get() == "single"


def test_exception_handlers_and_server_errors(serve: Serve) -> None:
    async def teapot(incoming: Request) -> Response:
        raise HTTPException(418, "short and stout", headers={"x-pot": "yes"})

    async def crash(incoming: Request) -> Response:
        raise RuntimeError("crashed")

    async def handle(incoming: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, status_code=500)

    served = serve(
        Starlette(routes=[Route("/teapot", teapot), Route("/crash", crash)], exception_handlers={500: handle})
    )
    with client_of(served) as client:
        reply = client.get("/teapot")
        assert (reply.status_code, reply.text, reply.headers["x-pot"]) == (418, "short and stout", "yes")
        assert client.get("/crash").json() == {"error": "crashed"}
        assert "RuntimeError: crashed" in served.errors.take()[0]
        assert client.get("/teapot").status_code == 418


def test_lifespan_state_reaches_requests(serve: Serve) -> None:
    notes = Notes()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        notes.put("started")
        yield {"pool": ["connection"]}
        notes.put("stopped")

    async def show(incoming: Request) -> Response:
        return JSONResponse(incoming.state.pool)

    served = serve(Starlette(routes=[Route("/", show)], lifespan=lifespan), lifespan="auto")
    with client_of(served) as client:
        assert client.get("/").json() == ["connection"]
    assert notes.get() == "started"
    served.server.should_exit = True
    served.join()
    assert notes.get() == "stopped"


def test_sync_endpoints_run_in_threads_side_by_side(serve: Serve) -> None:
    barrier = threading.Barrier(5, timeout=PATIENCE)

    def endpoint(incoming: Request) -> Response:
        barrier.wait()
        return PlainTextResponse(threading.current_thread().name)

    served = serve(Starlette(routes=[Route("/", endpoint)]))
    wires = [served.connect() for _ in range(5)]
    for wire in wires:
        wire.send(request())
    for wire in wires:
        assert wire.read().status == 200
        wire.close()


def test_upload_that_breaks_off_raises_client_disconnect(serve: Serve) -> None:
    notes = Notes()

    async def endpoint(incoming: Request) -> Response:
        try:
            notes.put("begun")
            async for _ in incoming.stream():
                pass
        except ClientDisconnect:
            notes.put("disconnected")
        return PlainTextResponse("never seen")

    served = serve(Starlette(routes=[Route("/", endpoint, methods=["POST"])]))
    wire = served.connect()
    wire.send(b"POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1000\r\n\r\nhalf")
    assert notes.get() == "begun"
    wire.close()
    assert notes.get() == "disconnected"


def test_server_sent_events_arrive_one_by_one(serve: Serve) -> None:
    go = asyncio.Event()

    async def events() -> AsyncIterator[bytes]:
        yield b"data: one\n\n"
        await go.wait()
        yield b"data: two\n\n"

    served = serve(
        Starlette(routes=[Route("/", lambda r: StreamingResponse(events(), media_type="text/event-stream"))])
    )
    with served.connect() as wire:
        wire.send(request())
        assert b"text/event-stream" in wire.head()
        assert wire.until(b"one\n\n").endswith(b"data: one\n\n")
        served.loop.call_soon_threadsafe(go.set)
        assert wire.until(b"two\n\n").endswith(b"data: two\n\n")


@pytest.mark.filterwarnings("ignore")  # newer releases ask for another client than httpx
def test_test_client_is_untouched() -> None:
    from starlette.testclient import TestClient

    app = Starlette(routes=[Route("/", homepage)])
    with TestClient(app) as client:
        assert client.get("/").text == "Hello, world!"


@pytest.mark.parametrize("spec", ["2.3", "2.4"])
def test_endless_streaming_response_ends_with_its_client_under_both_specs(serve: Serve, spec: str) -> None:
    notes = Notes()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0)

    inner = Starlette(routes=[Route("/", lambda r: StreamingResponse(endless()))])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await inner(scope, receive, send)
        except ClientDisconnect:
            assert spec == "2.4"
        finally:
            notes.put("ended")

    served = serve(app, asgi_spec=spec)
    with served.connect() as wire:
        wire.send(request())
        wire.head()
        wire.take(50_000)
    assert notes.get() == "ended"
    served.wait_until_idle()
