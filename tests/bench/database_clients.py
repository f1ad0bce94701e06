"""PostgreSQL's clients, each doing the same work in its own way. Runs in the measured environment.

Each work is a call that answers what it saw, the number of rows or a value: that is checked before anything counts.
"""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import database_rows as rows

Work = Callable[[], Awaitable[Any]]


class Client(ABC):
    """One library, and the work it does, on connections of its own."""

    def __init__(self, library: str, port: int) -> None:
        self.library: Any = import_module(library)
        self.host: dict[str, Any] = {"host": "127.0.0.1", "port": port, "password": rows.PASSWORD}
        self.items = rows.items(rows.COPIED)
        self.inserted = self.items[: rows.INSERTED]

    async def work(self, name: str) -> Work:
        """The call for a row, with the connections it needs open."""
        if name == "pg-pool":
            return await self.pool()
        writes = name in ("pg-copy", "pg-executemany")
        connection = await self.connect(rows.USER, rows.WRITES if writes else rows.DATABASE)
        if writes:
            await connection.execute(rows.TABLE)
        calls: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "pg-select": self.select,
            "pg-rows": partial(self.read, rows.ROWS),
            "pg-types": partial(self.read, rows.TYPES),
            "pg-types-one": self.read_one,
            "pg-copy": self.copy,
            "pg-executemany": self.insert,
            "pg-json": self.encode,
        }
        return partial(calls[name], connection)

    async def read(self, query: str, connection: Any) -> int:
        fetched = await self.fetch(query, connection)
        for row in fetched:
            tuple(row)
        return len(fetched)

    async def read_one(self, connection: Any) -> int:
        fetched = await self.fetch(rows.TYPES, connection)
        for row in fetched:
            row[0]
        return len(fetched)

    @abstractmethod
    async def connect(self, role: str, database: str = rows.DATABASE) -> Any: ...

    @abstractmethod
    async def close(self, connection: Any) -> None: ...

    @abstractmethod
    async def pool(self) -> Work: ...

    @abstractmethod
    def select(self, connection: Any) -> Awaitable[int]: ...

    @abstractmethod
    async def fetch(self, query: str, connection: Any) -> Sequence[Any]: ...

    @abstractmethod
    async def copy(self, connection: Any) -> int: ...

    @abstractmethod
    async def insert(self, connection: Any) -> int: ...

    @abstractmethod
    async def encode(self, connection: Any) -> bytes: ...


class Asyncpg(Client):
    async def connect(self, role: str, database: str = rows.DATABASE) -> Any:
        return await self.library.connect(**self.host, user=role, database=database, ssl="disable")

    async def close(self, connection: Any) -> None:
        await connection.close()

    async def pool(self) -> Work:
        size = rows.POOL_SIZE
        to = {**self.host, "user": rows.USER, "database": rows.DATABASE, "ssl": "disable"}
        pool = await self.library.create_pool(**to, min_size=size, max_size=size)

        async def work() -> int:
            return sum(await asyncio.gather(*[pool.fetchval(rows.SELECT, 1) for _ in range(rows.CONCURRENT)]))

        return work

    def select(self, connection: Any) -> Awaitable[int]:
        value: Awaitable[int] = connection.fetchval(rows.SELECT, 1)
        return value

    async def fetch(self, query: str, connection: Any) -> Sequence[Any]:
        fetched: Sequence[Any] = await connection.fetch(query)
        return fetched

    async def copy(self, connection: Any) -> int:
        status = await connection.copy_records_to_table("item", records=self.items, columns=rows.COLUMNS)
        return int(status.split()[-1])

    async def insert(self, connection: Any) -> int:
        await connection.executemany(rows.INSERT, self.inserted)
        return len(self.inserted)

    async def encode(self, connection: Any) -> bytes:
        return json.dumps([dict(row) for row in await connection.fetch(rows.PLAIN_ROWS)]).encode()


class Ours(Asyncpg):
    async def encode(self, connection: Any) -> bytes:
        encoded: bytes = await connection.fetch_json(rows.PLAIN_ROWS)
        return encoded


class Psycopg(Client):
    """psycopg 3 with its C extension; statements are prepared once they have run five times, as by default."""

    async def connect(self, role: str, database: str = rows.DATABASE) -> Any:
        connect = self.library.AsyncConnection.connect
        return await connect(**self.host, user=role, dbname=database, sslmode="disable", autocommit=True)

    async def close(self, connection: Any) -> None:
        await connection.close()

    async def pool(self) -> Work:
        size = rows.POOL_SIZE
        to = {**self.host, "user": rows.USER, "dbname": rows.DATABASE, "sslmode": "disable", "autocommit": True}
        pools = import_module("psycopg_pool")
        pool = pools.AsyncConnectionPool(kwargs=to, min_size=size, max_size=size, open=False)
        await pool.open(wait=True)

        async def one() -> int:
            async with pool.connection() as connection:
                return await self.select(connection)

        async def work() -> int:
            return sum(await asyncio.gather(*[one() for _ in range(rows.CONCURRENT)]))

        return work

    async def select(self, connection: Any) -> int:
        cursor = await connection.execute("select %s::int", (1,))
        (value,) = await cursor.fetchone()
        return int(value)

    async def fetch(self, query: str, connection: Any) -> Sequence[Any]:
        cursor = await connection.cursor(binary=True).execute(query)
        fetched: Sequence[Any] = await cursor.fetchall()
        return fetched

    async def copy(self, connection: Any) -> int:
        async with connection.cursor() as cursor:
            async with cursor.copy("copy item (id, name, price) from stdin (format binary)") as copy:
                copy.set_types(["int4", "text", "float8"])
                for item in self.items:
                    await copy.write_row(item)
            return int(cursor.rowcount)

    async def insert(self, connection: Any) -> int:
        async with connection.cursor() as cursor:
            await cursor.executemany("insert into item (id, name, price) values (%s, %s, %s)", self.inserted)
            return int(cursor.rowcount)

    async def encode(self, connection: Any) -> bytes:
        cursor = connection.cursor(binary=True, row_factory=import_module("psycopg.rows").dict_row)
        return json.dumps(await (await cursor.execute(rows.PLAIN_ROWS)).fetchall()).encode()


class Psqlpy(Client):
    """psqlpy: Rust, on threads of its own, whose time counts too."""

    async def connect(self, role: str, database: str = rows.DATABASE) -> Any:
        plain = self.library.SslMode.Disable
        return await self.library.connect(**self.host, username=role, db_name=database, ssl_mode=plain)

    async def close(self, connection: Any) -> None:
        connection.close()

    async def pool(self) -> Work:
        to = {**self.host, "username": rows.USER, "db_name": rows.DATABASE, "ssl_mode": self.library.SslMode.Disable}
        pool = self.library.ConnectionPool(**to, max_db_pool_size=rows.POOL_SIZE)

        async def one() -> int:
            async with pool.acquire() as connection:
                return await self.select(connection)

        async def work() -> int:
            return sum(await asyncio.gather(*[one() for _ in range(rows.CONCURRENT)]))

        return work

    async def select(self, connection: Any) -> int:
        return int(await connection.fetch_val(rows.SELECT, [1]))

    async def fetch(self, query: str, connection: Any) -> Sequence[Any]:
        fetched: Sequence[Any] = (await connection.fetch(query)).result(as_tuple=True)
        return fetched

    async def copy(self, connection: Any) -> int:
        return int(await connection.copy_records_to_table("item", records=self.items, columns=list(rows.COLUMNS)))

    async def insert(self, connection: Any) -> int:
        await connection.execute_many(rows.INSERT, self.inserted)
        return len(self.inserted)

    async def encode(self, connection: Any) -> bytes:
        return json.dumps((await connection.fetch(rows.PLAIN_ROWS)).result()).encode()


LIBRARIES: dict[str, Callable[[str, int], Client]] = {
    "fasterapi.pg": Ours,
    "asyncpg": Asyncpg,
    "psycopg": Psycopg,
    "psqlpy": Psqlpy,
}
