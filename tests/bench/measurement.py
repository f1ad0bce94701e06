"""Everything one run measured on one interpreter, as it is kept in tests/bench/results."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from database import Database
from foreign import Foreign
from idle import Idle
from interpreter import Interpreter
from machine import Machine
from turns import Cell, Cells


@dataclass
class Measurement:
    interpreter: Interpreter
    machine: Machine
    began: str
    """The day, in ISO form."""
    commit: str
    rounds: int
    seconds: float
    server_core: int
    client_core: int
    load_average: list[float] = field(default_factory=list[float])
    """Before and after: above 2, others were using the cores too."""
    versions: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    cells: Cells = field(default_factory=Cells)
    headers: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    missing: dict[str, str] = field(default_factory=dict[str, str])
    foreign: list[Foreign] = field(default_factory=list[Foreign])
    idle: list[Idle] = field(default_factory=list[Idle])
    database: list[Database] = field(default_factory=list[Database])

    def save(self, path: Path) -> None:
        fields = asdict(self)
        fields["interpreter"]["path"] = str(self.interpreter.path)
        fields["cells"] = [[*key, asdict(cell)] for key, cell in self.cells.items()]
        path.write_text(json.dumps(fields, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Measurement":
        fields: dict[str, Any] = json.loads(path.read_text())
        interpreter = fields.pop("interpreter")
        interpreter["path"] = Path(interpreter["path"])
        return cls(
            interpreter=Interpreter(**interpreter),
            machine=Machine(**fields.pop("machine")),
            cells={(row, connections, peer): Cell(**cell) for row, connections, peer, cell in fields.pop("cells")},
            foreign=[Foreign(**each) for each in fields.pop("foreign")],
            idle=[Idle(**each) for each in fields.pop("idle")],
            # What was stored before there were such rows has none.
            database=[Database(**each) for each in fields.pop("database", [])],
            **fields,
        )
