"""The schedule that a remedy asks for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diagnostics.report import Remedy
from diagnostics.rules.needs_decay import MORE
from diagnostics.run import Run
from diagnostics.schedules.own import own
from diagnostics.schedules.schedule import GRADUAL, Schedule
from diagnostics.schedules.start import length, start
from diagnostics.stats.decay import decay
from diagnostics.stats.rates import peak

LEAST = 1e-3  # of the rate before: below, a decay is a stop


def remedied(remedy: Remedy, run: Run, before: Sequence[Remedy] = ()) -> Schedule | None:
    """The run's own schedule, or a cosine where it is not known, changed as ``remedy`` says; None where that is about something else.

    ``before``: the remedies named ahead of it. A warm-up is one to the rate that they ask for.
    """
    asked = {
        "lr": _rate,
        "schedule": _shape,
        "decay_step": _later,
        "warmup_steps": _warmed,
        "warmup": _warmed,
        "steps": _longer,
    }.get(remedy.parameter)
    if asked is None or peak(run) is None or not run.last_step:
        return None
    raised = [one.factor for one in before if one.parameter == "lr" and one.factor]
    try:
        found = asked(remedy, run)
        return _times(found, raised[0]) if found and raised and remedy.parameter == "warmup" else found
    except ValueError:  # a run of two steps has no room for a warm-up of 100
        return None


def _followed(run: Run) -> Schedule:
    return own(run) or start(run)


def _rate(remedy: Remedy, run: Run) -> Schedule | None:
    """Another rate: from the start, or from a step on."""
    if isinstance(remedy.value, int | float):
        return Schedule("constant", float(remedy.value), length(run) or run.last_step)
    if remedy.factor is None:
        return None
    if remedy.from_step is not None:
        return _drop(run, remedy.from_step, remedy.factor, round((1 + MORE) * run.last_step))
    return _times(_followed(run), remedy.factor)


def _times(schedule: Schedule, factor: float) -> Schedule:
    return replace(schedule, peak=schedule.peak * factor, final=schedule.final * factor)


def _drop(run: Run, at: int, factor: float, total: int) -> Schedule:
    """The run as it was until step ``at``, at its peak, then ``factor`` times that."""
    return Schedule("multi_step", **_until_peak(run), total_steps=total, milestones=(at,), factor=factor)


def _until_peak(run: Run) -> dict[str, Any]:
    """The run's peak, and how it came to it."""
    base = _followed(run)
    names = () if base.kind == "one_cycle" or own(run) is None else ("warmup_steps", "warmup", "warmup_start")
    return {"peak": base.peak, **{name: getattr(base, name) for name in names}}


def _shape(remedy: Remedy, run: Run) -> Schedule | None:
    return Schedule(str(remedy.value), **_until_peak(run), total_steps=length(run) or run.last_step)


def _later(remedy: Remedy, run: Run) -> Schedule | None:
    """The drop it had, at a later step."""
    fall = decay(run)
    if fall is None or not isinstance(remedy.value, int | float):
        return None
    return _drop(run, int(remedy.value), max(fall.after / fall.before, LEAST), length(run) or run.last_step)


def _warmed(remedy: Remedy, run: Run) -> Schedule | None:
    """A rise from 0 over so many steps, or so much of all."""
    base = _followed(run)
    if not isinstance(remedy.value, int | float) or base.kind == "one_cycle":
        return None
    steps = remedy.value * base.total_steps if remedy.value < 1 else remedy.value
    return replace(base, warmup_steps=round(steps), warmup=GRADUAL, warmup_start=0.0)


def _longer(remedy: Remedy, run: Run) -> Schedule | None:
    base = _followed(run)
    return None if remedy.factor is None else replace(base, total_steps=round(base.total_steps * remedy.factor))
