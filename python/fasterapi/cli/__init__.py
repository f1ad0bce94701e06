"""The command `fasterapi`."""

from fasterapi.cli.command import commands, main

__all__ = ["commands", "main"]
