"""TLS by the names that PostgreSQL's clients have for it: modes, files and versions."""

import os
import ssl
from enum import IntEnum, StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from fasterapi import _engine
from fasterapi.pg import environment
from fasterapi.pg.exceptions import ClientConfigurationError

__all__ = ["SSLMode", "SSLNegotiation", "TlsContext", "TlsFiles", "TlsSettings", "default_context", "tls_context"]

_ALPN = "postgresql"
_OLD_VERSIONS = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


class SSLMode(IntEnum):
    """How much TLS is asked for, from none to a server whose certificate bears its name."""

    disable = 0
    allow = 1
    prefer = 2
    require = 3
    verify_ca = 4
    verify_full = 5

    @classmethod
    def parse(cls, sslmode: "str | SSLMode") -> "SSLMode":
        """The mode of a name such as "verify-full"; AttributeError when there is none."""
        if isinstance(sslmode, cls):
            return sslmode
        found = cls.__members__.get(str(sslmode).replace("-", "_"))
        if found is None:
            raise AttributeError(sslmode)
        return found

    @property
    def word(self) -> str:
        """As connection strings have it."""
        return self.name.replace("_", "-")


class SSLNegotiation(StrEnum):
    """How TLS begins: after a question in PostgreSQL's protocol, or with the first byte."""

    postgres = "postgres"
    direct = "direct"


class TlsSettings(NamedTuple):
    """What is said about TLS: None where it is left to the user's folder `.postgresql`, or to the default."""

    mode: SSLMode
    root: str | None = None
    certificate: str | None = None
    certificate_mode: str = "allow"
    key: str | None = None
    password: str | None = None
    crl: str | None = None
    crl_folder: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    keylog: str | None = None
    sni: bool = True


class TlsFiles(NamedTuple):
    """The files that a connection uses, each of which exists or was asked for by name."""

    root: Path | None
    certificate: Path | None
    key: Path | None
    crls: tuple[Path, ...]


class TlsContext(ssl.SSLContext):
    """A context made from settings, with the same for the engine's own TLS, which is what connections use."""

    _configuration: dict[str, Any] | None

    def __new__(cls, configuration: dict[str, Any] | None) -> Self:
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made._configuration = configuration
        made.set_alpn_protocols([_ALPN])
        return made

    @cached_property
    def engine(self) -> "_engine.PgTls | None":
        """What the engine's TLS uses; None where only OpenSSL can, as with encrypted keys and TLS before 1.2."""
        if self._configuration is None:
            return None
        try:
            return _engine.PgTls(alpn=[_ALPN.encode()], **self._configuration)
        except ValueError:
            # OpenSSL has taken the same files: old keys and certificates are its business.
            return None


def tls_context(settings: TlsSettings) -> TlsContext:
    """The context for the settings; the same one as long as none of its files changes."""
    minimum = _version(settings.minimum or "TLSv1.2")
    maximum = _version(settings.maximum) if settings.maximum else None
    if maximum is not None and maximum < minimum:
        raise ssl.SSLError(
            f"no protocols available: ssl_min_protocol_version {minimum.name} is above {maximum.name}, the maximum"
        )
    files = _files(settings)
    paths = (files.root, files.certificate, files.key, *files.crls)
    seen = tuple(_seen(path) for path in paths if path is not None)
    return _made(settings, files, minimum, maximum, (*seen, *_system_roots()))


def default_context() -> TlsContext:
    """What `ssl=True` means: the certificates that the system trusts, and the server's name."""
    return _default(_system_roots())


@lru_cache(maxsize=4)
def _default(_roots: tuple[object, ...]) -> TlsContext:
    context = TlsContext({"system_roots": True, "verify": "full"})
    context.load_default_certs()
    return context


@lru_cache(maxsize=32)
def _made(
    settings: TlsSettings,
    files: TlsFiles,
    minimum: ssl.TLSVersion,
    maximum: ssl.TLSVersion | None,
    _seen: tuple[object, ...],
) -> TlsContext:
    full = settings.mode is SSLMode.verify_full
    system = settings.root == "system"
    context = TlsContext(_configuration(settings, files, minimum, maximum))
    context.check_hostname = full
    if system:
        context.load_default_certs()
    elif files.root is not None:
        context.load_verify_locations(cafile=files.root)
    else:
        context.verify_mode = ssl.CERT_NONE
    for crl in files.crls:
        context.load_verify_locations(cafile=crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    if files.certificate is not None:
        context.load_cert_chain(files.certificate, files.key, password=lambda: settings.password or "")
    context.minimum_version = minimum
    if maximum is not None:
        context.maximum_version = maximum
    if settings.keylog:
        # The context would make a file that everybody can read.
        os.close(os.open(settings.keylog, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        context.keylog_filename = settings.keylog
    return context


def _configuration(
    settings: TlsSettings, files: TlsFiles, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion | None
) -> dict[str, Any] | None:
    """The same for the engine."""
    key = files.key or files.certificate
    pem = key.read_bytes() if key is not None else None
    if maximum in _OLD_VERSIONS or (pem is not None and b"ENCRYPTED" in pem):
        return None
    trusted = settings.root == "system" or files.root is not None
    made: dict[str, Any] = {
        "roots": files.root.read_bytes() if files.root is not None else None,
        "system_roots": settings.root == "system",
        "verify": "none" if not trusted else "full" if settings.mode is SSLMode.verify_full else "ca",
        "certificate": files.certificate.read_bytes() if files.certificate is not None else None,
        "key": pem,
        "crls": [crl.read_bytes() for crl in files.crls],
        "minimum_version": "TLSv1.3" if minimum is ssl.TLSVersion.TLSv1_3 else "TLSv1.2",
        "maximum_version": "TLSv1.2" if maximum is ssl.TLSVersion.TLSv1_2 else "TLSv1.3",
        "keylog_path": settings.keylog,
    }
    return made if settings.sni else made | {"sni": False}


def _files(settings: TlsSettings) -> TlsFiles:
    verified = settings.mode >= SSLMode.require
    root = _root(settings) if verified and settings.root != "system" else None
    certificate = (
        _given_or_own(settings.certificate, "postgresql.crt") if settings.certificate_mode != "disable" else None
    )
    if certificate is None and settings.certificate_mode == "require":
        raise ClientConfigurationError("sslcertmode=require needs a client certificate: name its file with sslcert")
    key = _given_or_own(settings.key, "postgresql.key") if certificate is not None else None
    crls: list[Path] = []
    if verified:
        crl = _given_or_own(settings.crl, "root.crl")
        crls += [crl] if crl is not None else []
        if settings.crl_folder:
            crls += _folder(settings.crl_folder)
    return TlsFiles(root, certificate, key, tuple(crls))


def _root(settings: TlsSettings) -> Path | None:
    found = _given_or_own(settings.root, "root.crt")
    if found is not None or settings.mode is SSLMode.require:
        return found
    own = _own("root.crt")
    name = "~/.postgresql/root.crt" if own is None else str(own)
    raise ClientConfigurationError(
        f'root certificate file "{name}" does not exist or cannot be accessed',
        detail="There is no home directory: HOME is not set, or cannot be used." if own is None else None,
        hint="Name the file with sslrootcert, or use sslrootcert=system for the certificates that the system trusts.",
    )


def _given_or_own(given: str | None, name: str) -> Path | None:
    """The file asked for, or the one in the user's folder when it is there."""
    if given:
        return Path(given)
    own = _own(name)
    return own if own is not None and own.exists() else None


def _own(name: str) -> Path | None:
    path = environment.home(".postgresql", name)
    return path.resolve() if path is not None else None


def _folder(name: str) -> list[Path]:
    try:
        return sorted(path for path in Path(name).iterdir() if path.is_file())
    except OSError as error:
        raise ClientConfigurationError(f'the folder of revocation lists "{name}" cannot be read: {error}') from None


def _system_roots() -> tuple[object, ...]:
    """Where the system's certificates are looked for, which the environment can change."""
    return os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")


def _seen(path: Path) -> tuple[str, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return str(path), status.st_mtime_ns, status.st_size


def _version(name: str) -> ssl.TLSVersion:
    if name.startswith("SSL"):
        raise ClientConfigurationError(f"Unsupported TLS version: {name}")
    try:
        return ssl.TLSVersion[name.replace(".", "_")]
    except KeyError:
        raise ClientConfigurationError(f"No such TLS version: {name}") from None
