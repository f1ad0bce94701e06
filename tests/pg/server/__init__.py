"""A real PostgreSQL for the length of a test run: where its programs are, as whom it runs, and its start and stop."""

from pg.server.account import Account
from pg.server.installation import NEWEST, Installation, bundled, installations, newest
from pg.server.server import Server

__all__ = ["NEWEST", "Account", "Installation", "Server", "bundled", "installations", "newest"]
