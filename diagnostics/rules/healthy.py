"""Nothing is wrong: the loss fell, and no other rule has a complaint.

What it means
    Every rule that could judge the run is clear. The numbers say how far the loss fell.

Why it matters
    A run that is fine should be left alone; most alarms of most tools are false.

Criterion
    At least MIN_POINTS finite points of train/loss, or what does instead (not_enough_data), and no other headline verdict. Said beside it: where both accuracies end under POOR and
    within CLOSE of each other, or validation's where it alone was logged; and where the loss moved by less than NO_FALL of its start since a first evaluation that came late;
    and where no validation was logged, the first batch is one as those since, and the levels of QUARTERS parts are within CLEAR of each other.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): a loss that falls and levels off, with validation close behind, is done.

Known limits
    Healthy means "nothing here speaks against it". Whether another model would do better cannot be read off one run.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.accuracy import accuracy
from diagnostics.stats.hardly_logged import began_unseen
from diagnostics.stats.held_by_start import NO_FALL
from diagnostics.stats.level import as_high_since, as_low_since, blocks, end, start
from diagnostics.stats.progress import Progress, progress

LEAST_EVALS = 3  # evaluations: fewer have no best to speak of
QUARTERS, CLEAR = 4, 4.0  # of the run; standard errors, which the farthest two of four levels reach once in forty times
POOR, CLOSE = 0.85, 0.05  # fraction right: low, and near each other


def check(run: Run) -> Iterator[Finding]:
    """Always holds; the engine prefers every other headline."""
    seen = progress(run, start(run[TRAIN_LOSS]))
    message, evidence = _went(run[seen.tag], seen.first, seen.last), [_fell(run[seen.tag], seen)]
    val = run.get(VAL_LOSS)
    if val is None or len(val.finite()) < LEAST_EVALS:
        message += "."
    else:
        ends = end(val)
        best = min(blocks(val).best, ends)  # medians of other points: the end may be the lower one
        lowest = float(val.finite().values.min())
        message += (
            f"; its best is {lowest:.3g}."
            if seen.tag == VAL_LOSS
            else f"; validation ends at {ends:.3g}, its best is {lowest:.3g}."
        )
        evidence.append(_held(val.finite(), ends, best))
    yield Finding("healthy", "info", message + _flat(run, seen) + _poor(run), tuple(evidence))


def _went(curve: Curve, first: float, last: float) -> str:
    what = "Validation" if curve.tag == VAL_LOSS else "The training"
    return f"{what} loss went from {first:.3g} to {last:.3g}"


def _fell(curve: Curve, seen: Progress) -> Evidence:
    said = "loss at the end, not to exceed the first"
    return Evidence(seen.tag, *_span(curve), said, seen.last, seen.first)


def _held(val: Curve, ends: float, best: float) -> Evidence:
    return Evidence(VAL_LOSS, *_span(val), "loss at the end, not to exceed its best by much", ends, best)


def _span(curve: Curve) -> tuple[int, int]:
    steps = curve.finite().steps
    return int(steps[0]), int(steps[-1])


def _flat(run: Run, seen: Progress) -> str:
    """Said where little moved since the first point, and that came late, or where all of it is noise."""
    if _all_noise(run):
        return " From batch to batch it differs by more than it has changed since its start: evaluate now and then, to see whether it learns."
    if not began_unseen(run) or abs(seen.share) > NO_FALL:
        return ""
    since = int(run[seen.tag].finite().steps[0])
    return f" It moved by {abs(seen.share):.1%} since step {since:,}; what was learned before is not in the log: evaluate once before the first step."


def _all_noise(run: Run) -> bool:
    """Whether the first batch is one as those since, the levels since do not differ, and no validation says more."""
    loss = run[TRAIN_LOSS].finite()
    val, levels = run.get(VAL_LOSS), blocks(loss, QUARTERS)
    known = (val is not None and len(val.finite()) >= LEAST_EVALS) or not (as_low_since(loss) and as_high_since(loss))
    return not known and float(np.ptp(levels.levels)) <= CLEAR * levels.error


def _poor(run: Run) -> str:
    """Said where all accuracies end low and close. No advice: trained again four times as wide, such runs got worse as often as better."""
    right = {tag: accuracy(run, tag) for tag in (TRAIN_ACCURACY, VAL_ACCURACY)}
    known = [a for a in right.values() if a is not None]
    if right[VAL_ACCURACY] is None or max(known) >= POOR or max(known) - min(known) > CLOSE:
        return ""
    what = "Both accuracies end" if len(known) == 2 else "Validation accuracy ends"
    return f" {what} near {max(known):.0%}; whether the labels allow more, one run cannot tell."


RULE = Rule(
    "healthy",
    "Healthy",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    fires={
        "a sound run": synthetic.healthy,
        "no validation": lambda: synthetic.make(synthetic.noisy(synthetic.falling())),
    },
    silent={},  # it holds for every run with enough points; which verdict wins is the engine's matter
)
