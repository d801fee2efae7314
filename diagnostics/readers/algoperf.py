"""AlgoPerf: ``measurements.csv`` of a trial, with ``hparams.json`` for the settings.

Evaluation rows hold ``train/…``, ``validation/…`` and ``test/…``: these are the curves. Rows in between hold the ``loss`` of one
batch, which may be regularised otherwise, and is kept under its own name. ``eval_measurements.csv`` repeats the evaluations.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from collector.schema import GRAD_NORM, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.readers import look, table
from diagnostics.readers.formats import delimited, settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning, Series
from diagnostics.readers.understanding import guess

MEASUREMENTS, SETTINGS = "measurements.csv", "hparams.json"
STEP, MARK = "global_step", "accumulated_submission_time"
LOSSES = ("loss", "ctc_loss")  # one a workload
SPLITS = {"train": (TRAIN_LOSS, TRAIN_ACCURACY), "validation": (VAL_LOSS, VAL_ACCURACY)}


def claims(path: Path) -> bool:
    """Whether ``path`` is such a table, or a trial's folder with one."""
    file = path / MEASUREMENTS if look.is_dir(path) else path
    if file.suffix != ".csv" or not look.is_file(file):
        return False
    return {STEP, MARK} <= {*delimited.header(file)}


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: the table cannot be read.
    """
    folder = path if path.is_dir() else path.absolute().parent
    (log,) = table.read(path / MEASUREMENTS if path.is_dir() else path, limits)
    config, notes = settings.beside(folder, SETTINGS)
    name = f"{folder.parent.name}/{folder.name}" if folder.name.startswith("trial_") else folder.name
    return [
        replace(
            log, name=name, source=str(path), meanings=_meanings(log.series), config=config, notes=(*log.notes, *notes)
        )
    ]


def _meanings(series: Sequence[Series]) -> dict[str, Meaning]:
    by_name = {s.name: s for s in series}
    found = {"loss": Meaning("loss"), "grad_norm": Meaning(GRAD_NORM)}
    for split, (loss, accuracy) in SPLITS.items():
        named = next((f"{split}/{name}" for name in LOSSES if f"{split}/{name}" in by_name), None)
        if named:
            found[named] = Meaning(loss)
        if scored := by_name.get(f"{split}/accuracy"):
            found[scored.name] = guess.accuracy(accuracy, scored.name, scored.values)
    return {name: meaning for name, meaning in found.items() if name in by_name}
