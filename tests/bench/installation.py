"""Where each peer is installed, and which versions it runs."""

import subprocess
from pathlib import Path

from environments import Environment, Unavailable, build, install, prepare
from interpreter import Interpreter
from peers import APPLICATIONS, NGINX, OURS, Peer


def installed(peer: Peer, interpreter: Interpreter, ours: Path | None) -> Environment:
    """An environment for a peer; `ours` is used as it is where given, else this tree is built into one."""
    if peer.name == NGINX:
        return Environment(Path("/usr"))
    if peer.name != OURS:
        return prepare(interpreter, peer.name, (*peer.requirements, *APPLICATIONS), peer.optional)
    if ours is not None:
        return Environment(ours.resolve())
    wheel = str(build(interpreter))
    environment = prepare(interpreter, peer.name, (*APPLICATIONS, "asyncpg", "uvloop"))
    # The version is the same from one build to the next: it is replaced whatever pip thinks, then completed.
    install(environment, "--force-reinstall", "--no-deps", wheel)
    install(environment, wheel)
    return environment


def versions(peer: Peer, environment: Environment) -> dict[str, str]:
    if peer.name == NGINX:
        return nginx_version()
    found = environment.versions()
    return {name: found[name] for name in peer.shown if name in found}


def nginx_version() -> dict[str, str]:
    try:
        answer = subprocess.run(["nginx", "-v"], check=True, capture_output=True, text=True).stderr
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("nginx is not installed (apt-get install nginx)") from error
    return {"nginx": answer.strip().rpartition("/")[2]}
