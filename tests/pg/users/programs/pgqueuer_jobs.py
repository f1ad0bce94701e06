"""pgqueuer: jobs in a queue, and the notifications that tell of them."""

import asyncio
import json
import sys
from datetime import timedelta

import asyncpg
from pgqueuer import AsyncpgDriver, AsyncpgPoolDriver, PgQueuer, Queries


async def main(dsn: str) -> dict[str, object]:
    connection = await asyncpg.connect(dsn)
    driver = AsyncpgDriver(connection)
    queries = Queries(driver)
    await queries.install()
    worker = PgQueuer(driver)
    done: list[str] = []

    @worker.entrypoint("work")
    async def work(job: object) -> None:
        done.append(job.payload.decode())
        if len(done) == 30:
            worker.shutdown.set()

    running = asyncio.create_task(worker.run(dequeue_timeout=timedelta(seconds=5)))
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        producer = Queries(AsyncpgPoolDriver(pool))
        await producer.enqueue(["work"] * 10, [f"{n}".encode() for n in range(10)], [0] * 10)
        for number in range(10, 30):
            await producer.enqueue("work", f"{number}".encode())
        await asyncio.wait_for(running, 40)
        left = await pool.fetchval("select count(*) from pgqueuer")
    await connection.close()
    return {"done": sorted(map(int, done)), "left": left}


print(json.dumps(asyncio.run(main(sys.argv[1]))))
