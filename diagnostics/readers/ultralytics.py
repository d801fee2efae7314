"""Ultralytics YOLO (v5, v8, v9, v10, v11, v12 …): ``results.csv``, with ``args.yaml`` or ``opt.yaml`` for the settings.

The losses are logged in parts (box, class, objectness …), already weighted: their sum is what is trained on, and is added
as ``train/loss`` and ``val/loss``. mAP, precision and recall stay under their own names. The epoch stands for the step.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Ints
from diagnostics.readers import delimited, settings, table
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning, Series

RESULTS, SETTINGS = "results.csv", ("args.yaml", "opt.yaml")
METRIC, RATE = re.compile(r"^metrics/"), re.compile(r"^(?:x/lr0|lr/pg0)$")
PARTS = {TRAIN_LOSS: re.compile(r"^train/\w+_loss$"), VAL_LOSS: re.compile(r"^val/\w+_loss$")}


def claims(path: Path) -> bool:
    """Whether ``path`` is such a table, or a folder with one and with its settings."""
    if path.is_dir():
        return claims(path / RESULTS) and any((path / name).is_file() for name in SETTINGS)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    header = delimited.header(path)
    return "epoch" in header and any(map(METRIC.match, header)) and any(map(RATE.match, header))


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: the table cannot be read.
    """
    folder = path if path.is_dir() else path.absolute().parent
    (log,) = table.read(path / RESULTS if path.is_dir() else path, limits)
    config, notes = settings.beside(folder, *SETTINGS)
    have = {s.name for s in log.series}
    sums = {
        tag: _sum(tag, [s for s in log.series if parts.match(s.name)])
        for tag, parts in PARTS.items()
        if tag not in have
    }
    added = tuple(s for s in sums.values() if s is not None)
    told = [f"{tag} is the sum of {', '.join(s.name for s in log.series if PARTS[tag].match(s.name))}"
            for tag, s in sums.items() if s is not None]  # fmt: skip
    name = folder.absolute().name if path.is_dir() or path.name == RESULTS else log.name
    meanings = {s.name: Meaning(s.name) for s in added}
    return [replace(log, name=name, source=str(path), series=(*added, *log.series), meanings=meanings, config=config,
                    notes=(*log.notes, *told, *notes))]  # fmt: skip


def _sum(tag: str, parts: Sequence[Series]) -> Series | None:
    """The sum of ``parts`` in the rows that have all of them; None without parts."""
    if not parts:
        return None
    rows = _rows(parts[0])
    for part in parts[1:]:
        rows = np.intersect1d(rows, _rows(part))
    at = [np.searchsorted(_rows(p), rows) for p in parts]
    total = np.sum([p.values[i] for p, i in zip(parts, at, strict=True)], axis=0)
    return replace(parts[0].at(at[0]), name=tag, values=total)


def _rows(series: Series) -> Ints:
    return np.arange(len(series)) if series.order is None else series.order
