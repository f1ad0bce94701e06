"""The keywords of connection strings, from wherever they are said, with the values that they can have."""

from collections.abc import Mapping
from typing import Any

from fasterapi.pg import environment
from fasterapi.pg.dsn import Dsn
from fasterapi.pg.exceptions import ClientConfigurationError

__all__ = ["Keywords", "authentication_methods", "protocol_versions"]

# Those that are an argument of connect() under this name or another.
_ARGUMENTS = frozenset(
    {
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "passfile",
        "service",
        "servicefile",
        "sslmode",
        "target_session_attrs",
        "krbsrvname",
        "gsslib",
    }
)
_OTHERS = frozenset(
    {
        "hostaddr",
        "connect_timeout",
        "channel_binding",
        "require_auth",
        "load_balance_hosts",
        "min_protocol_version",
        "max_protocol_version",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "sslnegotiation",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcertmode",
        "sslrootcert",
        "sslcrl",
        "sslcrldir",
        "sslsni",
        "sslkeylogfile",
        "sslcompression",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "application_name",
        "fallback_application_name",
        "options",
        "client_encoding",
        "requirepeer",
        "gssencmode",
        "gssdelegation",
    }
)
# What the server is told with the first message has its own way.
_FOR_THE_SERVER = frozenset({"application_name", "options"})
_METHODS = frozenset({"password", "md5", "gss", "sspi", "scram-sha-256", "oauth", "none"})


class Keywords:
    """What is said: the call counts most, then the connection string, the service file, the environment."""

    def __init__(self, arguments: Mapping[str, Any], dsn: Dsn) -> None:
        unknown = sorted(set(arguments) - _OTHERS)
        if unknown:
            raise TypeError(f"connect() got an unexpected keyword argument '{unknown[0]}'")
        given = {keyword: _text(value) for keyword, value in arguments.items() if value is not None}
        self._authority = dsn.authority
        self._layers: list[Mapping[str, str]] = [given, dsn.authority, dsn.keywords]

    def add_service(self, parameters: Mapping[str, str]) -> None:
        """What the service file says."""
        self._layers.append(parameters)

    def authority(self, keyword: str) -> str | None:
        """What stands in the front of a URI."""
        return self._authority.get(keyword)

    def written(self, keyword: str) -> str | None:
        """What is said other than by the environment."""
        return next((value for layer in self._layers if (value := layer.get(keyword))), None)

    def get(self, keyword: str) -> str | None:
        """What is said by whoever counts most."""
        return self.written(keyword) or environment.default(keyword)

    def says(self, keyword: str) -> bool:
        """Whether anybody says anything."""
        return self.get(keyword) is not None

    def choice(self, keyword: str, *words: str) -> str | None:
        """One of a few words."""
        word = self.get(keyword)
        if word is not None and word not in words:
            raise ClientConfigurationError(f"`{keyword}` parameter must be one of: {', '.join(words)}; got {word!r}")
        return word

    def number(self, keyword: str) -> int | None:
        """A number above 0; 0 and less stand for the default."""
        text = self.get(keyword)
        if text is None:
            return None
        try:
            value = int(text)
        except ValueError:
            raise ClientConfigurationError(f"`{keyword}` parameter must be an integer; got {text!r}") from None
        return value if value > 0 else None

    def flag(self, keyword: str) -> bool | None:
        """1 or 0."""
        word = self.choice(keyword, "1", "0")
        return None if word is None else word == "1"

    def keepalives(self) -> tuple[bool, int | None, int | None, int | None] | None:
        """Whether TCP asks a silent server for a sign of life; after how long, how often and how many times."""
        wanted = self.flag("keepalives")
        details = [self.number(f"keepalives_{name}") for name in ("idle", "interval", "count")]
        if wanted is None and not any(details):
            return None
        idle, interval, count = details
        return wanted is not False, idle, interval, count

    def server_settings(self) -> dict[str, str]:
        """What the server is told: every keyword that is nothing to the client."""
        told: dict[str, str] = {}
        for layer in reversed(self._layers):
            told |= {name: value for name, value in layer.items() if name not in _ARGUMENTS | _OTHERS}
        for keyword in _FOR_THE_SERVER:
            if value := self.get(keyword):
                told[keyword] = value
        if "application_name" not in told and (name := self.written("fallback_application_name")):
            told["application_name"] = name
        return told

    def refuse_unsupported(self) -> None:
        """What would be an empty promise."""
        for keyword, harmless in (
            ("gssencmode", ("disable", "prefer")),
            ("gssdelegation", ("0",)),
            ("sslcompression", ("0",)),
            ("client_encoding", ("auto", "utf8", "UTF8", "utf-8", "UTF-8")),
            ("requirepeer", ()),
        ):
            value = self.get(keyword)
            if value is not None and value not in harmless:
                raise ClientConfigurationError(f"{keyword}={value} is not supported: leave {keyword} out")


def authentication_methods(said: Keywords) -> frozenset[str] | None:
    """The ways of authentication that will do; those with a "!" in front are the ones that will not."""
    text = said.get("require_auth")
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    refused = [word.startswith("!") for word in words]
    methods = frozenset(word.removeprefix("!") for word in words)
    if not methods <= _METHODS:
        raise ClientConfigurationError(
            f"`require_auth` parameter must name methods among: {', '.join(sorted(_METHODS))}; got {text!r}"
        )
    if any(refused) and not all(refused):
        raise ClientConfigurationError(f'`require_auth` cannot mix methods with and without "!"; got {text!r}')
    return _METHODS - methods if all(refused) else methods


def protocol_versions(said: Keywords) -> tuple[str | None, str | None]:
    """The lowest and the highest version of the protocol."""
    lowest = said.choice("min_protocol_version", "3.0", "3.2", "latest")
    highest = said.choice("max_protocol_version", "3.0", "3.2", "latest")
    least, most = ("3.2" if version == "latest" else version for version in (lowest, highest))
    if least == "3.2" and most == "3.0":
        raise ClientConfigurationError("min_protocol_version 3.2 is above max_protocol_version 3.0")
    # As with libpq, the newer one is for those who ask for it: poolers may not know it.
    return least, most or least


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
