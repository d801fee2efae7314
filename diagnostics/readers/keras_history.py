"""Keras' ``History.history`` as JSON: ``{"loss": [2.1, 1.7], "val_loss": [2.0, 1.8]}``, an item an epoch.

As ``json.dump`` writes it, as pandas' ``to_json`` does (``{"loss": {"0": 2.1, "1": 1.7}}``), or within further names (``{"history":
{…}, "epoch": […], "params": {…}}``). Epochs count from 0 and stand for steps. A pickled history is never opened.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from diagnostics.readers import plain_json
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.plain_json import shapes
from diagnostics.readers.plain_json.shapes import Found

PREFIX = "val_"  # what Keras puts before the validation's


def claims(path: Path) -> bool:
    """Whether ``path`` is JSON with a list for ``loss``, or for a quantity and for it on the validation set."""
    if path.suffix.lower() not in (".json", ".txt", ".history", ""):
        return False
    values = json_text.peek(path)
    return len(values) == 1 and isinstance(values[0], Mapping) and any(map(_is_history, shapes.found_in(values[0])))


def read(path: Path, limits: Limits) -> list[Log]:
    """A log a run.

    Raises:
        ReadError: no curve can be read.
    """
    return [_by_epoch(log) for log in plain_json.read(path, limits)]


def _by_epoch(log: Log) -> Log:
    """With the number of its item as the epoch of every point that has no place yet."""
    most = max(len(s) for s in log.series)
    return replace(log, series=tuple(_counted(s) if len(s) == most else s for s in log.series))


def _counted(series: Series) -> Series:
    if np.isfinite(series.steps).any() and not (series.steps == np.arange(len(series))).all():
        return series
    epochs = np.arange(len(series), dtype=np.float64) if series.epochs is None else series.epochs
    return replace(series, steps=np.full(len(series), np.nan), epochs=epochs)


def _is_history(found: Found) -> bool:
    """Every quantity has as many values as epochs, and one is also the validation's, or the loss."""
    names = {s.name for s in found.series}
    equal = len({len(s) for s in found.series}) == 1
    stepped = any((s.steps != np.arange(len(s))).any() and np.isfinite(s.steps).any() for s in found.series)
    return equal and not stepped and any(PREFIX + name in names for name in names)
