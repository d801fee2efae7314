"""Keep a run that was read from some log as a run folder of ours."""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collector import schema
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.run import Run


def keep(run: Run, folder: Path) -> Path:
    """Write ``run`` as a new run folder below ``folder`` and return its path. NaN, Inf and gaps stay what they are.

    Raises:
        FileExistsError: a run of that name is there already; nothing was written.
        OSError: ``folder`` cannot be written.
    """
    home = folder / file_name(run.name)
    (home / schema.SCALARS).mkdir(parents=True)
    table = _table(run)
    if table.num_rows:
        pq.write_table(table, home / schema.SCALARS / schema.part_name(1, 0, table.num_rows - 1), compression="zstd")
    if run.layers is not None:
        (home / schema.LAYERS).mkdir()
        layers = pa.Table.from_pandas(run.layers, schema=schema.LAYERS_SCHEMA, preserve_index=False)
        pq.write_table(
            layers, home / schema.LAYERS / schema.part_name(1, 0, max(layers.num_rows - 1, 0)), compression="zstd"
        )
    about = json.dumps(_about(run), default=repr)
    strict = json.loads(
        about, parse_constant=str
    )  # strict JSON has no NaN: a hyperparameter that is one becomes a word
    (home / schema.RUN_FILE).write_text(json.dumps(strict, indent=2) + "\n")
    return home


def file_name(name: str) -> str:
    """``name`` as one folder name: separators and what a file system refuses become hyphens."""
    return re.sub(r"[^\w.=+-]+", "-", name).strip(".-") or "run"


def _about(run: Run) -> dict[str, object]:
    return {
        "format_version": schema.FORMAT_VERSION,
        "name": run.name,
        "state": run.state or schema.FINISHED,
        "exception": run.exception,
        "config": dict(run.config),
        "classes": run.classes,
        "loss": run.loss,
        "attempts": [
            {"attempt": 1, "first_step": min((int(c.steps[0]) for c in run.curves.values() if len(c)), default=0)}
        ],
    }


def _table(run: Run) -> pa.Table:
    """One row a step, or as many as the curve with the most points at that step has."""
    keys = {tag: _keys(curve) for tag, curve in run.curves.items()}
    rows = np.unique(np.concatenate([*keys.values(), np.empty((0, 2), np.int64)]), axis=0)
    places = {tag: _place(rows, key) for tag, key in keys.items()}
    times = np.full(len(rows), np.nan)
    for tag, place in places.items():
        times[place] = np.where(np.isnan(times[place]), run[tag].wall_time, times[place])
    epochs = run.epochs.at(rows[:, 0]) if run.epochs is not None else np.full(len(rows), np.nan)
    columns = [pa.array(rows[:, 0]), pa.array(epochs, mask=np.isnan(epochs)), pa.array(times)]
    columns += [_column(len(rows), place, run[tag].values) for tag, place in places.items()]
    return pa.table(columns, schema=schema.scalars_schema(list(places)))


def _keys(curve: Curve) -> Ints:
    """[n, 2]: the step of each point, and its number among the points of that step."""
    first = np.searchsorted(curve.steps, curve.steps, side="left")
    return np.stack([curve.steps, np.arange(len(curve)) - first], axis=1)


def _place(rows: Ints, keys: Ints) -> Ints:
    """Where each of ``keys`` stands in the sorted ``rows``."""
    pair = np.dtype([("step", np.int64), ("nth", np.int64)])
    all_rows, wanted = (np.ascontiguousarray(a).view(pair).ravel() for a in (rows, keys))
    return np.searchsorted(all_rows, wanted)


def _column(length: int, place: Ints, values: Floats) -> pa.Array:
    """Null where nothing was logged; NaN stays a value."""
    column, absent = np.zeros(length), np.ones(length, bool)
    column[place], absent[place] = values, False
    return pa.array(column, mask=absent, from_pandas=False)
