"""TensorBoard event files and folders of them, as written by TensorFlow 1 and 2, Keras, ``torch.utils.tensorboard``,
tensorboardX, Lightning, the Hugging Face Trainer, Accelerate, JAX, CatBoost and everything else that logs to TensorBoard.

Read are scalars in every form (``simple_value`` and tensors of one number), the hyperparameters of the hparams plugin, and
Lightning's ``hparams.yaml`` beside. Several files in a folder are one run and its restarts. ``train/`` and ``validation/``,
the folders of ``add_scalars`` and of ``add_hparams`` belong to the run above them. Both checksums are checked: a record that is
damaged is left out and named. Values have the seven digits of float32: TensorBoard stores no more. Images, histograms, texts,
graphs and profiles are no curves and are only counted.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.settings import beside
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.tensorboard.event_file import EventFile, Points, read_events
from diagnostics.readers.tensorboard.event_folders import (
    VAL,
    Folder,
    Part,
    event_files,
    folders_below,
    is_named_so,
    is_split_in_two,
)
from diagnostics.readers.understanding import names

FIRST, LOOK = b"brain.Event:", 64  # in the first record of every event file; bytes looked at
HPARAMS = "hparams.yaml"  # Lightning's
SHARES = True  # a script's other logs often lie beside its event files
PER_EPOCH = "epoch_"  # Keras
NOTHING = "no scalar was logged in it; the training may not have flushed yet, or name another"


def claims(path: Path) -> bool:
    """Whether ``path`` is an event file, a folder that holds one, or one whose train/ and validation/ do."""
    if look.is_dir(path):
        return any(_is_events(file) for file in event_files(path)) or is_split_in_two(path)
    return look.is_file(path) and _is_events(path)


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs in an event file or in a folder and all folders below it.

    Raises:
        ReadError: no scalar was logged, or nothing of the file is sound.
    """
    if path.is_dir():
        folders = folders_below(path, limits)
    else:
        folders = [Folder(path, [Part(path.parent, [read_events(path, limits)])])]
    found = [log for folder in folders if (log := _log(folder)).series]
    if not found:
        notes = [note for folder in folders for note in _notes(folder)]
        raise ReadError(path, "; ".join([*notes[:1], NOTHING]))
    within = "" if path.is_dir() else _split_within(path.absolute().parent)
    return [replace(log, split=within) for log in found] if within else found


def _split_within(folder: Path) -> str:
    """The split of the files in ``folder``: Keras writes to train/ and validation/, CatBoost to learn/ and test/."""
    beside = is_split_in_two(folder.parent) and folder.name.lower() in VAL
    return names.VAL if beside else names.split_of(folder.name)


def _is_events(path: Path) -> bool:
    """By its first record; by its name where that is damaged or not there yet."""
    try:
        return is_named_so(path.name) or FIRST in look.head(path)[:LOOK]
    except OSError:
        return False


def _log(folder: Folder) -> Log:
    own = folder.path.is_dir()
    settings, wrong = beside(folder.path, HPARAMS) if own else ({}, [])
    series = _Joined(folder).series()
    if series and all(_counts_epochs(s) for s in series):
        series = [replace(s, epochs=s.steps) for s in series]
    name = folder.name if own else _file_name(folder.path)
    notes = (*_notes(folder), *wrong)
    return Log(name, str(folder.path), tuple(series), config=_config(folder, settings), notes=notes)


def _counts_epochs(series: Series) -> bool:
    """Whether this is one of Keras' means over an epoch, whose steps are epochs."""
    return series.name.rpartition("/")[2].startswith(PER_EPOCH) and bool((np.diff(series.steps) == 1).all())


def _file_name(path: Path) -> str:
    """A file under TensorBoard's own name is called after its folder."""
    return Folder(path.absolute().parent, [Part(path, [])]).name if is_named_so(path.name) else path.stem


def _config(folder: Folder, settings: Mapping[str, object]) -> dict[str, Any]:
    """The settings of the file beside, and those of the hparams plugin, which count where both say something."""
    return {**settings} | {
        name: value for part in folder.parts for file in part.files for name, value in file.config.items()
    }


def _notes(folder: Folder) -> list[str]:
    files = [file for part in folder.parts for file in part.files]
    left_out: Counter[str] = sum((file.left_out for file in files), Counter())
    told = [note for file in files for note in file.notes]
    if left_out:
        told.append(f"left out, being no curves: {', '.join(f'{n:,} {kind}' for kind, n in left_out.most_common())}")
    return told


class _Joined:
    """The tags of all files of a run as series with one order of records."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.files = [file for part in folder.parts for file in part.files]
        self.in_turn = len(folder.parts) == 1 and _in_turn(self.files)

    def series(self) -> list[Series]:
        """A series a name, in the order of the files."""
        found: dict[str, list[tuple[EventFile, Points]]] = {}
        for part in self.folder.parts:
            for tag in part.tags():
                name = part.name(tag) if part.name(tag) not in found else f"{part.folder.name}/{tag}"
                found[name] = [(file, file.points[tag]) for file in part.files if tag in file.points]
        orders = self._orders(found) if found else {}
        return [_series(name, [p for _, p in points], orders[name]) for name, points in found.items()]

    def _orders(self, found: dict[str, list[tuple[EventFile, Points]]]) -> dict[str, Ints]:
        """By name, the number of the record of each point; by its time where files were written at the same time."""
        if self.in_turn:
            before = dict(
                zip(map(id, self.files), np.cumsum([0, *(f.records for f in self.files)]).tolist(), strict=False)
            )
            return {n: np.concatenate([p.record + before[id(f)] for f, p in points]) for n, points in found.items()}
        times = [np.concatenate([p.time for _, p in points]) for points in found.values()]
        _, place = np.unique(np.concatenate(times), return_inverse=True)
        ends = np.cumsum([t.size for t in times])[:-1]
        return dict(zip(found, np.split(place.astype(np.int64), ends), strict=True))


def _in_turn(files: list[EventFile]) -> bool:
    """Whether each file (the oldest first) began after the one before had ended."""
    spans = [s for file in files if (s := _span(file)) is not None]
    return all(a[1] <= b[0] for a, b in pairwise(spans))


def _span(file: EventFile) -> tuple[float, float] | None:
    times = [p.time for p in file.points.values()]
    return (file.began, max(float(np.nanmax(t, initial=-np.inf)) for t in times)) if times else None


def _series(name: str, points: list[Points], order: Ints) -> Series:
    steps, values, time = (
        np.concatenate([getattr(p, column) for p in points]) for column in ("steps", "values", "time")
    )
    steps = steps.astype(np.float64)
    if (np.diff(order) < 0).any():
        rising = np.argsort(order, kind="stable")
        steps, values, time, order = steps[rising], values[rising], time[rising], order[rising]
    return Series(name, values, _said(steps), None, time, order)


def _said(steps: Floats) -> Floats:
    """``steps``, or NaN where each is 0: the writer was given none."""
    return np.full(steps.size, np.nan) if steps.size > 1 and not steps.any() else steps
