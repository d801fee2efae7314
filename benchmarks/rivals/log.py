"""A run as rivals get it, a table with one row a logged training step, and what they say of it. Standard library only."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Log = Mapping[str, Sequence[float | None]]
"""Column → a value a row, None where nothing was logged; NaN and Inf are values.

``step`` and ``train_loss`` are always there; ``val_loss``, ``lr``, ``grad_norm``, ``update_ratio``, ``train_accuracy``, ``val_accuracy``
where the run has them, each value in the row of the training step at or before which it was logged.
"""


@dataclass(frozen=True)
class Said:
    """One finding of a rival.

    Attributes:
        finding: the rival's own name of it.
        severity: ``info``, ``warning`` or ``error``: theirs, in our words.
        verdicts: our verdicts that it may stand for, where it names a cause or a class; empty when it says only that something is off.
    """

    finding: str
    severity: str
    verdicts: tuple[str, ...] = ()


def write_csv(log: Log, path: Path, names: Mapping[str, str] | None = None) -> Path:
    """Write ``log`` as CSV; ``names`` says under which names, and then only those columns, else all under their own."""
    columns = _renamed(log, names)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(
            ["" if value is None else repr(value) for value in row] for row in zip(*columns.values(), strict=True)
        )
    return path


def write_jsonl(log: Log, path: Path, names: Mapping[str, str] | None = None) -> Path:
    """Write ``log`` as JSON lines without what was not logged; ``names`` as for ``write_csv``."""
    columns = _renamed(log, names)
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    path.write_text("".join(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n" for row in rows))
    return path


def _renamed(log: Log, names: Mapping[str, str] | None) -> dict[str, Sequence[float | None]]:
    return dict(log) if names is None else {new: log[old] for old, new in names.items() if old in log}
