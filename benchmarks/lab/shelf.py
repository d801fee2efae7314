"""The lab's runs as they are shipped: curves in one Parquet file a part, labels in one CSV.

``load("tuning")`` takes no training and no torch. A curve is stored as it was logged, in float32, without wall times;
of the layer table every so many samples, and once what shapes the layers have.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.lab.recipe import Recipe
from collector.schema import EPOCH, EXCESS_LOSS, GRAD_NORM, LR, UPDATE_ALIGNMENT, UPDATE_RATIO, Shape
from diagnostics import Curve, Run

FOLDER = Path(__file__).parent / "curves"
LABELS = FOLDER / "labels.csv"
RATES = "rates"  # the grid of constant learning rates: its curves and its labels
INSIDE = (UPDATE_RATIO, UPDATE_ALIGNMENT, EXCESS_LOSS, GRAD_NORM)  # tags: of weights and gradients
KEPT = ("train/", "val/", LR, *INSIDE)  # tags; times and devices are those of our machine
LAYER_STEPS = 40  # samples of the layer table that are kept of a run
LAYER_COLUMNS = ["step", "layer", "weight_norm", "update_ratio", "grad_norm"]


@dataclass(frozen=True)
class LabRun:
    """One kept run.

    Attributes:
        run: as ``diagnose`` takes it.
        truth: the verdict that is a fact.
        name: subject, fault and variant.
        subject: data set, network and optimizer.
        recipe: what trained it, so that a remedy can be obeyed by training again.
        final_val: mean validation loss of the last 8 % of the run.
        best_val: the lowest on a grid of 20.
    """

    run: Run
    truth: str
    name: str
    subject: str
    recipe: Recipe
    final_val: float
    best_val: float


def load(part: str) -> list[LabRun]:
    """The runs of ``part``: ``tuning``, ``test``, ``check``, ``fresh``, ``wild``, ``redrawn`` or ``long``."""
    labels = pd.read_csv(LABELS)
    labels = labels[labels.part == part]
    curves, layers, shapes = _by_run(f"{part}.parquet"), _by_run(f"{part}_layers.parquet"), _shapes(part)
    return [_lab_run(row, curves[row.run], layers.get(row.run), shapes.get(row.run, {})) for row in labels.itertuples()]


def _shapes(part: str) -> dict[str, dict[str, Shape]]:
    """By run and layer; empty while nobody has written them."""
    file = f"{part}_shapes.parquet"
    tables = _by_run(file) if (FOLDER / file).exists() else {}
    read = {
        run: zip(table.layer.astype(str), table["shape"].map(Shape.parse), strict=True) for run, table in tables.items()
    }
    return {run: dict(pairs) for run, pairs in read.items()}


def _by_run(file: str) -> dict[str, pd.DataFrame]:
    return {str(run): rows for run, rows in pd.read_parquet(FOLDER / file).groupby("run", sort=False, observed=True)}


def _lab_run(row: Any, table: pd.DataFrame, layers: pd.DataFrame | None, shapes: dict[str, Shape]) -> LabRun:
    recipe = Recipe(**json.loads(row.recipe))
    return LabRun(
        run=replace(_run(row.run, recipe, table, layers, row.classes), shapes=shapes),
        truth=row.truth,
        name=row.run,
        subject=row.subject,
        recipe=recipe,
        final_val=row.final_val,
        best_val=row.best_val,
    )


def _run(name: str, recipe: Recipe, table: pd.DataFrame, layers: pd.DataFrame | None, classes: float) -> Run:
    curves = {
        str(tag): Curve(str(tag), rows.step.to_numpy(np.int64), rows.value.to_numpy(np.float64))
        for tag, rows in table.groupby("tag", sort=False, observed=True)
    }
    known = bool(classes == classes)
    return Run(
        name=name,
        epochs=curves.pop(EPOCH, None),
        curves=curves,
        config=recipe.config if recipe.log_config else recipe.seen if recipe.log_layers else {},
        classes=int(classes) if known and recipe.log_config else None,
        loss=(recipe.objective or ("cross_entropy" if known else "mse")) if recipe.log_config else None,
        state="finished",
        layers=None if layers is None else _wide(layers),
    )


def _wide(layers: pd.DataFrame) -> pd.DataFrame:
    """A layer table as a run folder gives it."""
    table = layers[LAYER_COLUMNS].astype(
        {"step": np.int64, "layer": str} | dict.fromkeys(LAYER_COLUMNS[2:], np.float64)
    )
    table.insert(3, "update_norm", table.update_ratio * table.weight_norm)
    return table.reset_index(drop=True)


def write_labels(labels: pd.DataFrame) -> None:
    """Write one row a kept run; the rows of the parts that ``labels`` has none of stay as they are."""
    text = StringIO(labels.to_csv(index=False, float_format="%.6g"))
    tables = [pd.read_csv(text, dtype=str, keep_default_na=False)]
    if LABELS.exists():
        before = pd.read_csv(LABELS, dtype=str, keep_default_na=False)
        tables.insert(0, before[~before.part.isin(labels.part)])
    pd.concat(tables, ignore_index=True).to_csv(LABELS, index=False)


def write_shapes(shapes: Mapping[str, Mapping[str, Shape]], part: str) -> None:
    """Write the shapes of the layers of ``part``, by run and layer."""
    rows = [(run, layer, str(shape)) for run, layers in shapes.items() for layer, shape in layers.items()]
    write(pd.DataFrame(rows, columns=["run", "layer", "shape"]).astype("category"), f"{part}_shapes")


def pack(runs: Iterable[tuple[Run, Recipe]], part: str) -> None:
    """Write the curves and layers of ``part``."""
    both = [(_long(run, recipe), _thin(run, recipe)) for run, recipe in runs]
    curves = pd.concat([curves for curves, _ in both], ignore_index=True)
    layers = pd.concat([layers for _, layers in both], ignore_index=True)
    small = dict.fromkeys(LAYER_COLUMNS[2:], np.float32)
    write(curves.astype({"run": "category", "tag": "category", "step": np.int32, "value": np.float32}), part)
    write(layers.astype({"run": "category", "layer": "category", "step": np.int32, **small}), f"{part}_layers")


def write(table: pd.DataFrame, name: str) -> None:
    """Write ``table`` as small as it gets."""
    FOLDER.mkdir(exist_ok=True)
    table.to_parquet(FOLDER / f"{name}.parquet", compression="zstd", compression_level=19, index=False)


def _thin(run: Run, recipe: Recipe) -> pd.DataFrame:
    """At most ``LAYER_STEPS`` samples of the layer table, whole ones."""
    if run.layers is None or not recipe.log_layers:
        return pd.DataFrame(columns=["run", *LAYER_COLUMNS])
    steps = run.layers.step.unique()
    kept = steps[np.unique(np.linspace(0, len(steps) - 1, LAYER_STEPS).round().astype(int))]
    return run.layers.loc[run.layers.step.isin(kept), LAYER_COLUMNS].assign(run=run.name)


def _long(run: Run, recipe: Recipe) -> pd.DataFrame:
    left_out = (() if recipe.log_lr else (LR,)) + (() if recipe.log_layers else INSIDE)
    curves = {tag: c for tag, c in run.curves.items() if tag.startswith(KEPT) and not tag.startswith(left_out)}
    if run.epochs is not None:
        curves[EPOCH] = run.epochs
    tables = [pd.DataFrame({"tag": tag, "step": c.steps, "value": c.values}) for tag, c in curves.items()]
    return pd.concat(tables).assign(run=run.name)[["run", "tag", "step", "value"]]
