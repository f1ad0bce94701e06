"""One PostgreSQL in a temporary directory, on a free port and a Unix socket."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from pg.server.account import Account, run
from pg.server.authority import CERTIFIED, Authority
from pg.server.installation import Installation

HOST = "127.0.0.1"
OWNER = "postgres"
PASSWORD = "pass word"  # a space, so that a DSN has something to escape
SCRAM_USER = "scram_user"
MD5_USER = "md5_user"
CLEARTEXT_USER = "cleartext_user"

LIMIT = 60
"""Seconds for a start or a stop."""

_READY = re.compile(r"^ready\s*$", re.MULTILINE)
_SETTINGS = f"""
listen_addresses = '{HOST}'
fsync = off
synchronous_commit = off
full_page_writes = off
jit = off
max_connections = 60
max_prepared_transactions = 10
log_min_messages = warning
wal_level = minimal
max_wal_senders = 0
"""
_WITH_TLS = """
ssl = on
ssl_ca_file = '{authority.root}'
ssl_cert_file = '{authority.server}'
ssl_key_file = '{authority.server_key}'
"""
_ADMISSION = f"""
local all all trust
hostssl all {CERTIFIED} {HOST}/32 cert
host all {CERTIFIED} {HOST}/32 reject
host all {SCRAM_USER} {HOST}/32 scram-sha-256
host all {MD5_USER} {HOST}/32 md5
host all {CLEARTEXT_USER} {HOST}/32 password
host all all {HOST}/32 trust
"""
_ROLES = f"""
set password_encryption = 'scram-sha-256';
create role {SCRAM_USER} login password '{PASSWORD}';
create role {CLEARTEXT_USER} login password '{PASSWORD}';
create role {CERTIFIED} login;
set client_min_messages = error;
set password_encryption = 'md5';
create role {MD5_USER} login password '{PASSWORD}';
"""


class Server:
    """A server that starts with `with` and is gone at its end."""

    def __init__(self, installation: Installation, account: Account, *, tls: bool = True) -> None:
        self.installation = installation
        self._with_tls = tls and installation.complete
        self.port = 0
        self.authority: Authority | None = None
        self._account = account
        self._folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> int:
        return self.installation.version

    @property
    def folder(self) -> Path:
        """Holds the data, the sockets and the certificates."""
        return self._folder

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket."""
        return self._folder / "s"

    @property
    def tls(self) -> bool:
        return self.authority is not None

    def dsn(self, user: str = OWNER, database: str = "postgres") -> str:
        """The address over TCP; trusted unless the user is one of those with a password."""
        return f"postgresql://{user}@{HOST}:{self.port}/{database}?sslmode=disable"

    def local(self, user: str = OWNER, database: str = "postgres") -> str:
        """The address over the Unix socket."""
        return f"postgresql://{user}@/{database}?host={self.sockets}&port={self.port}"

    def start(self) -> Self:
        """Makes the data folder where there is none yet, starts and waits until it answers."""
        fresh = not self._folder.name
        if fresh:
            self._make()
        data = self._folder / "data"
        command = self._account.bound(self.installation.program("postgres"), "-D", data)
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,  # Ctrl-C is for us, who stop it when nobody uses it any more
            )
        self._wait(data / "postmaster.pid")
        if fresh:
            self.psql(_ROLES)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops the server and leaves its data: SIGINT ends the sessions, SIGQUIT all at once."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(LIMIT)
            self._process = None

    def restart(self) -> None:
        """Stops at once, as a crash does, and starts again."""
        self.stop(signal.SIGQUIT)
        self.start()

    def remove(self) -> None:
        """Stops the server and removes all of it."""
        try:
            self.stop(signal.SIGQUIT)
        finally:
            if self._folder.name:
                shutil.rmtree(self._folder, ignore_errors=True)

    def psql(self, script: str, database: str = "postgres") -> str:
        """Runs SQL through the server's own client."""
        address = ["-h", str(self.sockets), "-p", str(self.port), "-U", OWNER, "-d", database]
        program = self.installation.program("psql")
        return run([str(program), "-XAtq", "-v", "ON_ERROR_STOP=1", *address, "-c", script], self._folder)

    def log(self) -> str:
        """What the server wrote."""
        return (self._folder / "log").read_text(errors="replace")

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.remove()

    def _wait(self, file: Path) -> None:
        assert self._process is not None
        until = time.monotonic() + LIMIT
        while not (
            file.exists() and (told := file.read_text()).startswith(f"{self._process.pid}\n") and _READY.search(told)
        ):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL {self.version} did not start:\n{self.log()}")
            time.sleep(0.01)

    def _make(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._folder.chmod(0o755)
        data = self._folder / "data"
        for folder, mode in ((data, 0o700), (self.sockets, 0o755)):
            folder.mkdir(mode=mode)
            self._account.owns(folder)
        initdb: list[str | Path] = [
            self.installation.program("initdb"),
            "-D",
            data,
            "-U",
            OWNER,
            "-A",
            "trust",
            "--no-sync",
        ]
        run(self._account.command(*initdb, "-E", "UTF8", "--locale=C"), self._folder)
        self.port = _free_port()
        settings = f"{_SETTINGS}port = {self.port}\nunix_socket_directories = '{self.sockets}'\n"
        if self._with_tls:
            self.authority = Authority.make(self._folder)
            self._account.owns(self.authority.server_key)
            settings += _WITH_TLS.format(authority=self.authority)
        with (data / "postgresql.conf").open("a") as file:
            file.write(settings)
        admitted = [line for line in _ADMISSION.splitlines() if self.tls or not line.startswith("hostssl")]
        (data / "pg_hba.conf").write_text("\n".join([*admitted, ""]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
