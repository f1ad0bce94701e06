"""Certificates for one run: an authority, the server's, and one that lets a user in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CERTIFIED = "cert_user"


@dataclass(frozen=True)
class Authority:
    """Where the files are; only the server's key is the server's alone."""

    root: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    @staticmethod
    def make(folder: Path) -> Authority:
        """Signs a certificate of `localhost` and 127.0.0.1, and one of the user `cert_user`."""
        import trustme  # a server without TLS starts without this package

        made = Authority(
            *(folder / name for name in ("ca.crt", "server.crt", "server.key", "client.crt", "client.key"))
        )
        authority = trustme.CA()
        authority.cert_pem.write_to_path(made.root)
        server = authority.issue_cert("localhost", "127.0.0.1")
        server.cert_chain_pems[0].write_to_path(made.server)
        server.private_key_pem.write_to_path(made.server_key)
        client = authority.issue_cert("client.test", common_name=CERTIFIED)
        client.cert_chain_pems[0].write_to_path(made.client)
        client.private_key_pem.write_to_path(made.client_key)
        for key in (made.server_key, made.client_key):
            key.chmod(0o600)
        return made
