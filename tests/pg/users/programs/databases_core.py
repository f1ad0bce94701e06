"""databases, with SQLAlchemy's core for the queries."""

import asyncio
import json
import sys

import sqlalchemy
from databases import Database

metadata = sqlalchemy.MetaData()
notes = sqlalchemy.Table(
    "notes", metadata,
    sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
    sqlalchemy.Column("text", sqlalchemy.String(100)),
    sqlalchemy.Column("completed", sqlalchemy.Boolean),
)  # fmt: skip


async def main(dsn: str) -> dict[str, object]:
    facts: dict[str, object] = {}
    async with Database(dsn.partition("?")[0], min_size=1, max_size=3) as database:
        await database.execute("create table notes (id serial primary key, text varchar(100), completed bool)")
        values = [{"text": f"note {n}", "completed": n % 2 == 0} for n in range(10)]
        await database.execute_many(notes.insert(), values)
        facts["id"] = await database.execute(notes.insert().values(text="last", completed=True))
        rows = await database.fetch_all(notes.select().where(notes.c.completed))
        facts["completed"] = [row["text"] for row in rows]
        facts["one"] = dict((await database.fetch_one("select * from notes where id = :id", {"id": 1}))._mapping)
        facts["value"] = await database.fetch_val("select count(*) from notes")
        try:
            async with database.transaction():
                await database.execute("delete from notes")
                raise RuntimeError("no")
        except RuntimeError:
            facts["kept"] = await database.fetch_val("select count(*) from notes")
        facts["iterated"] = [row["id"] async for row in database.iterate("select id from notes order by id limit 3")]

        @database.transaction()
        async def remove() -> None:
            await database.execute("delete from notes where id > 5")

        await remove()
        facts["left"] = await database.fetch_val("select count(*) from notes")
    return facts


print(json.dumps(asyncio.run(main(sys.argv[1]))))
