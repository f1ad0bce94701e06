"""Every type of the server, its array and its ranges: what we make of it is what asyncpg makes of it, and goes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from pg.looping import run
from pg.oracle.catalog import Subject, subjects
from pg.oracle.literals import EMPTY, SCHEMA
from pg.oracle.peer import CRASHED, Peer
from pg.server import Server

_CONTRIBUTED = ("citext", "cube", "earthdistance", "hstore", "intarray", "isn", "lo", "ltree", "seg")

DIFFERS: dict[str, tuple[str, str]] = {
    "pg_lsn": ("FFFFFFFF/FFFFFFFF", "asyncpg reads the number as one with a sign"),
}
"""Types of which a value differs from asyncpg's: what is in the queries of those values, and the reason."""


@dataclass
class Outcome:
    """What the two clients made of one type."""

    subject: Subject
    compared: int = 0
    refused: int = 0
    crashed: int = 0
    faults: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def contributed(server: Server) -> str:
    """A database with the contributed modules that bring types, where the server has them."""
    server.psql("create database oracle")
    if server.installation.complete:
        server.psql("".join(f"create extension {name};" for name in _CONTRIBUTED), "oracle")
    server.psql(SCHEMA, "oracle")
    return server.dsn(database="oracle")


@pytest.fixture(scope="module")
def vectors(newest_server: Server) -> str:
    """A database of the newest server, with pgvector."""
    newest_server.psql("create database oracle")
    newest_server.psql("create extension vector;" + SCHEMA, "oracle")
    return newest_server.dsn(database="oracle")


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("database", ["contributed", "vectors"])
def test_every_type_is_what_asyncpg_makes_of_it_and_goes_back_unchanged(
    pg: Any, database: str, request: pytest.FixtureRequest, report: Callable[[str], None]
) -> None:
    dsn = request.getfixturevalue(database)
    found = run(_subjects(dsn))
    hstore = any(subject.name == "hstore" for subject in found)
    with Peer(pg.__name__, dsn, hstore) as ours, Peer("asyncpg", dsn, hstore) as theirs:
        outcomes = [_compare(ours, theirs, subject) for subject in found]
    faulty = {outcome.subject.words for outcome in outcomes if outcome.faults}
    for name in sorted(faulty):
        report(f"{name}: {DIFFERS.get(name, ('', 'unexpected'))[1]}")
    compared, refused, crashed = (
        sum(getattr(outcome, count) for outcome in outcomes) for count in ("compared", "refused", "crashed")
    )
    report(f"type oracle, {database}: {len(outcomes) - len(faulty)} of {len(outcomes)} types; {compared} values "
           f"compared and sent back; asyncpg refuses {refused} and crashes on {crashed}")  # fmt: skip
    unexpected = [fault for outcome in outcomes for fault in outcome.faults if not _known(outcome.subject.words, fault)]
    assert not unexpected, "\n".join([f"{len(unexpected)} values differ:", *unexpected[:60]])
    known = {outcome.subject.words for outcome in outcomes}
    assert pg is asyncpg or DIFFERS.keys() & known <= faulty, "a type named in DIFFERS does not differ: take it out"
    without = {subject.name for subject in found if not subject.values and not subject.rows}
    assert without <= EMPTY.keys(), "no values are made of these types"


def _known(name: str, fault: str) -> bool:
    return name in DIFFERS and DIFFERS[name][0] in fault


async def _subjects(dsn: str) -> list[Subject]:
    connection = await asyncpg.connect(dsn)
    try:
        return await subjects(connection)
    finally:
        await connection.close()


def _compare(ours: Peer, theirs: Peer, subject: Subject) -> Outcome:
    outcome = Outcome(subject)
    for made in subject.made():
        theirs.send(made)
        ours.send(made)
        wanted, got = theirs.receive(), ours.receive()
        if wanted is CRASHED:
            outcome.crashed += 1
        if got is CRASHED and (wanted is not CRASHED or ours.client != theirs.client):
            outcome.faults.append(f"{made.query}: {got.error}")
        elif wanted is CRASHED:
            continue
        elif wanted.error:
            outcome.refused += 1
        elif got.error or got.values != wanted.values:
            outcome.faults.append(f"{made.query}: {got.error or got.shown} instead of {wanted.shown}")
        elif any(mine != there and there.startswith("= ") for mine, there in zip(got.back, wanted.back, strict=True)):
            outcome.faults.append(f"{made.query}: {got.shown} sent back is {got.back} instead of {wanted.back}")
        else:
            outcome.compared += len(got.values)
    return outcome
