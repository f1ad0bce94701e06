"""A bar chart in SVG: CPU time per request or message at 64 connections, a group of bars for each row."""

from html import escape

from peers import OURS
from report import Report
from rows import ROWS
from websocket_rows import WEBSOCKET_ROWS

WIDTH = 860
LEFT = 200
RIGHT = 110
BAR = 13
GAP = 22
TOP = 64
COLOURS = {
    OURS: "#0f766e",
    "uvicorn": "#64748b",
    "uvicorn-zttp": "#94a3b8",
    "granian": "#b45309",
    "hypercorn": "#a78bfa",
    "nginx": "#d4d4d8",
}


def chart(report: Report) -> str:
    """Each group has a scale of its own: what matters is how the bars of one row compare."""
    groups = [row for row, connections in report.rows((*ROWS, *WEBSOCKET_ROWS)) if connections == 64]
    bars: list[str] = []
    top = TOP
    for row in groups:
        cells = [(peer, cell) for peer in report.all_peers if (cell := report.cell(row, 64, peer)) is not None]
        longest = max(cell.cpu for _, cell in cells)
        middle = top + len(cells) * BAR / 2
        bars.append(text(LEFT - 12, middle + 4, row.title, "end", "label"))
        for peer, cell in cells:
            length = max((WIDTH - LEFT - RIGHT) * cell.cpu / longest, 1)
            bars.append(
                f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS[peer]}">'
                f"<title>{escape(peer)}: {cell.cpu:.1f} µs</title></rect>"
            )
            bars.append(text(LEFT + length + 6, top + BAR - 4, f"{cell.cpu:.1f} µs", "start", "figure"))
            top += BAR
        top += GAP
    legend: list[str] = []
    left = 12
    for peer in report.all_peers:
        legend.append(f'<rect x="{left}" y="36" width="11" height="11" fill="{COLOURS[peer]}"/>')
        legend.append(text(left + 16, 46, peer, "start", "label"))
        left += 34 + 8 * len(peer)
    what = "CPU time per request or message, 64 connections, one core"
    title = f"{what}, {report.measurement.interpreter.name}: shorter is better"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" role="img" font-family="sans-serif">',
            f"<title>{escape(title)}</title>",
            "<style>.title{font-size:15px;font-weight:600}.label{font-size:12px}.figure{font-size:10px;fill:#475569}</style>",
            f'<rect width="{WIDTH}" height="{top}" fill="#fff"/>',
            text(12, 22, title, "start", "title"),
            *legend,
            *bars,
            "</svg>",
            "",
        ]
    )


def text(x: float, y: float, words: str, anchor: str, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" class="{style}">{escape(words)}</text>'
