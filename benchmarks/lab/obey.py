"""Do what a report's first remedy says, train again, and see whether the validation loss ends lower.

A remedy is obeyed as a person would: a rate to be lowered from the last step on is lowered there and the run goes on; one to start
again with starts again, and so does a run whose rate has come down to nothing already. Advice that changes nothing in a training (look at a batch, log more often) cannot be obeyed, and says so.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.results import FOLDER, results
from benchmarks.lab.shelf import LabRun
from diagnostics import Remedy, Report

MORE = 0.4  # of the steps so far: what a decay from the last step on is given to settle, as 30 % of a run are to the 70 % before
WARMUP = 0.05  # of the steps, where a warmup is asked for without a length
BY_RULE = {"kaiming_normal", "kaiming_uniform", "he", "xavier_normal", "xavier_uniform", "glorot", "orthogonal"}


class CannotObey(Exception):
    """The remedy is not a change of a recipe; says why."""


def obeyed(recipe: Recipe, remedy: Remedy) -> Recipe:
    """``recipe`` as whoever obeys ``remedy`` trains it.

    Raises:
        CannotObey: the remedy names nothing that a recipe has.
    """
    change = CHANGES.get(remedy.parameter)
    if change is None:
        raise CannotObey(f"{remedy.parameter} is no part of a recipe")
    return change(recipe, remedy)


def outcome(lab_run: LabRun, report: Report, jobs: int = 1) -> dict[str, object]:
    """One row: run, truth, said, parameter, before, after, change; ``change`` is negative where obeying helped.

    ``after`` is None where there was no remedy or it cannot be obeyed; ``why`` says which.
    """
    row: dict[str, object] = {
        "run": lab_run.name,
        "truth": lab_run.truth,
        "said": report.verdict,
        "parameter": None,
        "before": lab_run.final_val,
    }
    remedies = report.headline.remedies
    if not remedies:
        return row | {"after": None, "change": None, "why": "no remedy"}
    row["parameter"] = remedies[0].parameter
    try:
        recipe = obeyed(lab_run.recipe, remedies[0])
    except CannotObey as no:
        return row | {"after": None, "change": None, "why": str(no)}
    after = _end(recipe, remedies[0], jobs)
    return row | {"after": after, "change": _change(lab_run.final_val, after), "why": ""}


def outcomes(pairs: list[tuple[LabRun, Report]], jobs: int = 1) -> pd.DataFrame:
    """A row of ``outcome`` for each run and its report; what is not remembered is trained first, ``jobs`` at a time."""
    results([recipe for pair in pairs if (recipe := _obeyed(*pair))], jobs, FOLDER)
    return pd.DataFrame([outcome(lab_run, report) for lab_run, report in pairs])


def _obeyed(lab_run: LabRun, report: Report) -> Recipe | None:
    try:
        return obeyed(lab_run.recipe, report.headline.remedies[0])
    except (CannotObey, IndexError):
        return None


def _end(recipe: Recipe, remedy: Remedy, jobs: int) -> float:
    """Validation loss where the obeying run ends; of a run that stops early, of that very checkpoint."""
    result = results([recipe], jobs, FOLDER)[recipe.quiet]
    return result.last if remedy.parameter == "stop_step" else result.val


def _change(before: float, after: float) -> float:
    """The change as a share of the loss before; -1 when only the new run is finite."""
    if not np.isfinite(before):
        return -1.0 if np.isfinite(after) else 0.0
    return (after - before) / before


def _number(remedy: Remedy) -> float:
    if isinstance(remedy.value, bool) or not isinstance(remedy.value, int | float):
        raise CannotObey(f"{remedy.parameter} = {remedy.value!r} is not a number")
    return float(remedy.value)


def _scaled(now: float, remedy: Remedy) -> float:
    return now * remedy.factor if remedy.factor is not None else _number(remedy)


def _lr(recipe: Recipe, remedy: Remedy) -> Recipe:
    if remedy.from_step is not None and not recipe.spent:
        return _decays_and_goes_on(recipe, remedy)
    return replace(recipe, lr=_scaled(recipe.lr, remedy))


def _decays_and_goes_on(recipe: Recipe, remedy: Remedy) -> Recipe:
    """The run as it was, then ``MORE`` of it at the rate it ended at times the factor."""
    steps = round(recipe.steps * (1 + MORE))
    last = recipe.rate(recipe.steps - 1)
    factor = remedy.factor if remedy.factor is not None else _number(remedy) / max(last, 1e-30)
    return replace(
        recipe.longer(steps / recipe.steps), final_drop=recipe.final_drop * factor, final_at=recipe.steps / steps
    )


def _steps(recipe: Recipe, remedy: Remedy) -> Recipe:
    return recipe.longer(_scaled(recipe.steps, remedy) / recipe.steps)


def _stop(recipe: Recipe, remedy: Remedy) -> Recipe:
    """The same run up to that step: its schedule is not squeezed."""
    return recipe.cut(max(1, round(_number(remedy))))


def _schedule(recipe: Recipe, remedy: Remedy) -> Recipe:
    if remedy.value not in ("cosine", "linear", "constant"):
        raise CannotObey(f"schedule {remedy.value!r} is not one of ours")
    return replace(recipe, schedule=str(remedy.value), horizon=1.0, floor=0.0, final_drop=1.0)


def _decay_step(recipe: Recipe, remedy: Remedy) -> Recipe:
    """The decay it has, later; one that came down smoothly becomes a step to a tenth."""
    at = min(1.0, _number(remedy) / recipe.steps)
    drop = recipe.drop if recipe.schedule == "step" else 0.1
    return replace(recipe, schedule="step", drop=drop, drop_at=at, horizon=1.0, floor=0.0)


def _warmup(recipe: Recipe, remedy: Remedy) -> Recipe:
    return replace(recipe, warmup=_number(remedy) if remedy.value is not True else WARMUP)


def _warmup_steps(recipe: Recipe, remedy: Remedy) -> Recipe:
    return replace(recipe, warmup=min(0.5, _number(remedy) / recipe.steps))


def _whole(name: str) -> Callable[[Recipe, Remedy], Recipe]:
    return lambda recipe, remedy: _set(recipe, name, max(1, round(_scaled(getattr(recipe, name), remedy))))


def _share(name: str) -> Callable[[Recipe, Remedy], Recipe]:
    return lambda recipe, remedy: _set(recipe, name, _scaled(getattr(recipe, name), remedy))


def _set(recipe: Recipe, name: str, value: Any) -> Recipe:
    return replace(recipe, **{name: value})


def _init(recipe: Recipe, remedy: Remedy) -> Recipe:
    if remedy.value not in BY_RULE:
        raise CannotObey(f"initialization {remedy.value!r} is not one of ours")
    return replace(recipe, init=str(remedy.value), init_scale=1.0)


def _normalization(recipe: Recipe, remedy: Remedy) -> Recipe:
    if recipe.model not in ("relu", "tanh", "gelu", "cnn", "resnet"):
        raise CannotObey(f"a {recipe.model} takes no {remedy.value}")
    return replace(recipe, normalization=str(remedy.value))


def _activation(recipe: Recipe, remedy: Remedy) -> Recipe:
    if recipe.model not in ("relu", "tanh", "gelu", "cnn", "resnet"):
        raise CannotObey(f"the activation of a {recipe.model} is part of it")
    return replace(recipe, activation=str(remedy.value))


CHANGES: dict[str, Callable[[Recipe, Remedy], Recipe]] = {
    "lr": _lr,
    "steps": _steps,
    "stop_step": _stop,
    "schedule": _schedule,
    "decay_step": _decay_step,
    "warmup": _warmup,
    "warmup_steps": _warmup_steps,
    "weight_decay": _share("weight_decay"),
    "dropout": _share("dropout"),
    "max_grad_norm": lambda recipe, remedy: replace(recipe, max_grad_norm=_number(remedy)),
    "width": _whole("width"),
    "depth": _whole("depth"),
    "batch_size": _whole("batch_size"),
    "init": _init,
    "init_scale": _share("init_scale"),
    "last_layer_scale": _share("last_layer_scale"),
    "normalization": _normalization,
    "activation": _activation,
}
