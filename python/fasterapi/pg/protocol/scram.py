"""SCRAM, which the engine speaks: the part of it that others know by a name."""

# pyright: reportPrivateUsage=false
# The engine's function is for this alone.

from base64 import b64decode

from fasterapi._engine import _salted_password

__all__ = ["SCRAMAuthentication"]


class SCRAMAuthentication:
    """How a password is salted, as connections do it."""

    def __init__(self, authentication_method: bytes) -> None:
        if authentication_method not in {b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"}:
            raise ValueError(f"{authentication_method!r} is not offered: use b'SCRAM-SHA-256'")
        self.authentication_method = authentication_method

    def _generate_salted_password(self, password: str, salt: bytes, iterations: int) -> bytes:
        """The salted password; `salt` is in base64, as servers send it."""
        return _salted_password(password, b64decode(salt), iterations)
