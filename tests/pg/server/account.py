"""As whom a server runs: PostgreSQL refuses to be root, so root hands its programs to an account made for it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The account of a server; `name` is empty where it is our own."""

    name: str = ""

    @staticmethod
    def choose() -> Account:
        """Our own account, or for root the first that PostgreSQL accepts."""
        if os.geteuid():
            return Account()
        for name in _ACCOUNTS:
            try:
                pwd.getpwnam(name)
            except KeyError:
                continue
            return Account(name)
        raise RuntimeError(f"PostgreSQL does not run as root: make an account named {_ACCOUNTS[0]}.")

    def command(self, *words: str | Path) -> list[str]:
        """The command line that runs `words` as this account; the process id stays that of the program."""
        plain = [str(word) for word in words]
        if not self.name:
            return plain
        entry = pwd.getpwnam(self.name)
        group = grp.getgrgid(entry.pw_gid).gr_name
        return ["setpriv", f"--reuid={self.name}", f"--regid={group}", "--init-groups", *plain]

    def bound(self, *words: str | Path) -> list[str]:
        """As `command`, for a program that stops when we end without stopping it."""
        setpriv = shutil.which("setpriv")
        command = self.command(*words)
        if setpriv is None:
            return command
        return [setpriv, "--pdeathsig=INT", *(command[1:] if self.name else command)]

    def owns(self, path: Path) -> None:
        """Gives a file, or a folder with what is in it, to the account."""
        if not self.name:
            return
        entry = pwd.getpwnam(self.name)
        for each in [path, *(path.rglob("*") if path.is_dir() else ())]:
            os.chown(each, entry.pw_uid, entry.pw_gid)

    def wrap(self, programs: Path, folder: Path) -> Path:
        """A folder of scripts that run `programs` as this account, after giving it the data folder named by `-D`: it
        stands in for the real folder where another suite starts the servers."""
        folder.mkdir(parents=True, exist_ok=True)
        for program in programs.iterdir():
            script = folder / program.name
            script.write_text(self._script(program))
            script.chmod(0o755)
        return folder

    def _script(self, program: Path) -> str:
        run = " ".join(self.bound(program) if program.name == "postgres" else self.command(program))
        begin = _SCRIPT.format(name=self.name, run=run) if self.name else f'#!/bin/sh\nset -- {run} "$@"\n'
        return begin + (_STOP if program.name == "pg_ctl" else _RUN)


_SCRIPT = """#!/bin/sh
previous=
for word; do
    test "$previous" = -D && test -d "$word" && chown -R {name} "$word" && cd "$word"
    previous=$word
done
set -- {run} "$@"
"""
_RUN = 'exec "$@"\n'
# A server ends with the thread that started it: where that is over before it is stopped, it may be gone by then.
_STOP = """"$@"
status=$?
case " $* " in *" stop "*) test -e postmaster.pid || exit 0 ;; esac
exit $status
"""


def run(command: list[str], folder: Path, **environment: str) -> str:
    """Runs a program that must succeed; its output is the error's text where it does not."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout
