"""Notes in PostgreSQL: `make run-pg`, or `DATABASE_URL=postgresql://... fasterapi run crud:app`; then /docs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from fasterapi import pg

# Whoever changes a note, the database itself tells that it has changed.
SCHEMA = """
create table if not exists notes (
    id bigint generated always as identity primary key,
    title text not null,
    body text not null,
    tags text[] not null,
    changed timestamptz not null default now()
);
create or replace function tell_of_note() returns trigger language plpgsql as $$
begin
    perform pg_notify('notes', lower(tg_op) || ' ' || coalesce(new.id, old.id));
    return null;
end $$;
create or replace trigger tell_of_note after insert or update or delete on notes
    for each row execute function tell_of_note();
"""

# Changes that a client of /changes may be behind with before it is let go.
BEHIND = 100


class Draft(BaseModel):
    """What a client writes."""

    title: str = Field(min_length=1, max_length=200)
    body: str = ""
    tags: list[str] = []


class Note(Draft):
    """What the client gets back."""

    id: int
    changed: datetime


class Changes:
    """Tells any number of clients what is notified on a channel, by one connection that is open while there are any."""

    def __init__(self, dsn: str | None, channel: str) -> None:
        self._dsn = dsn
        self._channel = channel
        self._queues: set[asyncio.Queue[str | None]] = set()
        self._connection: pg.Connection | None = None
        self._opening = asyncio.Lock()

    async def follow(self) -> AsyncIterator[str]:
        """The changes from now on, until the client is too far behind, or the connection is lost."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(BEHIND)
        self._queues.add(queue)
        try:
            await self._listen()
            yield "listening"
            while (change := await queue.get()) is not None:
                yield change
        finally:
            self._queues.discard(queue)
            if not self._queues and self._connection is not None:
                self._connection.terminate()

    async def _listen(self) -> None:
        async with self._opening:
            if self._connection is None or self._connection.is_closed():
                self._connection = await pg.connect(self._dsn)
                self._connection.add_termination_listener(self._lost)
                await self._connection.add_listener(self._channel, self._tell)

    def _tell(self, _connection: object, _pid: int, _channel: str, change: str) -> None:
        for queue in list(self._queues):
            if queue.full():
                self._let_go(queue)
            else:
                queue.put_nowait(change)

    def _lost(self, connection: object) -> None:
        if connection is self._connection:
            for queue in list(self._queues):
                self._let_go(queue)

    def _let_go(self, queue: asyncio.Queue[str | None]) -> None:
        self._queues.discard(queue)
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(None)


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[dict[str, object]]:
    """One pool for the application; without DATABASE_URL it goes where libpq's variables say."""
    dsn = os.environ.get("DATABASE_URL")
    async with pg.create_pool(dsn, min_size=1) as pool:
        await pool.execute(SCHEMA)
        yield {"pool": pool, "changes": Changes(dsn, "notes")}


app = FastAPI(title="Notes", lifespan=lifespan)


def get_pool(request: Request) -> pg.Pool:
    """The pool of the lifespan."""
    pool: pg.Pool = request.state.pool
    return pool


Pool = Annotated[pg.Pool, Depends(get_pool)]
Id = Annotated[int, Path(ge=1, lt=1 << 63)]


@app.exception_handler(pg.DataError)
async def refuse(_request: Request, error: Exception) -> JSONResponse:
    """What the model lets through and the database does not: text with a NUL in it."""
    return JSONResponse({"detail": str(error)}, 422)


@app.post("/notes", status_code=201)
async def create(draft: Draft, pool: Pool) -> Note:
    """An insert that gives the row back."""
    return note(
        await pool.fetchrow(
            "insert into notes (title, body, tags) values ($1, $2, $3) returning *", draft.title, draft.body, draft.tags
        )
    )


@app.get("/notes", response_model=list[Note])
async def search(
    pool: Pool,
    tag: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[int, Query(ge=0, lt=1 << 63)] = 0,
) -> Response:
    """Rows that become JSON without becoming objects first."""
    return Response(
        await pool.fetch_json(
            "select * from notes where id > $1 and ($2::text is null or $2 = any(tags)) order by id limit $3",
            after, tag, limit,
        ),
        media_type="application/json",
    )  # fmt: skip


@app.get("/notes/{number}")
async def read(number: Id, pool: Pool) -> Note:
    """One row."""
    return note(await pool.fetchrow("select * from notes where id = $1", number))


@app.put("/notes/{number}")
async def replace(number: Id, draft: Draft, pool: Pool) -> Note:
    """An update that gives the row back."""
    return note(
        await pool.fetchrow(
            "update notes set title = $2, body = $3, tags = $4, changed = now() where id = $1 returning *",
            number, draft.title, draft.body, draft.tags,
        )
    )  # fmt: skip


@app.delete("/notes/{number}", status_code=204)
async def delete(number: Id, pool: Pool) -> None:
    """The status says how many rows there were."""
    if await pool.execute("delete from notes where id = $1", number) == "DELETE 0":
        raise HTTPException(404)


@app.post("/notes/import", status_code=201)
async def load(drafts: list[Draft], pool: Pool) -> int:
    """Many rows at once, by COPY."""
    records = [(draft.title, draft.body, draft.tags) for draft in drafts]
    columns = ["title", "body", "tags"]
    return int((await pool.copy_records_to_table("notes", records=records, columns=columns)).removeprefix("COPY "))


@app.get("/changes")
async def changes(request: Request) -> StreamingResponse:
    """What becomes of notes, as server-sent events: `insert 1`, `update 1`, `delete 1`."""

    async def events() -> AsyncIterator[str]:
        async for change in request.state.changes.follow():
            yield f"data: {change}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


def note(row: pg.Record | None) -> Note:
    """The row as the model, if there is one."""
    if row is None:
        raise HTTPException(404)
    return Note(**row)
