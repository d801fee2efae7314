"""The curves of a run folder out of the rows of its attempts: a later attempt wins from its first trained step on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from collector import schema
from diagnostics.curve import Curve
from diagnostics.readers.run_folder.rows import Attempt

TRAINING = ("train/", "optim/", "grad/")  # tags that only a training writes


@dataclass(frozen=True)
class Scalars:
    """What the logged rows of a folder say.

    Attributes:
        curves: by tag, the epoch among them.
        superseded: curves by tag of what a later attempt overwrote, ``lost`` rows.
        resumed_at: the steps at which later attempts took over.
        cuts: by attempt, the step from which a later one replaces its rows; infinite for the last.
    """

    curves: dict[str, Curve]
    superseded: dict[str, Curve] = field(default_factory=dict)
    lost: int = 0
    resumed_at: tuple[int, ...] = ()
    cuts: dict[int, float] = field(default_factory=dict)


def scalars(attempts: Sequence[Attempt], curves: dict[str, Curve] | None = None) -> Scalars:
    """What the rows of ``attempts`` say; ``curves`` are those that stand, where they are known already."""
    cuts = cuts_of(attempts)
    rewound = [_where(a.table, a.steps >= cut) for a, cut in zip(attempts, cuts, strict=True)]
    begun = [step for a in attempts[1:] if (step := first_trained(a)) < float("inf")]
    return Scalars(
        curves=_curves(standing(attempts, cuts)) if curves is None else curves,
        superseded={tag: curve for tag, curve in _curves(rewound).items() if tag != schema.EPOCH},
        lost=sum(table.num_rows for table in rewound),
        resumed_at=tuple(int(step) for step in begun),
        cuts={a.number: cut for a, cut in zip(attempts, cuts, strict=True)},
    )


def standing(attempts: Sequence[Attempt], cuts: Sequence[float]) -> list[pa.Table]:
    """The rows of each attempt that no later one overwrote."""
    return [_where(a.table, a.steps < cut) for a, cut in zip(attempts, cuts, strict=True)]


def cuts_of(attempts: Sequence[Attempt]) -> list[float]:
    """The step from which a later attempt's rows replace those of each attempt; infinite for the last."""
    cuts, cut = [], float("inf")
    for attempt in reversed(attempts):
        cuts.append(cut)
        cut = min(cut, first_trained(attempt)) if attempt is not attempts[0] else cut
    return cuts[::-1]


def first_trained(attempt: Attempt) -> float:
    """The first step with a row of training; infinite for an attempt that only evaluated: it rewinds nothing."""
    names = [name for name in attempt.table.column_names if name.startswith(TRAINING)]
    loss = _first(attempt, schema.TRAIN_LOSS) if schema.TRAIN_LOSS in names else float("inf")
    return loss if loss < float("inf") else min((_first(attempt, name) for name in names), default=float("inf"))


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
