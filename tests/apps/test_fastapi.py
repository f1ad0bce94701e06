"""FastAPI applications as its documentation shows them, served for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    UploadFile,
    status,
)
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer
from pydantic import BaseModel, Field

from applications import Notes
from served import Serve, Served
from wire import PATIENCE


class Item(BaseModel):
    name: str
    price: float = Field(gt=0)
    tags: list[str] = []


notes = Notes()
basic = HTTPBasic()
bearer = OAuth2PasswordBearer("token")


async def session() -> AsyncIterator[str]:
    notes.put("opened")
    try:
        yield "session"
    finally:
        notes.put("closed")


def sync_session(outer: Annotated[str, Depends(session)]) -> Iterator[str]:
    notes.put("sync opened")
    yield outer + " sync"
    notes.put("sync closed")


def make_app() -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        yield {"model": "loaded"}

    app = FastAPI(lifespan=lifespan)
    router = APIRouter(prefix="/router", tags=["router"])

    @app.get("/")
    async def root() -> dict[str, str]:
        return {"message": "Hello World"}

    @app.get("/sync/{number}")
    def sync(number: int, q: Annotated[str | None, Query(max_length=5)] = None) -> dict[str, Any]:
        return {"number": number, "q": q}

    @app.post("/items/", status_code=status.HTTP_201_CREATED)
    async def create(item: Item) -> Item:
        return item

    @app.put("/items/{item_id}")
    async def update(item_id: int, item: Item, x_token: Annotated[str | None, Header()] = None) -> dict[str, Any]:
        return {"id": item_id, "token": x_token, **item.model_dump()}

    @app.get("/cookie")
    async def cookie(response: Response, seen: Annotated[str | None, Cookie()] = None) -> dict[str, str | None]:
        response.set_cookie("seen", "yes")
        return {"seen": seen}

    @app.get("/depends")
    async def depends(used: Annotated[str, Depends(sync_session)]) -> str:
        notes.put("endpoint")
        return used

    @app.get("/depends-fails")
    async def depends_fails(used: Annotated[str, Depends(session)]) -> str:
        raise HTTPException(409, detail={"conflict": used})

    @app.post("/form")
    async def form(user: Annotated[str, Form()], age: Annotated[int, Form()]) -> dict[str, Any]:
        return {"user": user, "age": age}

    @app.post("/upload")
    async def upload(files: list[UploadFile], small: Annotated[bytes, File()]) -> dict[str, Any]:
        return {"files": {file.filename: len(await file.read()) for file in files}, "small": len(small)}

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> str:
        tasks.add_task(notes.put, "background")
        return "ok"

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def numbers() -> AsyncIterator[str]:
            for number in range(1000):
                yield f"{number}\n"

        return StreamingResponse(numbers(), media_type="text/plain")

    @app.get("/state")
    async def state(request: Request) -> str:
        value: str = request.state.model
        return value

    @app.get("/crash")
    async def crash() -> None:
        raise RuntimeError("crashed")

    @router.get("/inner")
    async def inner() -> list[int]:
        await asyncio.sleep(0)
        return [1, 2, 3]

    @app.get("/basic")
    async def basic_auth(credentials: Annotated[HTTPBasicCredentials, Depends(basic)]) -> str:
        return credentials.username

    @app.get("/bearer")
    async def bearer_auth(token: Annotated[str, Depends(bearer)]) -> str:
        return token

    @app.middleware("http")
    async def timing(request: Request, call_next: Any) -> Response:
        response: Response = await call_next(request)
        response.headers["x-process"] = "timed"
        return response

    @app.exception_handler(ZeroDivisionError)
    async def by_zero(request: Request, error: ZeroDivisionError) -> JSONResponse:
        return JSONResponse({"by": "zero"}, 400)

    @app.get("/zero")
    async def zero() -> float:
        return 1 / 0

    app.include_router(router)
    return app


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve(make_app(), lifespan="on")


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=PATIENCE) as made:
        yield made


def test_routes_parameters_and_bodies(client: httpx.Client) -> None:
    reply = client.get("/")
    assert reply.json() == {"message": "Hello World"}
    assert reply.headers["x-process"] == "timed"
    assert client.get("/sync/3?q=abc").json() == {"number": 3, "q": "abc"}
    created = client.post("/items/", json={"name": "a", "price": 2})
    assert (created.status_code, created.json()) == (201, {"name": "a", "price": 2.0, "tags": []})
    updated = client.put("/items/5", json={"name": "b", "price": 1, "tags": ["x"]}, headers={"X-Token": "t"})
    assert updated.json() == {"id": 5, "token": "t", "name": "b", "price": 1.0, "tags": ["x"]}
    assert client.get("/router/inner").json() == [1, 2, 3]


def test_validation_errors_are_fastapis(client: httpx.Client) -> None:
    reply = client.get("/sync/x?q=abcdef")
    assert reply.status_code == 422
    assert [error["loc"] for error in reply.json()["detail"]] == [["path", "number"], ["query", "q"]]
    reply = client.post("/items/", json={"name": "a", "price": -1})
    assert reply.json()["detail"][0]["type"] == "greater_than"
    assert client.post("/items/", content=b"{", headers={"content-type": "application/json"}).status_code == 422
    assert client.get("/nowhere").json() == {"detail": "Not Found"}


def test_dependencies_with_yield_close_in_order(client: httpx.Client) -> None:
    assert client.get("/depends").json() == "session sync"
    assert [notes.get() for _ in range(5)] == ["opened", "sync opened", "endpoint", "sync closed", "closed"]
    reply = client.get("/depends-fails")
    assert (reply.status_code, reply.json()) == (409, {"detail": {"conflict": "session"}})
    assert [notes.get(), notes.get()] == ["opened", "closed"]


def test_forms_uploads_cookies_and_security(client: httpx.Client) -> None:
    assert client.post("/form", data={"user": "u", "age": "7"}).json() == {"user": "u", "age": 7}
    reply = client.post(
        "/upload",
        files=[
            ("files", ("a.bin", bytes(2_000_000))),
            ("files", ("b.bin", b"bb")),
            ("small", ("s.bin", b"sss")),
        ],
    )
    assert reply.json() == {"files": {"a.bin": 2_000_000, "b.bin": 2}, "small": 3}
    assert client.get("/cookie").json() == {"seen": None}
    assert client.get("/cookie").json() == {"seen": "yes"}
    assert client.get("/basic", auth=("me", "secret")).json() == "me"
    assert client.get("/basic").headers["www-authenticate"] == "Basic"
    assert client.get("/bearer", headers={"authorization": "Bearer tok"}).json() == "tok"
    assert client.get("/bearer").status_code == 401


def test_background_tasks_streams_and_state(client: httpx.Client) -> None:
    assert client.get("/background").json() == "ok"
    assert notes.get() == "background"
    assert client.get("/stream").text == "".join(f"{number}\n" for number in range(1000))
    assert client.get("/state").json() == "loaded"


def test_handlers_and_crashes(client: httpx.Client, served: Served) -> None:
    assert client.get("/zero").json() == {"by": "zero"}
    reply = client.get("/crash")
    assert (reply.status_code, reply.text) == (500, "Internal Server Error")
    assert "RuntimeError: crashed" in served.errors.take()[0]
    assert client.get("/").status_code == 200


def test_documentation_pages_are_served(client: httpx.Client) -> None:
    assert "swagger" in client.get("/docs").text.lower()
    assert "redoc" in client.get("/redoc").text.lower()
    assert "/items/{item_id}" in client.get("/openapi.json").json()["paths"]


def test_many_clients_at_once(served: Served) -> None:
    async def main() -> list[Any]:
        async with httpx.AsyncClient(base_url=served.url, timeout=PATIENCE) as client:
            replies = await asyncio.gather(
                *[client.post("/items/", json={"name": str(number), "price": 1 + number}) for number in range(100)],
                *[client.get(f"/sync/{number}") for number in range(100)],
            )
        return [reply.json() for reply in replies]

    answers = asyncio.run(main())
    assert [answer["name"] for answer in answers[:100]] == [str(number) for number in range(100)]
    assert [answer["number"] for answer in answers[100:]] == list(range(100))


@pytest.mark.filterwarnings("ignore")  # newer releases ask for another client than httpx
def test_test_client_is_untouched() -> None:
    from fastapi.testclient import TestClient

    with TestClient(make_app()) as client:
        assert client.get("/").json() == {"message": "Hello World"}
        assert client.get("/state").json() == "loaded"
