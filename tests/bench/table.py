"""A table that prints on a terminal and in Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass, field

ABSENT = "-"
"""Where there is no figure."""


@dataclass
class Table:
    title: str
    columns: Sequence[str]
    """The first column is text, the others are figures."""
    lines: list[Sequence[str]] = field(default_factory=list[Sequence[str]])
    note: str = ""

    def text(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.columns, *self.lines, strict=True)]
        drawn = [self._aligned(line, widths) for line in (self.columns, ["-" * width for width in widths], *self.lines)]
        return "\n".join([self.title, *drawn, *([self.note] if self.note else [])])

    def markdown(self) -> str:
        head = ["| " + " | ".join(self.columns) + " |", "|" + "---|" + "--:|" * (len(self.columns) - 1)]
        body = ["| " + " | ".join(line) + " |" for line in self.lines]
        return "\n".join([f"### {self.title}", "", *head, *body, *(["", self.note] if self.note else [])])

    @staticmethod
    def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
        first, *others = line
        figures = (word.rjust(width) for word, width in zip(others, widths[1:], strict=True))
        return "  ".join([first.ljust(widths[0]), *figures])


def judged(ratio: float, goal: float | None, digits: int = 2) -> str:
    if goal is None:
        return f"{ratio:.{digits}f}"
    return f"{ratio:.{digits}f} ({met(ratio, goal)})"


def met(figure: float, goal: float) -> str:
    return f"<= {goal:g}: {'met' if figure <= goal else 'MISSED'}"
