"""Files that change: which folders are watched, and which of their files count."""

import importlib
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any

from fasterapi.errors import ConfigError

__all__ = ["Watch", "load_watchfiles"]

_INCLUDED = ("*.py",)
_EXCLUDED = (".*", ".py[cod]", ".sw.*", "~*")
_STEP = 50
"""Milliseconds without a change that end a burst of changes."""


class Watch:
    """Folders to watch and the patterns of their files.

    A pattern of `includes` or `excludes` that names a folder adds that folder or leaves it out. A default pattern
    named on the other side does not count.
    """

    def __init__(
        self, directories: Sequence[str] = (), includes: Sequence[str] = (), excludes: Sequence[str] = ()
    ) -> None:
        self._includes = [pattern for pattern in _INCLUDED if pattern not in excludes]
        self._includes += [pattern for pattern in includes if pattern not in excludes]
        self._excludes = [pattern for pattern in _EXCLUDED if pattern not in includes]
        self._excludes += [pattern for pattern in excludes if not Path(pattern).is_dir()]
        self._left_out = _folders(excludes)
        for name in directories:
            if not Path(name).is_dir():
                raise ConfigError(f'reload_dirs: there is no folder "{name}"')
        named = {Path(name).resolve() for name in directories} | _folders(includes)
        wanted = {one for one in named if not self._is_left_out(one)} or {Path.cwd()}
        self.folders: list[Path] = sorted(one for one in wanted if not wanted.intersection(one.parents))
        """What is watched, with all that is below; none of them is below another."""

    def counts(self, path: Path) -> bool:
        """Whether a change of this file is one to act upon."""
        matching = [pattern for pattern in self._includes if path.match(pattern)]
        if not matching:
            return False
        if any(str(path).endswith(pattern) for pattern in matching):
            return True  # Named in full, it is wanted although it may be hidden.
        return not self._is_left_out(path) and not any(path.match(pattern) for pattern in self._excludes)

    def changes(self, stop: threading.Event) -> Generator[list[Path]]:
        """Bursts of changes until `stop` is set. The first, empty one says that from here on nothing is missed."""
        watch = load_watchfiles()
        bursts: Iterable[set[tuple[Any, str]]] = watch(
            *self.folders,
            watch_filter=None,
            step=_STEP,
            stop_event=stop,
            rust_timeout=4 * _STEP,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        )
        ready = False
        for burst in bursts:
            found = sorted({Path(name) for _, name in burst if self.counts(Path(name))})
            if found or not ready:
                if found and not ready:
                    yield []
                ready = True
                yield found

    def _is_left_out(self, path: Path) -> bool:
        return path in self._left_out or not self._left_out.isdisjoint(path.parents)


def load_watchfiles() -> Callable[..., Iterable[set[tuple[Any, str]]]]:
    """The function `watchfiles.watch`. Raises ConfigError where the package is missing."""
    try:
        watch: Callable[..., Iterable[set[tuple[Any, str]]]] = importlib.import_module("watchfiles").watch
    except ModuleNotFoundError:
        raise ConfigError('reload needs the package watchfiles: pip install "fasterapi[standard]"') from None
    return watch


def _folders(patterns: Sequence[str]) -> set[Path]:
    """The folders that patterns name, by path or as globs below the current folder."""
    found: set[Path] = set()
    for pattern in patterns:
        if pattern == ".*":
            continue  # Meant are files: as a glob it would be every hidden folder.
        if Path(pattern).is_dir():
            found.add(Path(pattern).resolve())
        elif not Path(pattern).is_absolute():
            found.update(match.resolve() for match in Path.cwd().glob(pattern) if match.is_dir())
    return found
