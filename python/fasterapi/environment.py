"""The environment: the file that fills it, and what it says about the server."""

import importlib
import os
from collections.abc import Iterable
from logging import Logger
from os import PathLike

from fasterapi.checks import checked_trust
from fasterapi.errors import ConfigError

__all__ = ["load_env_file", "one_worker", "trusted_peers"]

_THIS_MACHINE = "127.0.0.1,::1"


def load_env_file(path: str | PathLike[str], logger: Logger) -> None:
    """Adds the lines of the file to the environment; what stands there already stays."""
    try:
        dotenv = importlib.import_module("dotenv")
    except ModuleNotFoundError:
        raise ConfigError('env_file needs the package python-dotenv: pip install "fasterapi[standard]"') from None
    logger.info("Loading environment from '%s'", os.fspath(path))
    dotenv.load_dotenv(dotenv_path=path)


def trusted_peers(peers: str | Iterable[str] | None) -> tuple[str, ...]:
    """Whose X-Forwarded headers are believed."""
    return checked_trust(os.environ.get("FORWARDED_ALLOW_IPS", _THIS_MACHINE) if peers is None else peers) or ()


def one_worker(workers: int | None) -> None:
    """Refuses what $WEB_CONCURRENCY asks for, unless the option says otherwise."""
    wanted = os.environ.get("WEB_CONCURRENCY")
    if workers is not None or not wanted:
        return
    if not wanted.isdecimal():
        raise ConfigError(f'WEB_CONCURRENCY must be a number of processes, not "{wanted}"')
    if int(wanted) > 1:
        raise ConfigError(
            f"WEB_CONCURRENCY={wanted} asks for several processes, which are not served yet; add --workers 1 and start "
            "one process for each core behind a proxy"
        )
