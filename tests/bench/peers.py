"""The servers that take turns: how each is installed and started.

All run one worker with their fastest documented settings, with the Date and Server headers that each sends by default
(one of them has no switch to leave these out), and without an access log unless the row asks for one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

APPLICATIONS = ("starlette", "fastapi")
OURS = "fasterapi"
NGINX = "nginx"


@dataclass(frozen=True)
class WebSocket:
    """What a server is told about its WebSockets; the rest is as by default."""

    deflate: bool = False
    max_size: int | None = None
    """The longest message it takes, in bytes."""


@dataclass(frozen=True)
class Launch:
    """What a server is asked to do."""

    bin: Path
    app: str
    port: int
    scratch: Path
    access_log: bool = False
    keep_alive: int | None = None
    websocket: WebSocket | None = None


@dataclass(frozen=True)
class Peer:
    name: str
    command: Callable[[Launch], list[str]]
    requirements: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    """Distributions whose versions are named in the head."""
    websocket: bool = True
    deflates: bool = True
    """Agrees to permessage-deflate."""
    longest_message: int | None = None
    """The most that it takes in one frame, where no option raises it."""

    @property
    def python(self) -> bool:
        return self.name != NGINX


def fasterapi(launch: Launch) -> list[str]:
    command = [f"{launch.bin}/fasterapi", "run", f"{launch.app}:app", "--host", "127.0.0.1", "--port", f"{launch.port}"]
    command += ["--access-log"] if launch.access_log else ["--no-access-log"]
    if launch.keep_alive is not None:
        command += ["--timeout-keep-alive", str(launch.keep_alive)]
    return command + websocket_flags(launch)


def websocket_flags(launch: Launch) -> list[str]:
    """The flags for WebSockets that two servers spell alike."""
    if launch.websocket is None:
        return []
    flags = ["--ws-per-message-deflate", str(launch.websocket.deflate).lower()]
    if launch.websocket.max_size is not None:
        flags += ["--ws-max-size", str(launch.websocket.max_size)]
    return flags


def uvicorn(http: str) -> Callable[[Launch], list[str]]:
    def command(launch: Launch) -> list[str]:
        loop = "zuvloop" if http == "zttp" and list(launch.bin.parent.glob("lib/*/site-packages/zuvloop")) else "uvloop"
        words = [f"{launch.bin}/uvicorn", f"{launch.app}:app", "--host", "127.0.0.1", "--port", f"{launch.port}"]
        words += ["--http", http, "--loop", loop]
        words += ["--access-log"] if launch.access_log else ["--no-access-log", "--log-level", "warning"]
        if launch.keep_alive is not None:
            words += ["--timeout-keep-alive", str(launch.keep_alive)]
        if launch.websocket is not None:
            # Measured: the fastest of its implementations, at every size.
            words += ["--ws", "websockets-sansio"]
        return words + websocket_flags(launch)

    return command


def granian(launch: Launch) -> list[str]:
    command = [f"{launch.bin}/granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", f"{launch.port}"]
    command += ["--workers", "1", "--loop", "uvloop", "--no-ws" if launch.websocket is None else "--ws"]
    command += ["--access-log"] if launch.access_log else ["--no-access-log"]
    return [*command, f"{launch.app}:app"]


def hypercorn(launch: Launch) -> list[str]:
    command = [f"{launch.bin}/hypercorn", "--bind", f"127.0.0.1:{launch.port}", "--worker-class", "uvloop"]
    command += ["--workers", "1"]
    if launch.access_log:
        command += ["--access-logfile", "-"]
    if launch.keep_alive is not None:
        command += ["--keep-alive", str(launch.keep_alive)]
    if launch.websocket is not None and launch.websocket.max_size is not None:
        settings = launch.scratch / f"hypercorn-{launch.port}.toml"
        settings.write_text(f"websocket_max_message_size = {launch.websocket.max_size}\n")
        command += ["--config", str(settings)]
    return [*command, f"{launch.app}:app"]


def nginx(launch: Launch) -> list[str]:
    root = launch.scratch / f"nginx-{launch.port}"
    root.mkdir(exist_ok=True)
    log = f"{root}/access.log" if launch.access_log else "off"
    (root / "nginx.conf").write_text(
        f"""
daemon off;
master_process off;
worker_processes 1;
pid {root}/pid;
error_log stderr;
events {{ worker_connections 16384; }}
http {{
    access_log {log};
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout {launch.keep_alive or 60}s;
    etag off;
    max_ranges 0;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    server {{
        listen 127.0.0.1:{launch.port} backlog=2048;
        location = /hello {{ default_type text/plain; return 200 "Hello, World!"; }}
        location = /download {{
            default_type application/octet-stream;
            add_header Last-Modified "";
            alias {launch.scratch}/download;
        }}
    }}
}}
"""
    )
    return ["nginx", "-e", "stderr", "-p", str(root), "-c", str(root / "nginx.conf")]


PEERS = (
    Peer(OURS, fasterapi, shown=("fasterapi", "starlette", "fastapi", "pydantic")),
    Peer(
        "uvicorn",
        uvicorn("httptools"),
        ("uvicorn", "httptools", "uvloop", "websockets"),
        (),
        ("uvicorn", "httptools", "uvloop", "websockets"),
    ),
    Peer(
        "uvicorn-zttp",
        uvicorn("zttp"),
        ("uvicorn", "zttp", "uvloop"),
        ("zuvloop",),  # published for some interpreters only
        ("uvicorn", "zttp", "uvloop", "zuvloop"),
        websocket=False,  # what follows the handshake is the same as uvicorn's
    ),
    Peer("granian", granian, ("granian[uvloop]",), (), ("granian", "uvloop"), deflates=False, longest_message=16 << 20),
    Peer("hypercorn", hypercorn, ("hypercorn[uvloop]",), (), ("hypercorn", "h11", "wsproto", "uvloop")),
    Peer(NGINX, nginx, websocket=False),
)
