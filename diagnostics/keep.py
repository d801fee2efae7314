"""Keep a run that was read from some log as a run folder of ours."""

import errno
import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from collector import schema
from diagnostics.curve import Curve, Floats, Ints
from diagnostics.run import Run

TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # by who kept the same meanwhile


def keep(run: Run, folder: Path) -> Path:
    """Write ``run`` as a new run folder below ``folder`` and return its path. NaN, Inf and gaps stay what they are.

    Raises:
        FileExistsError: a run of that name is there already; nothing was written.
        OSError: ``folder`` cannot be written.
    """
    home = folder / file_name(run.name)
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(home):
        raise _already(home)
    with tempfile.TemporaryDirectory(prefix=".keeping-", dir=folder) as hidden:
        draft = Path(hidden) / home.name
        _write(run, draft)
        try:
            draft.rename(home)  # all at once: who watches the folder never reads half a run
        except OSError as error:
            raise _already(home) if error.errno in TAKEN else error from None
    return home


def _already(home: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(home))


def _write(run: Run, home: Path) -> None:
    (home / schema.SCALARS).mkdir(parents=True)
    attempts = _attempts(run)
    for number, curves in enumerate(attempts, 1):
        table = _table(curves, run.epochs)
        if table.num_rows:
            part = schema.part_name(number, 0, table.num_rows - 1)
            pq.write_table(table, home / schema.SCALARS / part, compression="zstd")
    if run.layers is not None:
        (home / schema.LAYERS).mkdir()
        layers = pa.Table.from_pandas(run.layers, schema=schema.LAYERS_SCHEMA, preserve_index=False)
        pq.write_table(
            layers, home / schema.LAYERS / schema.part_name(1, 0, max(layers.num_rows - 1, 0)), compression="zstd"
        )
    about = json.dumps(_about(run, attempts), default=repr)
    strict = json.loads(
        about, parse_constant=str
    )  # strict JSON has no NaN: a hyperparameter that is one becomes a word
    (home / schema.RUN_FILE).write_text(json.dumps(strict, indent=2) + "\n")


def file_name(name: str) -> str:
    """``name`` as one folder name: separators and what a file system refuses become hyphens."""
    return re.sub(r"[^\w.=+-]+", "-", name).strip(".-") or "run"


def numbered(names: Sequence[str]) -> list[str]:
    """``names`` that differ as folders: one that came before gets a number behind it."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        many = seen[file_name(name)] = seen.get(file_name(name), 0) + 1
        found.append(name if many == 1 else f"{name}-{many}")
    return found


def _attempts(run: Run) -> list[dict[str, Curve]]:
    """The curves of each attempt: what a resume overwrote belongs to an earlier one than what replaced it."""
    if not run.superseded:
        return [dict(run.curves)]
    resumed = min(int(curve.steps[0]) for curve in run.superseded.values())
    before = {tag: curve.where(curve.steps < resumed) for tag, curve in run.curves.items()}
    after = {tag: curve.where(curve.steps >= resumed) for tag, curve in run.curves.items()}
    for tag, curve in run.superseded.items():
        before[tag] = _joined(before[tag], curve) if tag in before else curve
    return [{tag: curve for tag, curve in curves.items() if len(curve)} for curves in (before, after)]


def _joined(first: Curve, then: Curve) -> Curve:
    steps, values = np.concatenate([first.steps, then.steps]), np.concatenate([first.values, then.values])
    return Curve(first.tag, steps, values, np.concatenate([first.wall_time, then.wall_time]))


def _about(run: Run, attempts: list[dict[str, Curve]]) -> dict[str, object]:
    firsts = [min((int(c.steps[0]) for c in curves.values() if len(c)), default=0) for curves in attempts]
    return {
        "format_version": schema.FORMAT_VERSION,
        "name": run.name,
        "state": run.state or schema.FINISHED,
        "exception": run.exception,
        "config": dict(run.config),
        "classes": run.classes,
        "loss": run.loss,
        schema.LAYERS: {name: str(shape) for name, shape in run.shapes.items()},
        schema.LEFT_OUT: {name: str(shape) for name, shape in run.left_out.items()},
        schema.MEANS: sorted(run.means),
        "attempts": [{"attempt": number, "first_step": first} for number, first in enumerate(firsts, 1)],
        "notes": list(run.notes),
    }


def _table(curves: Mapping[str, Curve], known: Curve | None) -> pa.Table:
    """One row a step, or as many as the curve with the most points at that step has."""
    keys = {tag: _keys(curve) for tag, curve in curves.items()}
    rows = np.unique(np.concatenate([*keys.values(), np.empty((0, 2), np.int64)]), axis=0)
    places = {tag: _place(rows, key) for tag, key in keys.items()}
    times = np.full(len(rows), np.nan)
    for tag, place in places.items():
        times[place] = np.where(np.isnan(times[place]), curves[tag].wall_time, times[place])
    epochs = known.at(rows[:, 0]) if known is not None else np.full(len(rows), np.nan)
    columns = [pa.array(rows[:, 0]), pa.array(epochs, mask=np.isnan(epochs)), pa.array(times)]
    columns += [_column(len(rows), place, curves[tag].values) for tag, place in places.items()]
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
