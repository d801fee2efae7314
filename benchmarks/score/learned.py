"""A judge that was taught: boosted trees on the same curves, taught the labels of some parts of the lab and asked about another.

Rules are written by people who look at runs and think. What trees make of the same runs says what else the curves hold, and whether it
holds for runs that were drawn in another way.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.score.confusion import macro_f1
from benchmarks.score.lab_page import UNSEEN, Part
from benchmarks.score.markdown import number, share, table
from collector.schema import (
    EXCESS_LOSS,
    GRAD_NORM,
    LR,
    TRAIN_ACCURACY,
    TRAIN_LOSS,
    UPDATE_ALIGNMENT,
    UPDATE_RATIO,
    VAL_ACCURACY,
    VAL_LOSS,
)
from diagnostics import Curve, Run
from diagnostics.steady import QUIET

CURVES = {
    "train": TRAIN_LOSS,
    "val": VAL_LOSS,
    "train_accuracy": TRAIN_ACCURACY,
    "val_accuracy": VAL_ACCURACY,
    "rate": LR,
    "update": UPDATE_RATIO,
    "grad": GRAD_NORM,
}
INSIDE = ("update_ratio", "grad_norm", "weight_norm")  # columns of the layer table
SETTINGS = ("lr", "weight_decay", "dropout", "batch_size", "max_grad_norm", "width", "depth")
OPTIMIZERS = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam", "adamax", "lion")
TIMES = (0, 0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)  # of the run
QUARTERS = (0, 0.25, 0.5, 0.75, 1)
TINY = 1e-12
LEVELS = re.compile(
    r"^set_|_(points|first|last)$|^steps$|^(" + "|".join(OPTIMIZERS) + ")$"
)  # features that have a unit
# Taught, and asked. In the first and the last, what the trees are asked about was drawn as something they were taught.
TURNS = (
    (("tuning", "test"), "check"),
    (("tuning", "test", "check"), "fresh"),
    (("tuning", "test", "check", "fresh"), "wild"),
    (("tuning", "test", "check", "fresh"), "redrawn"),
    (("tuning", "test", "check", "fresh"), "long"),
    (("tuning", "test", "check", "fresh"), "further"),
    (("tuning", "test", "check", "fresh"), "again"),
    (("tuning", "test", "check", "fresh"), "later"),
    (("tuning", "test", "check", "fresh", "wild", "redrawn", "long", "further", "again"), "later"),
)
WORDS = """### A learner, taught the same truths

Boosted trees (scikit-learn) that see the curves in fifteen stretches, their noise and slope in each quarter, the layers and the settings, and are taught the truths of other parts.
*The rules, unseen* is what the rules came to when the part was judged for the first time: the figure to hold the trees against. *Without levels*: blind to settings, to how long the run is
and to how high losses and rates are, which tell how a lab draws its runs and not what went wrong.
"""
AFTER = """
Of the healthy runs asked about last the trees named {alarms} a fault. What one draw has taught holds for another only in part: on runs drawn as none that they
were taught, the trees stay at or below what the rules were, unseen; where they know how a part is drawn (`check` by the code that drew the two before it, and the last line) they are ahead, by much that no rule may use. Every run of the lab whose rate falls
early was hurt by it, as those that were not have no label; its runs that need more steps are the short ones; and its sound rates are those of small networks, far
above what is usual elsewhere.
"""


def features(run: Run) -> dict[str, float]:
    """Numbers about ``run``; what it has no curve for has none."""
    steps = np.concatenate([curve.steps for curve in run.curves.values()])
    first, last = int(steps.min()), int(steps.max())
    found = {"steps": float(np.log(max(last, 1)))}
    for name, tag in CURVES.items():
        curve = run.curves[tag].finite() if tag in run.curves else None
        if curve is not None and len(curve) > 2:
            told = _of_curve(curve, (curve.steps - first) / max(last - first, 1))
            found |= {f"{name}_{what}": value for what, value in told.items()}
            found[f"{name}_broken"] = float(len(run.curves[tag]) - len(curve))
    return found | _of_alignment(run) | _of_excess(run) | _of_layers(run.layers) | _of_settings(run)


def _of_alignment(run: Run) -> dict[str, float]:
    """A cosine needs no scale and has a sign: its mean in each quarter."""
    curve = run.curves.get(UPDATE_ALIGNMENT)
    parts = [] if curve is None else np.array_split(curve.finite().values, len(QUARTERS) - 1)
    return {f"alignment{i}": float(part.mean()) for i, part in enumerate(parts) if len(part)}


def _of_excess(run: Run) -> dict[str, float]:
    """In each quarter as a share of the training loss there, and in standard errors."""
    if EXCESS_LOSS not in run or TRAIN_LOSS not in run:
        return {}
    found, losses = {}, run[TRAIN_LOSS].finite()
    for i, part in enumerate(np.array_split(run[EXCESS_LOSS].finite().values, len(QUARTERS) - 1)):
        level = abs(_mean(np.array_split(losses.values, len(QUARTERS) - 1)[i]))
        if len(part) > 2:
            found[f"excess{i}"] = float(part.mean()) / max(level, TINY)
            found[f"excess_clear{i}"] = float(part.mean()) / max(float(part.std()) / len(part) ** 0.5, TINY)
    return found


def _of_curve(curve: Curve, time: np.ndarray) -> dict[str, float]:
    """Heights at ``TIMES`` beside the first and, of the fall, beside the last; noise and slope of each quarter."""
    values = curve.values
    heights = [_mean(values[(time >= a) & (time <= b)]) for a, b in pairwise(TIMES)]
    begin, end = values[0], values[-max(1, len(values) // 20) :].mean()
    fall = max(abs(begin - np.nanmin(heights)), TINY)
    found = {"points": np.log(len(curve)), "first": _log(begin), "last": _log(end)}
    found |= {"best_at": time[np.argmin(values)], "above_best": _log(end) - _log(values.min())}
    for turn, height in enumerate(heights):
        found |= {f"height{turn}": _log(height) - _log(begin), f"left{turn}": (height - end) / fall}
    for a, b in pairwise(QUARTERS):
        there = (time >= a) & (time <= b)
        if there.sum() > 4:
            part = values[there]
            noise = max(float(np.median(np.abs(np.diff(part)))), TINY)
            slope = np.polyfit(time[there], part, 1)[0] * (b - a)
            found |= {f"noise{a}": noise / fall, f"shaking{a}": _log(noise) - _log(_mean(np.abs(part)))}
            found |= {f"top{a}": (part.max() - begin) / fall, f"slope{a}": slope / noise}
    return found


def _of_layers(layers: pd.DataFrame | None) -> dict[str, float]:
    """The smallest, middle and largest of all layers at four moments."""
    if layers is None or layers.empty:
        return {}
    found = {}
    for column in INSIDE:
        told = layers.groupby("step")[column].agg(["min", "median", "max"])
        for at in (0, 0.1, 0.5, 1):
            row = told.iloc[min(int(at * len(told)), len(told) - 1)]
            found |= {f"{column}_{which}{at}": _log(value) for which, value in row.items()}
    return found


def _of_settings(run: Run) -> dict[str, float]:
    optimizer = run.config.get("optimizer")
    found = {name: float(name == optimizer) for name in OPTIMIZERS} if optimizer in OPTIMIZERS else {}
    return found | {f"set_{n}": _log(value) for n in SETTINGS if (value := run.setting(n)) is not None}


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else np.nan


def _log(value: float) -> float:
    return float(np.log(max(value, TINY)))


def seen(part: Part) -> pd.DataFrame:
    """A row of features a run."""
    told = pd.DataFrame([features(case.run) for case in part.cases])
    return told.replace([np.inf, -np.inf], np.nan).clip(-50, 50)


def said(known: pd.DataFrame, truths: Sequence[str], asked: pd.DataFrame) -> list[str]:
    """The verdicts of trees on the runs ``asked``, taught the ``truths`` of those that are ``known``."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    known = known.loc[:, known.nunique() > 1]
    trees = HistGradientBoostingClassifier(
        learning_rate=0.09,
        max_iter=100,
        max_leaf_nodes=12,
        min_samples_leaf=8,
        l2_regularization=1.0,
        max_features=0.3,
        class_weight="balanced",
        random_state=0,
    )
    trees.fit(known.to_numpy(), list(truths))
    return [str(slug) for slug in trees.predict(asked.reindex(columns=known.columns).to_numpy())]


def as_text(parts: Sequence[Part]) -> str:
    """The section of the page, of the turns whose parts are all there."""
    by_name = {part.name: part for part in parts}
    turns = [(taught, asked) for taught, asked in TURNS if {*taught, asked} <= by_name.keys()]
    if not turns:
        return ""
    tables = {name: seen(part) for name, part in by_name.items()}
    rows = []
    for taught, asked in turns:
        part = by_name[asked]
        known, truths = pd.concat([tables[t] for t in taught]), [t for name in taught for t in by_name[name].truths]
        verdicts = said(known, truths, tables[asked])
        blind = said(known.drop(columns=[c for c in known if LEVELS.search(c)]), truths, tables[asked])
        f1 = [macro_f1(part.truths, verdicts), macro_f1(part.truths, blind), UNSEEN[asked], part.f1]
        rows.append([", ".join(taught), asked, *(number(value, 3) for value in f1)])
    sound = [v in QUIET for t, v in zip(part.truths, verdicts, strict=True) if t == "healthy"]
    head = ["taught", "asked", "trees", "without levels", "the rules, unseen", "the rules today"]
    alarms = share(len(sound) - sum(sound), len(sound))
    return f"{WORDS}\nMacro-F1:\n\n{table(head, rows)}{AFTER.format(alarms=alarms)}"
