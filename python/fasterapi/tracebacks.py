"""Tracebacks for people: the user's own frames, what lies between them in one line."""

import os
import sysconfig
import textwrap
import traceback
from collections.abc import Iterable
from pathlib import PurePath
from typing import cast

__all__ = ["trimmed"]

_INSTALLED = ("site-packages", "dist-packages")
_STANDARD = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib")})
_OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def trimmed(error: BaseException) -> str:
    """`error` with its causes, as Python prints it, without the frames of libraries.

    `... 12 frames in starlette, anyio ...` stands for each run of those. An error that has no frame of the user's keeps
    its last one.
    """
    parts: list[str] = []
    for one, link in _chain(error):
        if parts:
            parts.append(f"\n{link}\n\n")
        parts += _frames(traceback.extract_tb(one.__traceback__))
        parts += traceback.TracebackException(type(one), one, None, compact=True).format_exception_only()
        if isinstance(one, BaseExceptionGroup):
            members = cast("BaseExceptionGroup[BaseException]", one).exceptions
            parts += [textwrap.indent(f"{trimmed(member)}\n", "  | ", lambda _: True) for member in members]
    return "".join(parts).rstrip()


def _chain(error: BaseException) -> list[tuple[BaseException, str]]:
    """The errors in the order in which they happened, each with the words that lead to it."""
    chain: list[tuple[BaseException, str]] = []
    seen: set[int] = set()
    link = ""
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        before = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        caused = current.__cause__ is not None
        link = "This caused:" if caused else "While that was handled:"
        chain.append((current, link))
        current = before
    return chain[::-1]


def _frames(frames: Iterable[traceback.FrameSummary]) -> list[str]:
    lines: list[str] = []
    folded: list[traceback.FrameSummary] = []
    everything = list(frames)
    shown = [frame for frame in everything if _library(frame.filename) is None] or everything[-1:]
    for frame in everything:
        if frame not in shown:
            folded.append(frame)
            continue
        lines += _folded(folded)
        folded = []
        lines += traceback.format_list([frame])
    return lines + _folded(folded)


def _folded(frames: list[traceback.FrameSummary]) -> list[str]:
    if not frames:
        return []
    names = list(dict.fromkeys(_library(frame.filename) or "" for frame in frames))
    count = f"{len(frames)} frame{'s' if len(frames) > 1 else ''}"
    return [f"  ... {count} in {', '.join(names)} ...\n"]


def _library(filename: str) -> str | None:
    """The package that a file belongs to; None for the user's own."""
    path = PurePath(filename)
    for folder in _INSTALLED:
        if folder in path.parts[:-1]:
            return PurePath(path.parts[path.parts.index(folder) + 1]).stem
    if filename.startswith(_OWN):
        return "fasterapi"
    if filename.startswith("<frozen "):
        return filename[len("<frozen ") : -1].partition(".")[0]
    for folder in _STANDARD:
        if filename.startswith(folder):
            return PurePath(filename[len(folder) :]).parts[0].removesuffix(".py")
    return None
