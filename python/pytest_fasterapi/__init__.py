"""The fixture `fasterapi_server`. pytest loads this in every run, so the engine is imported at its first use only."""

from collections.abc import Generator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from typing import Unpack

    from fasterapi import Options
    from fasterapi.testing import LiveServer

__all__ = ["ServerFactory", "fasterapi_server"]


class ServerFactory(Protocol):
    """What the fixture `fasterapi_server` gives: call it with an application to have it served."""

    def __call__(self, app: Any, *, raise_server_exceptions: bool = True, **options: "Unpack[Options]") -> "LiveServer":
        """Starts a server that runs until the test ends."""
        ...


@pytest.fixture
def fasterapi_server() -> Generator[ServerFactory]:
    """Serves applications on free ports, each in a thread of its own, until the test ends.

    `server = fasterapi_server(app)`; in asynchronous tests also `server = await fasterapi_server(app)`.
    """
    with ExitStack() as stack:

        def start(app: Any, *, raise_server_exceptions: bool = True, **options: "Unpack[Options]") -> "LiveServer":
            from fasterapi import testing

            return stack.enter_context(testing.run(app, raise_server_exceptions=raise_server_exceptions, **options))

        yield start
