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
from diagnostics.readers import look, table
from diagnostics.readers.formats import delimited, settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning, Series

RESULTS, SETTINGS = "results.csv", ("args.yaml", "opt.yaml")
METRIC, RATE = re.compile(r"^metrics/"), re.compile(r"^(?:x/lr0|lr/pg0)$")
MARKS = ("box_loss", "cls_loss")
PARTS = {TRAIN_LOSS: re.compile(r"^train/\w+_loss$"), VAL_LOSS: re.compile(r"^val/\w+_loss$")}


def claims(path: Path) -> bool:
    """Whether ``path`` is such a table, or a folder with one and with its settings."""
    if look.is_dir(path):
        return claims(path / RESULTS) and any(look.is_file(path / name) for name in SETTINGS)
    if path.suffix.lower() != ".csv" or not look.is_file(path):
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
    log = summed(log)
    name = folder.absolute().name if path.is_dir() or path.name == RESULTS else log.name
    return [replace(log, name=name, source=str(path), config=config, notes=(*log.notes, *notes))]


def is_yolo(log: Log) -> bool:
    """Whether ``log``, of any tool, holds the parts of YOLO's losses."""
    return {f"train/{part}" for part in MARKS} <= {s.name for s in log.series} and all(
        np.isfinite(s.steps).all() for s in log.series
    )


def summed(log: Log) -> Log:
    """``log`` with the sums of the losses that YOLO logs in parts, where it has parts and no sum."""
    have = {s.name for s in log.series}
    sums = {tag: [s for s in log.series if part.match(s.name)] for tag, part in PARTS.items() if tag not in have}
    added = {tag: one for tag, parts in sums.items() if parts and (one := _sum(tag, parts)) is not None}
    notes = [f"{tag} is the sum of {', '.join(s.name for s in sums[tag])}" for tag in added]
    meanings = {**log.meanings, **{tag: Meaning(tag) for tag in added}}
    return replace(log, series=(*added.values(), *log.series), meanings=meanings, notes=(*log.notes, *notes))


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
    """What the parts have in common: the row, or of series logged by themselves the step."""
    return series.steps.astype(np.int64) if series.order is None else series.rows
