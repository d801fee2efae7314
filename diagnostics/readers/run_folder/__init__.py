"""Our own run folder, finished, crashed or still being written: ``collector.schema`` says what it holds.

Tails are read before parts: the writer deletes a tail only when the part with its rows is there, so no row is missed, and
rows met twice are told by their number within the attempt. A later attempt wins from its first step on.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collector import run_file, schema
from collector.claims import GONE, alive
from diagnostics.curve import Curve
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.run_folder import ranks
from diagnostics.readers.run_folder.curves import Scalars
from diagnostics.readers.run_folder.growth import Growth
from diagnostics.readers.run_folder.per_cent import as_fractions
from diagnostics.readers.run_folder.rows import layer_rows
from diagnostics.run import Run

BORN = "created_at"  # of run.json: another one is another run


def claims(path: Path) -> bool:
    """Whether ``path`` is a folder that holds ``run.json`` or ``scalars/``."""
    return path.is_dir() and schema.is_run(path)


def read(path: Path, limits: Limits | None = None) -> list[Run]:
    """The run in the folder ``path``, a list of one, with every row that can be read.

    Damage is told in the run's ``notes``, one line each.

    Raises:
        ReadError: neither ``run.json`` nor a single row can be read.
    """
    return [Followed(path).read()]


class Followed:
    """A run folder that is read again and again while it is written: what cannot have changed is not read again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._growth = Growth(path)
        self._ranks: dict[int, Growth] = {}
        self._layers: tuple[Any, pd.DataFrame | None, list[str]] | None = None

    def read(self) -> Run:
        """The run as it is now.

        Raises:
            ReadError: see above.
        """
        notes: list[str] = []
        about = _about(self._path, notes)
        scalars = self._growth.read(notes, (about or {}).get(BORN))
        if about is None and not scalars.cuts:
            raise ReadError(self._path, "; ".join(notes) or "no run.json and no rows; was the run folder copied whole?")
        return self._run(about or {}, scalars, notes)

    def _run(self, about: dict[str, Any], scalars: Scalars, notes: list[str]) -> Run:
        if scalars.lost:
            notes.append(
                f"{scalars.lost:,} rows of an earlier attempt were overwritten by a later one; they are kept, but not judged"
            )
        layers = self._layer_table(about, scalars.cuts, notes)
        curves = as_fractions({**scalars.curves, **_totals(layers, scalars.curves)}, notes)
        classes = about.get("classes")
        return Run(
            name=str(about.get("name") or self._path.resolve().name),
            epochs=curves.pop(schema.EPOCH, None),
            curves=curves,
            source=str(self._path),
            config=_config(about),
            classes=classes if isinstance(classes, int) else None,
            loss=_text(about.get("loss")),
            state=_text(about.get("state")),
            exception=_text(about.get("exception")),
            layers=layers,
            shapes=_shapes(about, schema.LAYERS),
            left_out=_shapes(about, schema.LEFT_OUT),
            ranks=self._other_ranks(notes),
            resumed_at=scalars.resumed_at,
            superseded=scalars.superseded,
            means=frozenset(_texts(about, schema.MEANS)),
            notes=(*notes, *_texts(about, "notes")),
        )

    def _layer_table(self, about: dict[str, Any], cuts: dict[int, float], notes: list[str]) -> pd.DataFrame | None:
        """The layer table; as it was when no part of it has come, gone or been cut since."""
        mark = None if ranks.folders(self._path) else (_listed(self._path / schema.LAYERS), cuts)
        if mark is None or self._layers is None or self._layers[0] != mark:
            remarks: list[str] = []
            self._layers = mark, _layers(self._path, about, cuts, remarks), remarks
        notes += self._layers[2]
        return self._layers[1]

    def _other_ranks(self, notes: list[str]) -> dict[int, dict[str, Curve]]:
        """What the ranks other than 0 recorded of themselves."""
        found = {}
        for rank, folder in ranks.folders(self._path).items():
            about = run_file.read(folder)
            scalars = self._ranks.setdefault(rank, Growth(folder)).read(notes, about.get(BORN))
            if about.get("state") == schema.CRASHED:
                notes.append(f"rank {rank} crashed: {about.get('exception')}")
            if rank and scalars.cuts:
                found[rank] = {tag: curve for tag, curve in scalars.curves.items() if tag != schema.EPOCH}
        return found


def _listed(folder: Path) -> frozenset[tuple[str, int]]:
    """Names and times of the files in ``folder``."""
    try:
        with os.scandir(folder) as entries:
            return frozenset((entry.name, entry.stat().st_mtime_ns) for entry in entries)
    except OSError:
        return frozenset()


def _texts(about: dict[str, Any], name: str) -> list[str]:
    """A list of texts, such as the notes that the collector made while it recorded."""
    found = about.get(name)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _config(about: dict[str, Any]) -> dict[str, Any]:
    """What the collector found for itself, and before that what the user said."""
    parts = about.get(schema.SETTINGS), about.get("config")
    return {name: value for part in parts if isinstance(part, dict) for name, value in part.items()}


def _shapes(about: dict[str, Any], key: str) -> dict[str, schema.Shape]:
    """Those under ``key`` by name; empty for a run that was recorded before they were kept."""
    told = about.get(key)
    found = {str(name): schema.Shape.parse(text) for name, text in told.items()} if isinstance(told, dict) else {}
    return {name: shape for name, shape in found.items() if shape is not None}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _about(path: Path, notes: list[str]) -> dict[str, Any] | None:
    """The content of ``run.json``; None and a note when it cannot be understood."""
    file = path / schema.RUN_FILE
    if not file.exists():
        notes.append(f"{schema.RUN_FILE} is missing: config, state and number of classes are unknown")
        return None
    try:
        about = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        notes.append(f"{schema.RUN_FILE} cannot be read ({error}): config, state and number of classes are unknown")
        return None
    if not isinstance(about, dict):
        notes.append(f"{schema.RUN_FILE} holds no JSON object: config, state and number of classes are unknown")
        return None
    if about.get("format_version", schema.FORMAT_VERSION) != schema.FORMAT_VERSION:
        notes.append(
            f"{schema.RUN_FILE} is of format version {about['format_version']}: update curvewise to read it fully"
        )
    if about.get("state") == schema.RUNNING and alive(path) is False:
        about |= {"state": schema.CRASHED, "exception": GONE}
    return about


def _layers(path: Path, about: dict[str, Any], cuts: dict[int, float], notes: list[str]) -> pd.DataFrame | None:
    """The layer table without what a resume rewound over; None when no layer was sampled."""
    found = [(a.number, a.table.to_pandas()) for a in layer_rows(path, notes)]
    found += ranks.whole_layers(path, about, notes).items()
    tables = [table[table[schema.STEP] < cuts.get(number, float("inf"))] for number, table in found]
    if not tables:
        return None
    frame: pd.DataFrame = pd.concat(tables)
    return frame.sort_values(schema.STEP, kind="stable", ignore_index=True)


def _totals(layers: pd.DataFrame | None, curves: dict[str, Curve]) -> dict[str, Curve]:
    """Update ratio and gradient norm of a sharded model, which no rank alone could know."""
    if layers is None or schema.UPDATE_RATIO in curves:
        return {}
    times = next((c for c in curves.values()), None)
    return {
        tag: Curve(tag, series.index.to_numpy(), series.to_numpy(), _times(series.index.to_numpy(), times))
        for tag, series in ranks.totals(layers)
        if tag not in curves and len(series)
    }


def _times(steps: Any, curve: Curve | None) -> Any:
    """Wall times of ``steps``, as far as ``curve`` has a point there."""
    times = np.full(len(steps), np.nan)
    if curve is not None and len(curve):
        at = np.minimum(np.searchsorted(curve.steps, steps), len(curve) - 1)
        known = curve.steps[at] == steps
        times[known] = curve.wall_time[at[known]]
    return times
