"""What the names of PostgreSQL's clients for TLS become."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fasterapi.pg.exceptions import ClientConfigurationError
from fasterapi.pg.tls import SSLMode, SSLNegotiation

Parse = Callable[..., tuple[Any, Any]]


@pytest.fixture(scope="module")
def certificate() -> str:
    """Any certificate will do: one that this machine trusts."""
    trusted = ssl.create_default_context().get_ca_certs(binary_form=True)
    if not trusted:
        pytest.skip("this machine trusts nobody")
    return ssl.DER_cert_to_PEM_cert(trusted[0])


@pytest.fixture
def root(home: Path, certificate: str) -> Path:
    """The user's own root certificate."""
    path = home / ".postgresql" / "root.crt"
    path.parent.mkdir()
    path.write_text(certificate)
    return path


def context(made: tuple[Any, Any]) -> Any:
    assert isinstance(made[1].ssl, ssl.SSLContext)
    return made[1].ssl


@pytest.mark.parametrize(
    ("mode", "verify", "names"),
    [
        ("allow", ssl.CERT_NONE, False),
        ("prefer", ssl.CERT_NONE, False),
        ("require", ssl.CERT_REQUIRED, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_a_mode_checks_what_it_says(parse: Parse, root: Path, mode: str, verify: ssl.VerifyMode, names: bool) -> None:
    addresses, parameters = parse(f"host=h sslmode={mode}")
    made = context((addresses, parameters))
    assert (made.verify_mode, made.check_hostname) == (verify, names)
    assert made.minimum_version is ssl.TLSVersion.TLSv1_2
    assert bool(made.get_ca_certs()) is (verify is ssl.CERT_REQUIRED)
    assert parameters.sslmode.word == mode


def test_require_without_a_root_certificate_checks_nothing(parse: Parse) -> None:
    assert context(parse("host=h sslmode=require")).verify_mode is ssl.CERT_NONE


def test_tls_is_preferred_over_tcp_and_left_out_on_sockets(parse: Parse) -> None:
    assert parse("host=h")[1].sslmode is SSLMode.prefer
    assert parse("host=/sockets")[1].sslmode is SSLMode.disable
    assert parse("host=/sockets")[1].ssl is None


def test_an_empty_list_of_settings_is_the_same_context(parse: Parse) -> None:
    assert parse("host=h")[1].ssl is parse("host=i")[1].ssl


def test_a_changed_file_is_read_again(parse: Parse, root: Path, certificate: str) -> None:
    first = context(parse("host=h sslmode=verify-ca"))
    assert context(parse("host=h sslmode=verify-ca")) is first
    root.write_text("\n" + certificate)
    assert context(parse("host=h sslmode=verify-ca")) is not first


def test_a_root_certificate_can_be_named(
    parse: Parse, tmp_path: Path, certificate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ca.crt"
    path.write_text(certificate)
    assert context(parse(f"host=h sslmode=verify-full sslrootcert={path}")).check_hostname
    monkeypatch.setenv("PGSSLROOTCERT", str(path))
    assert context(parse("host=h sslmode=verify-full")).check_hostname
    with pytest.raises(FileNotFoundError):
        parse("host=h sslmode=verify-full sslrootcert=/nowhere/ca.crt")


def test_the_systems_certificates_mean_full_verification(parse: Parse) -> None:
    parameters = parse("host=h sslrootcert=system")[1]
    assert parameters.sslmode is SSLMode.verify_full
    assert parameters.ssl.check_hostname
    assert context(parse("host=h sslmode=verify-full sslrootcert=system")).verify_mode is ssl.CERT_REQUIRED


def test_true_means_the_systems_certificates_and_the_servers_name(parse: Parse) -> None:
    parameters = parse("host=h", ssl=True)[1]
    assert parameters.sslmode is SSLMode.verify_full
    assert (parameters.ssl.verify_mode, parameters.ssl.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_a_context_of_ones_own_is_used_as_it_is(parse: Parse) -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    parameters = parse("host=h", ssl=own)[1]
    assert parameters.ssl is own
    assert parameters.sslmode is SSLMode.require


def test_versions_are_bounded_on_both_sides(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMAXPROTOCOLVERSION", "TLSv1.3")
    made = context(parse("host=h ssl_min_protocol_version=TLSv1.3"))
    assert (made.minimum_version, made.maximum_version) == (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)


def test_versions_that_leave_none_are_an_error_of_tls(parse: Parse) -> None:
    with pytest.raises(ssl.SSLError, match="no protocols available: ssl_min_protocol_version TLSv1_3 is above TLSv1_2"):
        parse("host=h ssl_min_protocol_version=TLSv1.3 ssl_max_protocol_version=TLSv1.2")


def test_the_environment_says_whom_the_system_trusts(
    parse: Parse, tmp_path: Path, certificate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = context(parse("host=h", ssl=True))
    path = tmp_path / "ca.crt"
    path.write_text(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    assert context(parse("host=h", ssl=True)) is not first
    assert len(context(parse("host=h", ssl=True)).get_ca_certs()) == 1
    assert len(context(parse("host=h sslrootcert=system")).get_ca_certs()) == 1


def test_secrets_are_logged_where_asked(parse: Parse, tmp_path: Path) -> None:
    path = tmp_path / "keys"
    assert context(parse(f"host=h sslkeylogfile={path}")).keylog_filename == str(path)


def test_a_folder_of_revocation_lists_must_be_there(parse: Parse, root: Path) -> None:
    with pytest.raises(ClientConfigurationError, match='"/nowhere" cannot be read'):
        parse("host=h sslmode=verify-ca sslcrldir=/nowhere")


def test_direct_tls_is_asked_for_by_word_or_argument(parse: Parse) -> None:
    assert parse("host=h sslmode=require sslnegotiation=direct")[1].ssl_negotiation is SSLNegotiation.direct
    assert parse("host=h sslmode=require", direct_tls=True)[1].ssl_negotiation is SSLNegotiation.direct
    said = parse("host=h sslmode=require sslnegotiation=direct", direct_tls=False)[1]
    assert said.ssl_negotiation is SSLNegotiation.postgres


def test_modes_have_an_order_and_names() -> None:
    assert SSLMode.parse("verify-full") is SSLMode.verify_full
    assert SSLMode.parse(SSLMode.allow) is SSLMode.allow
    assert SSLMode.disable < SSLMode.require < SSLMode.verify_full
    with pytest.raises(AttributeError):
        SSLMode.parse("parse")
