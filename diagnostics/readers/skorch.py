"""skorch's ``history.json``: a list with a row an epoch, and in each the rows of its batches.

The epoch's losses and scores stand at the number of batches trained by its end; the losses of single batches are kept
as ``batches/train_loss`` and ``batches/valid_loss``.
"""

from collections.abc import Mapping
from pathlib import Path

from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import Rows

BATCHES, TRAINED = "batches", "train_batch_size"
TELLS_NOTHING = (BATCHES, "epoch", "train_batch_count", "valid_batch_count")


def claims(path: Path) -> bool:
    """Whether ``path`` is such a history: a list of epochs with their batches."""
    if path.suffix.lower() != ".json":
        return False
    rows = next((v for v in json_text.peek(path)[:1] if isinstance(v, list)), [])
    return any(isinstance(row, Mapping) and isinstance(row.get(BATCHES), list) for row in rows[:1])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no epoch can be read.
    """
    values, notes = json_text.document(path, limits)
    epochs = next((v for v in values if isinstance(v, list)), [])
    rows, step = Rows(), 0
    for epoch in (e for e in epochs if isinstance(e, Mapping)):
        step = _batches(epoch, rows, step)
        rows.add({k: v for k, v in epoch.items() if k not in TELLS_NOTHING}, step or None, epoch.get("epoch"))
    if not len(rows):
        raise ReadError(path, "no epoch can be read; write it again with save_params(f_history=…)")
    name = path.absolute().parent.name if path.stem.lower() == "history" else path.stem
    return [Log(name, str(path), rows.series(), rows.epochs(), notes=tuple(notes))]


def _batches(epoch: Mapping[str, object], rows: Rows, step: int) -> int:
    """Add the batches of one epoch; the number of batches trained so far."""
    batches = epoch.get(BATCHES)
    for batch in batches if isinstance(batches, list) else []:
        if isinstance(batch, Mapping) and batch:
            step += TRAINED in batch
            losses = {f"{BATCHES}/{k}": v for k, v in batch.items() if not k.endswith("_batch_size")}
            rows.add(losses, step)
    return step
