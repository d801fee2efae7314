"""Ultralytics YOLO (v5, v8, v9, v10, v11, v12 …): ``results.csv``, with ``args.yaml`` or ``opt.yaml`` for the settings;
and the ``results.txt`` of v3, v4 and v7.

The losses are logged in parts (box, class, objectness …), already weighted: their sum is what is trained on, and is added
as ``train/loss`` and ``val/loss``. mAP, precision and recall stay under their own names. The epoch stands for the step.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Ints
from diagnostics.readers import look, table
from diagnostics.readers.formats import delimited, settings, yolo_rows
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning, Series
from diagnostics.readers.rows import Rows

RESULTS, OLD, SETTINGS = "results.csv", "results.txt", ("args.yaml", "opt.yaml")
METRIC, RATE = re.compile(r"^metrics/"), re.compile(r"^(?:x/lr0|lr/pg0)$")
MARKS = ("box_loss", "cls_loss")
PRINTED = {TRAIN_LOSS: re.compile(r"^(?:box|obj|cls|dfl|seg|sem|pose|kobj|rle|angle)_loss$")}  # on the terminal
SIZES = {"Size", "img_size"}  # of the images, the last name of a row there
PARTS = {TRAIN_LOSS: re.compile(r"^train/\w+_loss$"), VAL_LOSS: re.compile(r"^val/\w+_loss$")}


def claims(path: Path) -> bool:
    """Whether ``path`` is such a table, or a folder with one and with its settings."""
    if look.is_dir(path):
        return any(map(claims, _results(path))) and any(look.is_file(path / name) for name in SETTINGS)
    if path.suffix.lower() not in (".csv", ".txt") or not look.is_file(path):
        return False
    if path.suffix.lower() == ".txt":
        return yolo_rows.is_row(look.head(path).split(b"\n", 1)[0].decode("ascii", "replace"))
    header = delimited.header(path)
    return "epoch" in header and any(map(METRIC.match, header)) and any(map(RATE.match, header))


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: the table cannot be read.
    """
    folder = path if path.is_dir() else path.absolute().parent
    file = next(filter(claims, _results(path))) if path.is_dir() else path
    log = _old(file, limits) if file.suffix.lower() == ".txt" else table.read(file, limits)[0]
    config, notes = settings.beside(folder, *SETTINGS)
    log = summed(log)
    name = folder.absolute().name if path.is_dir() or path.name in (RESULTS, OLD) else log.name
    return [replace(log, name=name, source=str(path), config=config, notes=(*log.notes, *notes))]


def _results(folder: Path) -> list[Path]:
    return [folder / RESULTS, folder / OLD]


def _old(path: Path, limits: Limits) -> Log:
    limits.open(path)
    found = Rows()
    with path.open(errors="replace") as lines:
        for epoch, values in yolo_rows.rows(lines):
            found.add(values, epoch=epoch)
    return Log(path.stem, str(path), found.series(), meanings={TRAIN_LOSS: Meaning(TRAIN_LOSS)})


def is_yolo(log: Log) -> bool:
    """Whether ``log``, of any tool, holds the parts of YOLO's losses."""
    return {f"train/{part}" for part in MARKS} <= {s.name for s in log.series} and all(
        np.isfinite(s.steps).all() for s in log.series
    )


def is_printed(log: Log) -> bool:
    """Whether ``log``, a text, holds the parts of YOLO's losses as its rows on the terminal do."""
    have = {s.name for s in log.series}
    return have >= {*MARKS} and bool(have & SIZES) and "total" not in have


def summed(log: Log, parts_of: Mapping[str, re.Pattern[str]] = PARTS) -> Log:
    """``log`` with the sums of the losses that YOLO logs in parts, where it has parts and no sum."""
    have = {s.name for s in log.series}
    sums = {tag: [s for s in log.series if part.match(s.name)] for tag, part in parts_of.items() if tag not in have}
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
