"""The tables of PostgreSQL's clients."""

from collections.abc import Callable, Sequence

from database import BASE, FLOOR, NAMES, Database
from database_rows import DATABASE_ROWS
from peers import OURS
from table import ABSENT, Table, judged

ROWS = {row.name: row for row in DATABASE_ROWS}


def tables(results: Sequence[Database]) -> list[Table]:
    names = [name for name in NAMES if any(name in result.cpu_us for result in results)]
    return [cpu(results, names), ratios(results, names)]


def cpu(results: Sequence[Database], names: Sequence[str]) -> Table:
    table = Table("PostgreSQL: the client's CPU time, µs", ["work", *names])
    for result in results:
        table.lines.append([title(result), *(figure(result.median(name), "{:,.1f}".format) for name in names)])
    table.note = (
        "One connection but for the pool, on loopback TCP without TLS; the client has one core, the server the other. "
        "The floor is asyncpg's bytes by bare `send`, `poll` and `recv`, with nothing decoded; for the pool with its "
        "reset query, which waits for an answer of its own. "
        "psycopg and psqlpy run on the stock loop; threads count. Where a client has no JSON, `json.dumps` makes it."
    )
    return table


def ratios(results: Sequence[Database], names: Sequence[str]) -> Table:
    others = [name for name in names if name not in (BASE, FLOOR)]
    columns = ["work", *others]
    if FLOOR in names:
        columns += ["floor", f"{OURS} vs floor"]
    table = Table("PostgreSQL: CPU time against asyncpg's on the stock loop", columns)
    for result in results:
        row = ROWS[result.row]
        line = [title(result)]
        line += [ratio(result.ratio(name), row.goal if name == OURS else None) for name in others]
        if FLOOR in names:
            line += [ratio(result.ratio(FLOOR), None), ratio(result.ratio(OURS, FLOOR), row.floor_goal)]
        table.lines.append(line)
    table.note = "The median of the rounds' ratios. The goals are those of the engine's own loop."
    return table


def notes(results: Sequence[Database]) -> list[str]:
    return [
        f"{name}, {title(result)}: not counted: {fault}" for result in results for name, fault in result.faults.items()
    ]


def title(result: Database) -> str:
    return ROWS[result.row].title


def ratio(value: float | None, goal: float | None) -> str:
    return figure(value, lambda found: judged(found, goal))


def figure(value: float | None, word: Callable[[float], str]) -> str:
    return ABSENT if value is None else word(value)
