"""The command of either server in a process of its own, with an application of this folder."""

from __future__ import annotations

from pathlib import Path

from commands import Command

COMMANDS = {"fasterapi": ("-m", "fasterapi", "run"), "uvicorn": ("-m", "uvicorn")}


def serving(server: str, application: str, *options: str) -> Command:
    """A process that serves `module:name` of the applications on a free port."""
    folder = Path(__file__).parent / "apps"
    return Command(folder, *COMMANDS[server], application, "--port", "0", *options)
