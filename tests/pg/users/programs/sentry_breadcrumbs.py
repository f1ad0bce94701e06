"""Sentry's integration, which replaces methods of the classes."""

import asyncio
import json
import sys

import asyncpg
import sentry_sdk
from sentry_sdk.integrations.asyncpg import AsyncPGIntegration
from sentry_sdk.transport import Transport

events: list[dict] = []


class Kept(Transport):
    def capture_envelope(self, envelope: object) -> None:
        events.extend(item.payload.json for item in envelope.items if item.payload.json)


async def main(dsn: str) -> dict[str, object]:
    sentry_sdk.init(
        "http://key@127.0.0.1:1/1",
        transport=Kept,
        traces_sample_rate=1.0,
        default_integrations=False,
        integrations=[AsyncPGIntegration(record_params=True)],
    )
    with sentry_sdk.start_transaction(name="program"):
        connection = await asyncpg.connect(dsn)
        await connection.execute("select 1")
        await connection.fetch("select $1::int", 7)
        await connection.executemany("select $1::int", [(1,), (2,)])
        statement = await connection.prepare("select 8")
        await statement.fetch()
        async with connection.transaction():
            cursor = await connection.cursor("select 5")
            await cursor.fetch(1)
            async for _ in connection.cursor("select 6"):
                pass
        await connection.close()
    sentry_sdk.flush()
    spans = [span for event in events for span in event.get("spans", ()) if "db.system" in span["data"]]
    return {
        "statements": sorted({span["description"] for span in spans}),
        "system": sorted({span["data"]["db.system"] for span in spans}),
        "database": sorted({span["data"]["db.name"] for span in spans}),
        "port": {span["data"]["server.port"] for span in spans} == {int(dsn.rpartition(":")[2].partition("/")[0])},
    }


print(json.dumps(asyncio.run(main(sys.argv[1]))))
