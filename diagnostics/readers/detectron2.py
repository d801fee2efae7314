"""Detectron2: ``metrics.json``, one object a line, and what stands on it (Mask2Former, DensePose, AdelaiDet …).

``total_loss`` is the training's loss. Results of evaluations (``bbox/AP``) stand on lines of their own, at their iteration.
"""

from collections.abc import Mapping
from pathlib import Path

from collector.schema import LR, TRAIN_LOSS
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning
from diagnostics.readers.rows import Rows

STEP, LOSS = "iteration", "total_loss"
LATEST = 30  # objects of the head that are looked at


def claims(path: Path) -> bool:
    """Whether ``path`` is such a file: its lines say the iteration, and one of the first the total loss."""
    rows = json_text.peek(path)[:LATEST]
    said = [v for v in rows if isinstance(v, Mapping) and STEP in v]
    return any(LOSS in v or "data_time" in v or "eta_seconds" in v for v in said)


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no line can be read.
    """
    lines, rows = json_text.Lines(path, limits), Rows()
    for row in lines:
        rows.add({k: v for k, v in row.items() if k != STEP}, row.get(STEP))
        limits.names(path, rows.names)
    series = rows.series()
    known = {LOSS: Meaning(TRAIN_LOSS), "lr": Meaning(LR)}
    meanings = {s.name: known[s.name] for s in series if s.name in known}
    return [Log(path.absolute().parent.name, str(path), series, meanings=meanings, notes=tuple(lines.notes))]
