"""A page of NiceGUI in a browser, whose clicks and texts travel over its socket."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from frameworks.process import COMMANDS, serving
from frameworks.visit import compare
from wire import PATIENCE, Wire

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH: apt-get install chromium")
def test_click_and_typing_change_the_page_over_its_socket() -> None:
    compare(*(steps_at(server) for server in COMMANDS))


def steps_at(server: str) -> list[object]:
    """What a browser sees at one server, and how its process ends while the page is open."""
    with serving(server, "nicegui_page:app") as running, sync_api.sync_playwright() as playwright:
        host, port = running.address()
        with Wire((host, port)) as wire:
            steps: list[object] = [json.loads(wire.ask(target="/api").body)]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(1000 * PATIENCE)
        sockets: list[Any] = []
        page.on("websocket", lambda socket: sockets.append(socket))
        page.goto(f"http://{host}:{port}/")
        steps.append((page.title(), text_of(page, "#connected", "over its socket")))
        for number in (1, 2, 3):
            page.get_by_role("button", name="Click me").click()
            steps.append(text_of(page, "#count", f"clicked {number} times"))
        page.get_by_label("Name").fill("caf\u00e9")
        steps.append(text_of(page, "#greeting", "hello caf\u00e9"))
        steps.append([socket.url.replace(str(port), "port").partition("?")[0] for socket in sockets])
        assert steps[-1], "the page opened no WebSocket"
        steps.append(running.end())
        browser.close()
    return steps


def text_of(page: Any, selector: str, expected: str) -> str:
    """The text of an element, once it is the expected one; fails where it does not become that."""
    sync_api.expect(page.locator(selector)).to_have_text(expected, timeout=1000 * PATIENCE)
    return expected
