"""piccolo."""

import asyncio
import json
import sys
import urllib.parse

from piccolo.columns import JSONB, UUID, ForeignKey, Integer, Numeric, Text, Timestamptz, Varchar
from piccolo.engine.postgres import PostgresEngine
from piccolo.table import Table

_parts = urllib.parse.urlsplit(sys.argv[1])
DB = PostgresEngine(
    {"host": _parts.hostname, "port": _parts.port, "user": _parts.username, "database": _parts.path[1:]},
    log_queries=False,
)


class Band(Table, db=DB):
    name = Varchar(unique=True)
    popularity = Integer()


class Concert(Table, db=DB):
    band = ForeignKey(Band)
    venue = Text()
    price = Numeric(digits=(6, 2))
    extra = JSONB()
    key = UUID()
    at = Timestamptz()


async def main() -> dict[str, object]:
    facts: dict[str, object] = {}
    await DB.start_connection_pool(min_size=1, max_size=3)
    for table in (Band, Concert):
        await table.create_table(if_not_exists=True)
    await Band.insert(*(Band(name=f"band {n}", popularity=n) for n in range(5)))
    band = await Band.objects().where(Band.name == "band 3").first()
    await Concert(band=band.id, venue="hall", price="12.50", extra={"seats": [1, 2]}).save()
    facts["joined"] = await Concert.select(Concert.venue, Concert.band.name, Concert.price.as_alias("price")).first()
    facts["joined"]["price"] = str(facts["joined"]["price"])
    try:
        async with DB.transaction():
            await Band.update({Band.popularity: 1000}, force=True)
            await Band.insert(Band(name="band 3"))
    except Exception as error:
        facts["error"] = type(error).__name__
    facts["popularity"] = await Band.select(Band.popularity).order_by(Band.id).output(as_list=True)
    async with DB.transaction():
        await Band.delete().where(Band.popularity > 3)
    async with await Band.select(Band.name).order_by(Band.id).batch(batch_size=2) as batches:
        facts["batches"] = [[row["name"] for row in batch] async for batch in batches]
    facts["many"] = len(await asyncio.gather(*(Band.count() for _ in range(20))))
    await DB.close_connection_pool()
    return facts


print(json.dumps(asyncio.run(main())))
