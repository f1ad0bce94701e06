"""A FastAPI application as it runs anywhere: `fasterapi run hello:app`, then http://127.0.0.1:8000/docs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import FastAPI, Query, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

app = FastAPI(title="Hello")


class Item(BaseModel):
    """What a client may order."""

    name: str = Field(min_length=1, max_length=80)
    price: float = Field(gt=0)
    tags: list[str] = []


class Receipt(BaseModel):
    """What the client gets back."""

    item: Item
    quantity: int
    total: float


@app.get("/")
async def hello() -> dict[str, str]:
    """The shortest route."""
    return {"hello": "world"}


@app.get("/items/{item_id}")
async def read_item(item_id: int, q: Annotated[str | None, Query(max_length=50)] = None) -> dict[str, int | str | None]:
    """A path parameter and a query parameter."""
    return {"item_id": item_id, "q": q}


@app.post("/orders", status_code=201)
async def order(item: Item, quantity: Annotated[int, Query(ge=1)] = 1) -> Receipt:
    """A body that pydantic checks, and a response that it writes."""
    return Receipt(item=item, quantity=quantity, total=item.price * quantity)


@app.get("/fibonacci/{n}")
def fibonacci(n: int) -> dict[str, int]:
    """A plain function: the framework runs it in a thread."""
    last, current = 0, 1
    for _ in range(min(n, 1000)):
        last, current = current, last + current
    return {"n": n, "fibonacci": last}


@app.get("/countdown")
async def countdown(start: Annotated[int, Query(ge=0, le=60)] = 5) -> StreamingResponse:
    """A response that arrives line by line."""

    async def lines() -> AsyncIterator[str]:
        for number in range(start, 0, -1):
            yield f"{number}\n"
            await asyncio.sleep(0.2)
        yield "lift-off\n"

    return StreamingResponse(lines(), media_type="text/plain")


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, int | str | None]:
    """A file of any size, read in pieces."""
    size = 0
    while chunk := await file.read(64 * 1024):
        size += len(chunk)
    return {"filename": file.filename, "size": size}
