"""A GraphQL schema with a query, a mutation and subscriptions, by strawberry in FastAPI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import strawberry
from fastapi import FastAPI
from strawberry.fastapi import GraphQLRouter


@strawberry.type
class Book:
    title: str
    pages: int


def make_app() -> FastAPI:
    """An application with a library of its own."""
    books = [Book(title="Dune", pages=412)]
    added = asyncio.Event()

    @strawberry.type
    class Query:
        @strawberry.field
        async def books(self, at_least: int = 0) -> list[Book]:
            return [book for book in books if book.pages >= at_least]

    @strawberry.type
    class Mutation:
        @strawberry.mutation
        async def add_book(self, title: str, pages: int) -> Book:
            books.append(Book(title=title, pages=pages))
            added.set()
            return books[-1]

    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def count(self, target: int) -> AsyncGenerator[int, None]:
            for number in range(target):
                yield number
                await asyncio.sleep(0)

        @strawberry.subscription
        async def additions(self) -> AsyncGenerator[Book, None]:
            while True:
                await added.wait()
                added.clear()
                yield books[-1]

        @strawberry.subscription
        async def failing(self) -> AsyncGenerator[int, None]:
            yield 1
            raise ValueError("no second number")

    app = FastAPI()
    app.include_router(GraphQLRouter(strawberry.Schema(Query, Mutation, Subscription)), prefix="/graphql")
    return app
