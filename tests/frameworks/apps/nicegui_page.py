"""A page of NiceGUI mounted in FastAPI: a button, an input and a value that the server changes."""

from __future__ import annotations

from fastapi import FastAPI
from nicegui import ui

app = FastAPI()


@app.get("/api")
async def api() -> dict[str, str]:
    return {"beside": "the page"}


@ui.page("/")
async def page() -> None:
    clicks: list[None] = []

    def click() -> None:
        clicks.append(None)
        count.set_text(f"clicked {len(clicks)} times")

    count = ui.label("not clicked").props("id=count")
    ui.button("Click me", on_click=click)
    greeting = ui.label("nobody").props("id=greeting")
    ui.input("Name", on_change=lambda event: greeting.set_text(f"hello {event.value}"))
    await ui.context.client.connected()
    ui.label("over its socket").props("id=connected")


ui.run_with(app, title="A page")
