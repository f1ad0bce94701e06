"""A FastAPI route with a path parameter, a query parameter and a validated answer."""

from fastapi import FastAPI
from pydantic import BaseModel


class Item(BaseModel):
    item_id: int
    name: str
    tags: list[str]


app = FastAPI()


@app.get("/items/{item_id}")
async def read_item(item_id: int, name: str) -> Item:
    return Item(item_id=item_id, name=name, tags=["a", "b"])
