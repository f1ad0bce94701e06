"""Chromium without a window: a page of the application's own talks to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from clients.comparison import Compare, Open, Step
from clients.conversation import BLOBS, CLOSES, CONVERSATION, TEXTS
from clients.room import COUNTED
from served import Mode
from wire import PATIENCE

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is installed where the frameworks are (pip install --group frameworks)"
)

BYTES = [blob.decode("latin-1") for blob in BLOBS]
"""The blobs as the script takes and gives them: a character for each byte."""

SCRIPT = """
window.talk = (target, protocols) => new Promise((opened, failed) => {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + target, protocols ?? []);
  socket.binaryType = 'arraybuffer';
  const heard = [], waiting = [];
  socket.onmessage = event => waiting.length ? waiting.shift()(event.data) : heard.push(event.data);
  const closed = new Promise(done => {
    socket.onclose = event => done([event.code, event.reason, event.wasClean]);
  });
  const next = () => heard.length ? heard.shift() : new Promise(done => waiting.push(done));
  const back = message => { socket.send(message); return next(); };
  socket.onopen = () => opened({socket, next, back, closed});
  socket.onerror = () => failed(closed);
});
"""

CONVERSE = """async ([texts, blobs, counted]) => {
  const {socket, next, back, closed} = await talk('/echo', ['chat.v1', 'chat.v2']);
  const answers = {protocol: socket.protocol, extensions: socket.extensions.split(';')[0], texts: [], blobs: []};
  for (const each of texts) answers.texts.push(await back(each));
  for (const each of blobs) {
    const heard = new Uint8Array(await back(Uint8Array.from(each, byte => byte.charCodeAt()).buffer));
    answers.blobs.push(Array.from(heard, byte => String.fromCharCode(byte)).join(''));
  }
  const text = '0123456789abcdef'.repeat(1 << 19);
  answers['text of 8 MiB'] = await back(text) === text;
  const blob = new Uint8Array(8 << 20).map((_, index) => index & 255);
  const heard = new Uint8Array(await back(blob.buffer));
  answers['blob of 8 MiB'] = heard.length === blob.length && heard.every((each, index) => each === blob[index]);
  for (const each of counted) socket.send(each);
  answers['a thousand in order'] = true;
  for (const each of counted) answers['a thousand in order'] &&= await next() === each;
  socket.close(4000, 'done');
  const [code, , clean] = await closed;
  return {...answers, close: [code, clean]};
}"""

CLOSED_BY_SERVER = """async target => {
  const {next, closed} = await talk(target);
  return [await next(), await closed];
}"""

CLOSED_BY_CLIENT = """async ([code, reason]) => {
  const {socket, closed} = await talk('/echo');
  socket.close(code, reason);
  return await closed;
}"""

COUNT = """async count => {
  const {next, closed} = await talk('/count');
  const answers = [];
  while (answers.length < count) answers.push(await next());
  return [answers, await closed];
}"""

REFUSED = "target => talk(target).then(() => 'open', closed => closed)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the module, started once."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("there is no chromium on PATH: apt-get install chromium")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def compare() -> Compare:
    """One kind of loop is enough for a browser, which is slow."""
    return Compare(Mode.NATIVE)


class Tab:
    """A page of one server, with the script that talks to it."""

    def __init__(self, browser: Any, server: Open) -> None:
        self._page = browser.new_page()
        self._page.set_default_timeout(PATIENCE * 1000)
        self._page.add_init_script(SCRIPT)
        response = self._page.goto(f"{server.http}/page")
        self.opened = (response.status, self._page.title())

    def run(self, script: str, argument: Any = None) -> Any:
        return self._page.evaluate(script, argument)

    def close(self) -> None:
        self._page.close()


@pytest.mark.parametrize("enabled", [True, False], ids=["enabled", "disabled"])
def test_conversation(compare: Compare, browser: Any, enabled: bool) -> None:
    def walk(server: Open) -> Iterator[Step]:
        tab = Tab(browser, server)
        yield "page", tab.opened
        yield from tab.run(CONVERSE, [TEXTS, BYTES, COUNTED]).items()
        yield "the application is told", server.notes.get()
        tab.close()

    assert compare(walk, ws_per_message_deflate=enabled) == {
        "page": (200, "Room"),
        "protocol": "chat.v2",
        "extensions": "permessage-deflate" if enabled else "",
        **CONVERSATION,
        "blobs": BYTES,
        "close": [4000, True],
        "the application is told": (4000, "done"),
    }


def test_codes_and_reasons_go_both_ways(compare: Compare, browser: Any) -> None:
    own = [(code, reason) for code, reason in CLOSES if code == 1000 or code >= 3000]

    def walk(server: Open) -> Iterator[Step]:
        tab = Tab(browser, server)
        for code, reason in CLOSES:
            yield (
                f"from the server, {code}",
                tab.run(CLOSED_BY_SERVER, f"/close?{urlencode({'code': code, 'reason': reason})}"),
            )
            yield f"from the server, {code}, the application is told", server.notes.get()
        for code, reason in own:  # a page may close with no other codes
            yield f"from the client, {code}", tab.run(CLOSED_BY_CLIENT, [code, reason])
            yield f"from the client, {code}, the application is told", server.notes.get()
        tab.close()

    answers = compare(walk)
    for code, reason in CLOSES:
        assert answers[f"from the server, {code}"] == ["last words", [code, reason, True]]
        assert answers[f"from the server, {code}, the application is told"] == (code, reason)
    for code, reason in own:
        assert answers[f"from the client, {code}"] == [code, reason, True]
        assert answers[f"from the client, {code}, the application is told"] == (code, reason)


def test_thousand_messages_and_the_close_behind_them_all_come(compare: Compare, browser: Any) -> None:
    def walk(server: Open) -> Iterator[Step]:
        tab = Tab(browser, server)
        yield "messages and close", tab.run(COUNT, len(COUNTED))
        tab.close()

    assert compare(walk) == {"messages and close": [COUNTED, [1000, "", True]]}


def test_refused_handshake_is_an_unclean_end(compare: Compare, browser: Any) -> None:
    def walk(server: Open) -> Iterator[Step]:
        tab = Tab(browser, server)
        for path in ("/refuse", "/deny"):
            yield path, tab.run(REFUSED, path)
        tab.close()

    assert compare(walk) == {"/refuse": [1006, "", False], "/deny": [1006, "", False]}


def test_page_that_is_left_closes_its_socket(compare: Compare, browser: Any) -> None:
    def walk(server: Open) -> Iterator[Step]:
        tab = Tab(browser, server)
        yield "open", tab.run("async () => (await talk('/echo')).back('hello')")
        tab.close()
        yield "the application is told", server.notes.get()

    assert compare(walk) == {"open": "hello", "the application is told": (1001, "")}
