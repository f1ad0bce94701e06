"""A process that serves on sockets which its parent holds, and what runs in it."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from socket import socket

from fasterapi import logs
from fasterapi.config import Config
from fasterapi.errors import ApplicationError, ConfigError, StartupError
from fasterapi.importer import import_from_string
from fasterapi.lifespan import LifespanError
from fasterapi.listening import Listeners
from fasterapi.server import STARTUP_FAILURE, Server
from fasterapi.signals import end_by
from fasterapi.tracebacks import trimmed

__all__ = ["ServingProcess", "ServingServer", "child", "serve"]

_FORCE_GRACE = 2.0
"""Seconds that a forced process gets before it is killed."""


class ServingProcess:
    """A process that runs `entry(config, sockets)`, where `entry` is "module:function"."""

    def __init__(
        self,
        entry: str,
        config: Config,
        sockets: Sequence[socket],
        on_end: "Callable[[ServingProcess], None]",
    ) -> None:
        descriptors = [one.fileno() for one in sockets]
        try:
            message = pickle.dumps((entry, config, descriptors))
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"reload hands every option to a new process, which one of them refuses: {error}"
            ) from None
        reader, writer = os.pipe()
        try:
            self._process = subprocess.Popen(_command(reader), pass_fds=(reader, *descriptors))
        except BaseException:
            os.close(writer)
            raise
        finally:
            os.close(reader)
        # Kept open after the message: its end tells the process that its parent is gone.
        self._lifeline = writer
        self._on_end = on_end
        self._ended = threading.Event()
        threading.Thread(target=self._wait, name="fasterapi process", daemon=True).start()
        with suppress(BrokenPipeError), os.fdopen(writer, "wb", closefd=False) as pipe:
            pipe.write(message)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; a signal's number is negative. None while the process runs."""
        return self._process.returncode

    def stop(self, deadline: float) -> None:
        """Ends the process in order; after `deadline` seconds by force, then by SIGKILL. Waits for its end."""
        steps = ((signal.SIGTERM, deadline), (signal.SIGINT, _FORCE_GRACE), (signal.SIGKILL, None))
        for number, patience in steps:
            self._process.send_signal(number)
            if self._ended.wait(patience):
                return

    def force(self) -> None:
        """Ends a process that has been told to stop at once, as a second Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def _wait(self) -> None:
        self._process.wait()
        os.close(self._lifeline)
        self._ended.set()
        self._on_end(self)


class ServingServer(Server):
    """A server whose address its parent has told, and whose errors show the user's code only."""

    def _log_addresses(self, listeners: Listeners) -> None:
        pass

    def _report(self, error: StartupError) -> None:
        if not isinstance(error, LifespanError):
            self._error_logger().error("%s", explained(error))


def serve(config: Config, sockets: Sequence[socket]) -> None:
    """What the process runs for `--reload`."""
    ServingServer(config).run(sockets)


def explained(error: ConfigError | StartupError) -> str:
    """An error as one block: what failed, where in the user's code, and how."""
    cause = error.__cause__ if isinstance(error, ApplicationError) else None
    if cause is None:
        return str(error)
    what = str(error).removesuffix(f": {type(cause).__name__}").partition(f": {type(cause).__name__}: ")[0]
    return f"{what}\n{trimmed(cause)}"


def child(descriptor: int) -> None:
    """The first function of the process: reads what to run from its parent's pipe, and runs it."""
    with os.fdopen(descriptor, "rb", closefd=False) as pipe:
        entry, config, descriptors = pickle.load(pipe)
    threading.Thread(target=_end_with_parent, args=(descriptor,), name="fasterapi parent", daemon=True).start()
    sockets = [socket(fileno=one) for one in descriptors]
    for one in sockets:
        one.set_inheritable(False)
    try:
        import_from_string(entry, "entry")(config, sockets)
    except KeyboardInterrupt:
        end_by(signal.SIGINT)
    except (ConfigError, ApplicationError) as error:
        logs.error_logger(config.log_config, logs.level_number(config.log_level), config.use_colors).error(
            "%s", explained(error)
        )
        sys.exit(STARTUP_FAILURE)


def _end_with_parent(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _command(descriptor: int) -> list[str]:
    """This interpreter with its flags and its import path."""
    # Not public, but it is how multiprocessing starts its processes, since Python 3.4.
    flags: list[str] = vars(subprocess)["_args_from_interpreter_flags"]()
    code = f"import sys; sys.path[:] = {sys.path!r}; from fasterapi.serving import child; child({descriptor})"
    return [sys.executable, *flags, "-c", code]
