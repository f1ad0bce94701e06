"""Flags of uvicorn's that cannot be honoured: known by name, and refused with a line that says what to do."""

from collections.abc import Callable, Iterator
from typing import Any

import click

__all__ = ["REFUSED", "refusals"]

_TLS = "TLS is not served yet; end it in a proxy in front, whose X-Forwarded headers are believed (see --proxy-headers)"

REFUSED = {
    "--http2": "HTTP/2 is not served yet; let a proxy in front speak it",
    "--ssl-keyfile": _TLS,
    "--ssl-certfile": _TLS,
    "--ssl-keyfile-password": _TLS,
    "--ssl-version": _TLS,
    "--ssl-cert-reqs": _TLS,
    "--ssl-ca-certs": _TLS,
    "--ssl-ciphers": _TLS,
}
"""Each flag with the reason."""

_SWITCHES = ("--http2",)


def refusals() -> Iterator[Callable[[Callable[..., Any]], Callable[..., Any]]]:
    """The flags as options that stop the command."""
    for flag in REFUSED:
        name = flag.removeprefix("--").upper().replace("-", "_")
        yield click.option(
            flag,
            is_flag=flag in _SWITCHES,
            default=None,
            hidden=True,
            expose_value=False,
            is_eager=True,
            callback=_refuse,
            envvar=(f"FASTERAPI_{name}", f"UVICORN_{name}"),
        )


def _refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value in (None, False) or ctx.resilient_parsing:
        return
    raise click.UsageError(f"{param.opts[0]}: {REFUSED[param.opts[0]]}", ctx)
