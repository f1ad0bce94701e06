"""What the clients' suites share: both servers, walked through with the same steps."""

from __future__ import annotations

import pytest

from clients.comparison import Compare
from served import Mode


@pytest.fixture(params=[Mode.NATIVE, Mode.STOCK], ids=lambda mode: mode.value)
def compare(request: pytest.FixtureRequest) -> Compare:
    """The package on its own loop and on asyncio's, each next to uvicorn."""
    return Compare(request.param)
