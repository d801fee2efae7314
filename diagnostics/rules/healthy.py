"""Nothing is wrong: the loss fell, and no other rule has a complaint.

What it means
    Every rule that could judge the run is clear. The numbers say how far the loss fell.

Why it matters
    A run that is fine should be left alone; most alarms of most tools are false.

Criterion
    At least MIN_POINTS finite points of train/loss, and no other headline verdict. Where both accuracies end under POOR and within CLOSE of each other, that
    is said.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): a loss that falls and levels off, with validation close behind, is done.

Known limits
    Healthy means "nothing here speaks against it". Whether another model would do better cannot be read off one run.
"""

from collections.abc import Iterator

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.accuracy import accuracy
from diagnostics.stats.level import blocks, end, start

POOR, CLOSE = 0.85, 0.05  # fraction right: low, and near each other


def check(run: Run) -> Iterator[Finding]:
    """Always holds; the engine prefers every other headline."""
    loss = run[TRAIN_LOSS].finite()
    first, last = start(loss), end(loss)
    evidence = [
        Evidence(
            TRAIN_LOSS,
            int(loss.steps[0]),
            int(loss.steps[-1]),
            "loss at the end, not to exceed the first",
            last,
            first,
        )
    ]
    message = f"The training loss went from {first:.3g} to {last:.3g} and nothing speaks against it."
    val = (run.get(VAL_LOSS) or loss).finite()
    if VAL_LOSS in run and len(val) >= 3:
        ends = end(val)
        best = min(blocks(val).best, ends)  # medians of other points: the end may be the lower one
        message = f"The training loss went from {first:.3g} to {last:.3g}; validation ends at {ends:.3g}, its best is {best:.3g}."
        evidence.append(
            Evidence(
                VAL_LOSS,
                int(val.steps[0]),
                int(val.steps[-1]),
                "loss at the end, not to exceed its best by much",
                ends,
                best,
            )
        )
    yield Finding("healthy", "info", message + _poor(run), tuple(evidence))


def _poor(run: Run) -> str:
    """Said where both accuracies end low and close. No advice: trained again four times as wide, such runs got worse as often as better."""
    right = {tag: accuracy(run, tag) for tag in (TRAIN_ACCURACY, VAL_ACCURACY)}
    low = [a for a in right.values() if a is not None and a < POOR]
    if len(low) < 2 or max(low) - min(low) > CLOSE:
        return ""
    return f" Both accuracies end near {max(low):.0%}; whether the labels allow more, one run cannot tell."


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
