"""Chromium without a window: a page of the application's own talks to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from clients.comparison import Compare, Open, Step
from clients.conversation import CLOSES, CONVERSATION, LONG_BLOB, LONG_TEXT, TEXTS
from clients.room import COUNTED

from wire import PATIENCE

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is installed for the newest interpreter only"
)

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

CONVERSE = """async ([texts, blobs, text, blob, counted]) => {
  const bytes = numbers => new Uint8Array(numbers).buffer;
  const numbers = buffer => Array.from(new Uint8Array(buffer));
  const {socket, next, back, closed} = await talk('/echo', ['chat.v1', 'chat.v2']);
  const answers = {protocol: socket.protocol, extensions: socket.extensions.split(';')[0]};
  answers.texts = [];
  for (const each of texts) answers.texts.push(await back(each));
  answers.blobs = [];
  for (const each of blobs) answers.blobs.push(numbers(await back(bytes(each))));
  const long = text.repeat((8 << 20) / text.length);
  answers.text = await back(long) === long;
  const large = new Uint8Array(8 << 20).map((_, index) => index & 255);
  answers.blob = new Uint8Array(await back(large.buffer)).every((each, index) => each === large[index]);
  for (const each of counted) socket.send(each);
  answers.counted = [];
  for (const _ of counted) answers.counted.push(await next());
  socket.close(4000, 'done');
  const [code, , clean] = await closed;
  return {...answers, code, clean};
}"""
