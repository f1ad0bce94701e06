"""A server beside other work in one running loop: `python embed.py`, then http://127.0.0.1:8000/."""

import asyncio
import contextlib
from typing import Any

import fasterapi

ticks = 0


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers how often the other task has run."""
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await receive()
    body = f"the other task has ticked {ticks} times\n".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def tick() -> None:
    """Any work of the program's own."""
    global ticks
    while True:
        ticks += 1
        await asyncio.sleep(0.1)


async def main() -> None:
    """Runs both until Ctrl-C."""
    other = asyncio.create_task(tick())
    try:
        await fasterapi.serve(app, port=8000)
    finally:
        other.cancel()


if __name__ == "__main__":
    # asyncio.run(main()) works as well; on FasterAPI's own loop the server needs no callbacks.
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=fasterapi.new_event_loop) as runner:
        runner.run(main())
