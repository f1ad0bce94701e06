"""What is measured of PostgreSQL's clients: the work, and the goals. Read by the measuring side and by the measured."""

from dataclasses import dataclass

SELECT = "select $1::int"
ROWS = (
    "select n as id, 'name ' || n as name, n * 2.5::float8 as price,"
    " timestamptz '2026-01-01 00:00:00+00' + n * interval '1 second' as at from generate_series(1, 1000) as n"
)
TYPES = (
    "select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, typisdefined, typdelim,"
    " typrelid, typelem, typarray from pg_type where typtypmod = -1 and typisdefined = true"
)
PLAIN_ROWS = (
    "select n as id, 'name ' || n as name, n * 2.5::float8 as price, n % 2 = 0 as sold"
    " from generate_series(1, 1000) as n"
)
"""Of types that `json.dumps` writes without help."""
TABLE = "create temporary table item (id int, name text, price float8) on commit delete rows"
INSERT = "insert into item (id, name, price) values ($1, $2, $3)"
COLUMNS = ("id", "name", "price")

ROW_COUNT = 1_000
COPIED = 10_000
INSERTED = 1_000
POOL_SIZE = 10
CONCURRENT = 100

DATABASE = "postgres"
WRITES = "writes"
"""Where tables are made: each adds to pg_type, which others read."""
USER = "bench"
ROLE = "scram_{}"
PASSWORD = "not much of a secret"
ROLES_A_TURN = 20
"""No turn connects with more roles that are new to it."""
AGAIN = 9
"""So many connections follow the first with the same password, as a pool of ten opens them."""


def items(count: int) -> list[tuple[int, str, float]]:
    """What is written, a row each."""
    return [(number, f"name {number}", number * 2.5) for number in range(count)]


@dataclass(frozen=True)
class DatabaseRow:
    name: str
    title: str
    operations: int = 1
    """How many the figure's unit has in one call of the work."""
    goal: float | None = None
    """The most CPU, as a share of asyncpg's on the stock loop."""
    count: int | None = None
    """So many calls in a turn, where it is not the time that decides."""
    floor: bool = True
    """Whether the same bytes can be moved without a client."""
    floor_goal: float | None = None
    """The most CPU, as a share of what moving the bytes costs."""


DATABASE_ROWS = (
    DatabaseRow("pg-select", "select $1::int, one after another", goal=0.5, floor_goal=1.35),
    DatabaseRow("pg-rows", "1,000 rows x 4 columns, all values read", goal=0.5),
    DatabaseRow("pg-types", "pg_type x 12 columns, all values read", goal=0.6),
    DatabaseRow("pg-types-one", "pg_type x 12 columns, one value a row read", goal=0.5, floor_goal=1.4),
    DatabaseRow("pg-pool", "pool of 10, 100 concurrent fetchval, each", CONCURRENT, goal=0.25),
    DatabaseRow("pg-copy", "copy_records_to_table, 10,000 rows x 3", goal=0.5),
    DatabaseRow("pg-executemany", "executemany, 1,000 inserts", goal=0.5),
    DatabaseRow("pg-connect", "connect with SCRAM, a password's first", goal=1.0, count=ROLES_A_TURN, floor=False),
    DatabaseRow("pg-connect-again", "connect with SCRAM, the 2nd to 10th", goal=0.3, count=3 * AGAIN, floor=False),
    DatabaseRow("pg-json", "1,000 rows x 4 columns to JSON bytes", goal=0.15),
)
DATABASE_TITLES = {row.name: row.title for row in DATABASE_ROWS}
