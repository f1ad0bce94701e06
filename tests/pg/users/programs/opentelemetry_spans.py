"""OpenTelemetry's instrumentation, which replaces methods of the classes."""

import asyncio
import contextlib
import json
import sys

import asyncpg
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
AsyncPGInstrumentor(capture_parameters=True).instrument(tracer_provider=provider)


async def main(dsn: str) -> dict[str, object]:
    connection = await asyncpg.connect(dsn)
    await connection.execute("select 1")
    await connection.fetch("select $1::int", 7)
    await connection.fetchval("select 3")
    await connection.fetchrow("select 4")
    await connection.executemany("select $1::int", [(1,), (2,)])
    with contextlib.suppress(asyncpg.DivisionByZeroError):
        await connection.fetch("select 1/0")
    async with connection.transaction():
        cursor = await connection.cursor("select 5")
        await cursor.fetch(1)
        async for _ in connection.cursor("select 6"):
            pass
    await connection.close()
    AsyncPGInstrumentor().uninstrument()
    spans = exporter.get_finished_spans()
    statements = [span.attributes.get("db.statement") for span in spans]
    failed = [span.attributes.get("db.statement") for span in spans if not span.status.is_ok and span.events]
    return {
        "statements": sorted({statement for statement in statements if statement}),
        "failed": failed,
        "database": spans[0].attributes["db.name"],
        "user": spans[0].attributes["db.user"],
        "parameters": [span.attributes.get("db.statement.parameters") for span in spans][1],
    }


print(json.dumps(asyncio.run(main(sys.argv[1]))))
