"""Names of implementations that other servers choose from, and what stands in for each here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fasterapi.checks import check_choice
from fasterapi.errors import ConfigError

if TYPE_CHECKING:
    from fasterapi.config import Config

__all__ = ["check_http", "check_interface", "check_websocket", "substitutions"]

HTTP = ("auto", "h11", "httptools", "zttp")
WEBSOCKET = ("auto", "none", "websockets", "websockets-sansio", "wsproto")
INTERFACES = ("auto", "asgi3", "asgi2", "wsgi")


def check_http(http: object) -> None:
    """A known implementation of HTTP/1."""
    _refuse_classes("http", http)
    check_choice("http", http, HTTP)


def check_websocket(ws: object) -> None:
    """A known implementation of WebSockets, or none."""
    _refuse_classes("ws", ws)
    check_choice("ws", ws, WEBSOCKET)


def check_interface(interface: object) -> None:
    """A known kind of application, and one that is served."""
    check_choice("interface", interface, INTERFACES)
    if interface == "wsgi":
        raise ConfigError(
            "interface: wsgi is not served; wrap the application, app = a2wsgi.WSGIMiddleware(app), and serve that"
        )


def substitutions(config: "Config") -> Iterator[str]:
    """What the options ask for by name and get in another form, a sentence each."""
    if config.http != "auto":
        yield f"http {config.http}: the engine's own HTTP/1 stands in for it."
    if config.ws not in ("auto", "none"):
        yield f"ws {config.ws}: the engine's own WebSockets stand in for it."
    if config.loop == "zuvloop":
        yield "loop zuvloop: the engine's own loop stands in for it."
    if config.h11_max_incomplete_event_size is not None:
        yield (
            f"h11_max_incomplete_event_size {config.h11_max_incomplete_event_size}: a request line, a field and all "
            "fields together may each have so many bytes."
        )


def _refuse_classes(name: str, value: object) -> None:
    if isinstance(value, type) or (isinstance(value, str) and ":" in value):
        raise ConfigError(f"{name}: a protocol class of your own is not served by the engine; leave it out")
