"""A PostgreSQL server of our own, in a temporary directory, for the time of a measurement."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from environments import Unavailable, last_error
from server import free_port, pinned, read

STARTS_WITHIN = 30.0
CONNECTIONS = 300
"""So many clients keep theirs open between their turns."""
SUPERUSER = "bench"
ACCESS = f"""
local all all trust
host all {SUPERUSER} 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Cluster:
    directory: Path
    """Where its Unix socket is."""
    port: int
    """On loopback."""


@contextmanager
def postgres(core: int, first: Sequence[str] = ()) -> Generator[Cluster, None, None]:
    """Runs a fresh cluster, in which the commands `first`, a line each, were run before it listens.

    Its superuser needs no password; over TCP, all others need theirs.
    """
    programs = binaries()
    owner = account()
    with tempfile.TemporaryDirectory(prefix="bench-pg-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        data, log = directory / "data", directory / "log"
        if owner is not None:
            os.chown(directory, owner.pw_uid, owner.pw_gid)
        initdb = [*becoming(owner), str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", SUPERUSER]
        initdb += ["-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(initdb, cwd=directory, capture_output=True, text=True)
        if done.returncode != 0:
            raise Unavailable(f"initdb failed: {last_error(done.stderr)}")
        (data / "pg_hba.conf").write_text(ACCESS)
        server = [*becoming(owner), str(programs / "postgres")]
        if first:
            alone = [*server, "--single", "-j", "-D", str(data), "-c", "exit_on_error=on", "postgres"]
            lines = "".join(f"{command};\n\n" for command in first)
            done = subprocess.run(alone, cwd=directory, input=lines, capture_output=True, text=True)
            if done.returncode != 0:
                raise Unavailable(f"PostgreSQL refuses a command: {last_error(done.stderr)}")
        port = free_port()
        command = [*server, "-D", str(data), "-k", str(directory), "-p", str(port), "-c", "fsync=off"]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"max_connections={CONNECTIONS}"]
        with log.open("wb") as output, pinned(command, core, stdout=output, stderr=subprocess.STDOUT) as process:
            deadline = time.monotonic() + STARTS_WITHIN
            while "ready to accept connections" not in read(log):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise Unavailable(f"PostgreSQL does not start: {last_error(read(log))}")
                time.sleep(0.05)
            yield Cluster(directory, port)


def binaries() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    with suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True)
        candidates.insert(0, Path(answer.stdout.strip()))
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise Unavailable("PostgreSQL's server programs (initdb, postgres) are not installed")


def account() -> pwd.struct_passwd | None:
    """Whom to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise Unavailable("PostgreSQL does not run as root, and there is no other user to become")


def becoming(owner: pwd.struct_passwd | None) -> list[str]:
    if owner is None:
        return []
    if not shutil.which("setpriv"):
        raise Unavailable("setpriv (util-linux) is needed to run PostgreSQL as another user than root")
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
