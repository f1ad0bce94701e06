"""examples/crud.py over HTTP, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator

import httpx
import pytest

from example import example
from pg.server import Server
from wire import PATIENCE


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """A database for one test."""
    server.psql("create database notes")
    yield server.dsn(database="notes")
    server.psql("drop database notes with (force)")


@pytest.fixture
def client(database: str) -> Iterator[httpx.Client]:
    with example("crud:app", DATABASE_URL=database, PYTHONWARNINGS="default::ResourceWarning") as served:
        yield served.client
    printed = served.printed
    assert "Traceback" not in printed and "Warning" not in printed, printed


def test_a_note_is_made_read_replaced_and_deleted(client: httpx.Client) -> None:
    made = client.post("/notes", json={"title": "first", "tags": ["a", "b"]})
    assert made.status_code == 201
    note = made.json()
    assert (note["title"], note["body"], note["tags"]) == ("first", "", ["a", "b"])
    path = f"/notes/{note['id']}"
    assert client.get(path).json() == note
    replaced = client.put(path, json={"title": "second", "body": "more"}).json()
    assert (replaced["id"], replaced["title"], replaced["body"], replaced["tags"]) == (note["id"], "second", "more", [])
    assert client.delete(path).status_code == 204
    for gone in (client.delete(path), client.get(path), client.put(path, json={"title": "third"})):
        assert gone.status_code == 404


def test_notes_are_searched_page_by_page(client: httpx.Client) -> None:
    assert client.get("/notes").json() == []
    drafts = [{"title": f"note {number}", "tags": ["even"] if number % 2 == 0 else []} for number in range(10)]
    assert client.post("/notes/import", json=drafts).json() == 10
    answer = client.get("/notes", params={"tag": "even", "limit": 3})
    assert answer.headers["content-type"] == "application/json"
    page = answer.json()
    assert [note["title"] for note in page] == ["note 0", "note 2", "note 4"]
    rest = client.get("/notes", params={"tag": "even", "after": page[-1]["id"]}).json()
    assert [note["title"] for note in rest] == ["note 6", "note 8"]
    assert set(page[0]) == {"id", "title", "body", "tags", "changed"}


def test_what_the_database_refuses_is_the_clients_mistake(client: httpx.Client) -> None:
    refused = client.post("/notes", json={"title": "a\0b"})
    assert refused.status_code == 422
    assert "0x00" in refused.json()["detail"]


def test_changes_are_followed_by_every_client_and_end_with_the_connection(client: httpx.Client, server: Server) -> None:
    async def main() -> list[list[str]]:
        async with httpx.AsyncClient(base_url=client.base_url, timeout=PATIENCE) as follower:
            first, second = follow(follower), follow(follower)
            told = [[await anext(stream)] for stream in (first, second)]
            number = (await follower.post("/notes", json={"title": "first"})).json()["id"]
            await follower.delete(f"/notes/{number}")
            for heard, stream in zip(told, (first, second), strict=True):
                heard += [
                    (await anext(stream)).replace(str(number), "N"),
                    (await anext(stream)).replace(str(number), "N"),
                ]
            await asyncio.to_thread(server.psql, LOST)
            for heard, stream in zip(told, (first, second), strict=True):
                heard += [await anext(stream, "end")]
            again = follow(follower)
            told.append([await anext(again)])
            await again.aclose()
            return told

    listened = ["listening", "insert N", "delete N", "end"]
    assert asyncio.run(main()) == [listened, listened, ["listening"]]


LOST = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%'"


async def follow(client: httpx.AsyncClient) -> AsyncGenerator[str, None]:
    """The server-sent events of `/changes`."""
    async with client.stream("GET", "/changes") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line:
                yield line.removeprefix("data: ")
