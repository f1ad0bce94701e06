"""The Markdown page and its charts."""

from collections.abc import Sequence
from pathlib import Path

from chart import chart
from report import Report

INTRODUCTION = """# Benchmarks

What a request, a WebSocket message or a query of PostgreSQL costs in CPU time, measured by `make bench` against others
on the same machine in the same run. That, not requests per second, is the figure to compare: it is what a busy server
pays, and a noisy machine disturbs it least.

How it is measured:
- the server has one core, the load generator (`tests/bench/load`) another; every server runs one worker;
- all servers are up at once and take turns, round by round, in an order that rotates; the figures are medians;
- CPU time is the kernel's count in nanoseconds, of all processes and threads of the server, read while the server is
  idle before and after the turn; every answer's status, length and bytes are checked;
- access logs are off (but for one row, where they go to a file) and every server sends its own `date` and `server`
  headers, as by default;
- a WebSocket has one message under way, which comes back as it was sent; 16 different ones take turns. uvicorn runs
  the fastest of its implementations. Where deflate is negotiated, the client compresses each message for itself and
  inflates every answer, on its own core;
- clients of PostgreSQL take turns in the same way, each a process with one core, and the database has the other; what
  each sees is checked once, before anything counts. Every connection of "a password's first" is with a role that the
  process has not met, so that the key is derived anew; "the 2nd to 10th" follow with the same role;
- nginx serves what it can serve without an application, as the limit: its download is a file, by `sendfile`.

Repeat it with `make bench`; `python3 tests/bench/run.py --help` names the options. Figures from different machines or
from interpreters built differently (PGO, LTO) do not compare.
"""


def write(reports: Sequence[Report], docs: Path) -> list[Path]:
    """Writes the page and one chart for each interpreter; answers what was written."""
    images = docs / "img"
    images.mkdir(parents=True, exist_ok=True)
    parts = [INTRODUCTION]
    written: list[Path] = []
    for report in reports:
        image = images / f"benchmarks-{report.measurement.interpreter.slug}.svg"
        if report.all_peers:
            image.write_text(chart(report))
            written.append(image)
        parts += section(report, image)
    page = docs / "benchmarks.md"
    page.write_text("\n".join(parts))
    return [page, *written]


def section(report: Report, image: Path) -> list[str]:
    """What is said of one run; one of PostgreSQL alone is called so, and has no chart."""
    name = report.measurement.interpreter.name
    if report.all_peers:
        parts = [f"## {name}\n", f"![CPU time per request or message](img/{image.name})\n"]
    else:
        parts = [f"## {'PostgreSQL, ' * bool(report.measurement.database)}{name}\n"]
    parts.append("\n".join(f"- {line}" for line in report.head()) + "\n")
    parts.extend(table.markdown() + "\n" for table in report.tables())
    if notes := report.notes():
        parts.append("Notes:\n" + "\n".join(f"- {note}" for note in notes) + "\n")
    return parts
