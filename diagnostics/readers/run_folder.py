"""Our own run folder, finished, crashed or still being written: ``collector.schema`` says what it holds.

Tails are read before parts: the writer deletes a tail only when the part with its rows is there, so no row is missed, and
rows met twice are told by their number within the attempt. A later attempt wins from its first step on.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from collector import run_file, schema
from collector.claims import GONE, alive
from diagnostics.curve import Curve
from diagnostics.readers import run_ranks
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.run_rows import Attempt, layer_rows, scalar_rows
from diagnostics.run import Run

TRAINING = ("train/", "optim/", "grad/")  # tags that only a training writes


def claims(path: Path) -> bool:
    """Whether ``path`` is a folder that holds ``run.json`` or ``scalars/``."""
    return path.is_dir() and schema.is_run(path)


def read(path: Path, limits: Limits | None = None) -> list[Run]:
    """The run in the folder ``path``, a list of one, with every row that can be read.

    Damage is told in the run's ``notes``, one line each.

    Raises:
        ReadError: neither ``run.json`` nor a single row can be read.
    """
    notes: list[str] = []
    about = _about(path, notes)
    attempts = scalar_rows(path, notes)
    if about is None and not attempts:
        raise ReadError(path, "; ".join(notes) or "no run.json and no rows; was the run folder copied whole?")
    cuts = _cuts(attempts)
    return [_run(path, about or {}, attempts, cuts, notes)]


def _run(path: Path, about: dict[str, Any], attempts: list[Attempt], cuts: list[float], notes: list[str]) -> Run:
    kept = [_where(a.table, a.steps < cut) for a, cut in zip(attempts, cuts, strict=True)]
    rewound = [_where(a.table, a.steps >= cut) for a, cut in zip(attempts, cuts, strict=True)]
    curves = _curves(kept)
    lost = sum(table.num_rows for table in rewound)
    if lost:
        notes.append(
            f"{lost:,} rows of an earlier attempt were overwritten by a later one; they are kept, but not judged"
        )
    layers = _layers(path, about, {a.number: cut for a, cut in zip(attempts, cuts, strict=True)}, notes)
    curves |= _totals(layers, curves)
    classes = about.get("classes")
    config = about.get("config")
    return Run(
        name=str(about.get("name") or path.resolve().name),
        epochs=curves.pop(schema.EPOCH, None),
        curves=curves,
        source=str(path),
        config=config if isinstance(config, dict) else {},
        classes=classes if isinstance(classes, int) else None,
        loss=_text(about.get("loss")),
        state=_text(about.get("state")),
        exception=_text(about.get("exception")),
        layers=layers,
        ranks=_ranks(path, notes),
        resumed_at=tuple(int(step) for a in attempts[1:] if (step := _first_trained(a)) < float("inf")),
        superseded={tag: curve for tag, curve in _curves(rewound).items() if tag != schema.EPOCH},
        notes=(*notes, *_remarks(about)),
    )


def _remarks(about: dict[str, Any]) -> list[str]:
    """What the collector noted while it recorded."""
    notes = about.get("notes")
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


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


def _cuts(attempts: list[Attempt]) -> list[float]:
    """The step from which a later attempt's rows replace those of each attempt; infinite for the last."""
    cuts, cut = [], float("inf")
    for attempt in reversed(attempts):
        cuts.append(cut)
        cut = min(cut, _first_trained(attempt))
    return cuts[::-1]


def _first_trained(attempt: Attempt) -> float:
    """The first step with a row of training; infinite for an attempt that only evaluated: it rewinds nothing."""
    names = [name for name in attempt.table.column_names if name.startswith(TRAINING)]
    first = [_first(attempt, name) for name in names]
    loss = first[names.index(schema.TRAIN_LOSS)] if schema.TRAIN_LOSS in names else float("inf")
    return loss if loss < float("inf") else min(first, default=float("inf"))


def _first(attempt: Attempt, name: str) -> float:
    steps = attempt.steps[attempt.table[name].is_valid().to_numpy()]
    return float(steps.min()) if steps.size else float("inf")


def _where(table: pa.Table, mask: Any) -> pa.Table:
    return table if mask.all() else table.filter(pa.array(mask))


def _curves(tables: list[pa.Table]) -> dict[str, Curve]:
    """A curve for every column that has a value, rows sorted by step, equal steps in the order they were logged."""
    filled = [table for table in tables if table.num_rows]
    if not filled:
        return {}
    table = pa.concat_tables(filled, promote_options="default")
    steps = table[schema.STEP].to_numpy()
    order = None if (np.diff(steps) >= 0).all() else np.argsort(steps, kind="stable")
    times = table[schema.WALL_TIME].to_numpy()
    names = [name for name in table.column_names if name not in (schema.STEP, schema.WALL_TIME)]
    return {name: curve for name in names if len(curve := _curve(name, steps, times, table[name], order))}


def _curve(tag: str, steps: Any, times: Any, column: pa.ChunkedArray, order: Any) -> Curve:
    """Null is absent and leaves no point; NaN is a value and stays."""
    values = column.to_numpy()
    if order is not None:
        steps, times, values = steps[order], times[order], values[order]
    curve = Curve(tag, steps, values, times)
    if not column.null_count:
        return curve
    present = column.is_valid().to_numpy()
    return curve.where(present if order is None else present[order])


def _layers(path: Path, about: dict[str, Any], cuts: dict[int, float], notes: list[str]) -> pd.DataFrame | None:
    """The layer table without what a resume rewound over; None when no layer was sampled."""
    found = [(a.number, a.table.to_pandas()) for a in layer_rows(path, notes)]
    found += run_ranks.whole_layers(path, about, notes).items()
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
        for tag, series in run_ranks.totals(layers)
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


def _ranks(path: Path, notes: list[str]) -> dict[int, dict[str, Curve]]:
    """What the ranks other than 0 recorded of themselves."""
    found = {}
    for rank, folder in run_ranks.folders(path).items():
        attempts = scalar_rows(folder, notes)
        about = run_file.read(folder)
        if about.get("state") == schema.CRASHED:
            notes.append(f"rank {rank} crashed: {about.get('exception')}")
        if rank and attempts:
            cuts = _cuts(attempts)
            kept = [_where(a.table, a.steps < cut) for a, cut in zip(attempts, cuts, strict=True)]
            found[rank] = {tag: curve for tag, curve in _curves(kept).items() if tag != schema.EPOCH}
    return found
