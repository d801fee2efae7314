"""Training and validation agree, have levelled off, and are both poor: the model is too small or held back.

What it means
    There is no gap to close and no slope left to follow. The network cannot represent the task, or regularization keeps it from
    doing so.

Why it matters
    More steps, more data and more regularization bring nothing here; only a more capable or freer model does.

Criterion
    The training loss brings less than GAIN of its fall per doubling of the steps, or the learning rate is spent; the gap to validation is under
    GAP of the fall, or START_GAP of the first loss where more than POOR_LOSS of that is left; and both are poor: training and validation accuracy under POOR_ACCURACY, or, where no accuracy was logged, more than
    POOR_LOSS of the first loss left.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "no gap between train and val accuracy, both low → underfitting, bigger model".
    POOR_ACCURACY and POOR_LOSS: our own, calibrated on real small networks of 2 to 97 classes.

Known limits
    What is poor depends on the task: noise in the labels sets a floor that no model passes. Without accuracy the rule is only a hint.
"""

from collections.abc import Iterator

from collector.schema import TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.rules.not_enough_data import MIN_POINTS
from diagnostics.run import Run
from diagnostics.stats.decay import spent
from diagnostics.stats.level import end, start
from diagnostics.stats.trend import trend

GAIN = 0.04  # of the fall per doubling, as in keep_training
GAP = 0.08  # of the fall
START_GAP = 0.1  # of the first loss
POOR_ACCURACY = 0.85  # fraction right
POOR_LOSS = 0.5  # of the first loss
CLEAR = 2.5  # standard errors: levelled off must be sure, so a likely gain counts as one
LEAST_EVALS = 5  # evaluations for an end level that is not the start
WIDER = 2.0  # factor on the width: doubles the units, quadruples a layer's weights


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    fall = start(train) - end(train)
    gap = end(val) - end(train)
    if fall <= 0 or _still_falling(run, fall):
        return
    # where most of the first loss is left, the fall is no measure of a gap any more; then the first loss itself is
    little = end(train) > POOR_LOSS * start(train) > 0
    scale, limit, of = (start(train), START_GAP, "first loss") if little else (fall, GAP, "fall")
    if gap > limit * scale:
        return
    poor = _poor_accuracy(run) or _poor_loss(run)
    if poor:
        message, evidence, sure = poor
        span = evidence.first_step, evidence.last_step
        gap_evidence = Evidence(VAL_LOSS, *span, f"gap to training as a share of the {of}", gap / scale, limit)
        yield Finding("underfitting", "warning" if sure else "info", message, (evidence, gap_evidence), _remedies(run))


def _still_falling(run: Run, fall: float) -> bool:
    trends = [trend(run[tag]) for tag in (TRAIN_LOSS, VAL_LOSS)]
    return not spent(run) and any(-now.gain > GAIN * fall and now.clarity > CLEAR for now in trends)


def _poor_accuracy(run: Run) -> tuple[str, Evidence, bool] | None:
    train, val = run.get(TRAIN_ACCURACY), run.get(VAL_ACCURACY)
    if val is None or len(val.finite()) < LEAST_EVALS:
        return None
    reached = end(train) if train is not None and len(train.finite()) >= LEAST_EVALS else None
    if max(reached or 0.0, end(val)) >= POOR_ACCURACY:
        return None
    half = val.finite()
    evidence = Evidence(
        VAL_ACCURACY,
        int(half.steps[len(half) // 2]),
        int(half.steps[-1]),
        "validation accuracy",
        end(val),
        POOR_ACCURACY,
        "fraction",
    )
    said = (
        f"Validation accuracy has levelled off at {end(val):.1%} with the losses close together: no gap, and both poor."
    )
    if reached is not None:
        said = f"Training accuracy has levelled off at {reached:.1%} and validation at {end(val):.1%}: no gap, and both poor."
    return said, evidence, True


def _poor_loss(run: Run) -> tuple[str, Evidence, bool] | None:
    if VAL_ACCURACY in run or TRAIN_ACCURACY in run:
        return None
    loss = run[TRAIN_LOSS].finite()
    left = end(loss) / start(loss) if start(loss) > 0 else 0.0
    if left <= POOR_LOSS:
        return None
    evidence = Evidence(
        TRAIN_LOSS,
        int(loss.steps[len(loss) // 2]),
        int(loss.steps[-1]),
        "loss at the end as a share of the first",
        left,
        POOR_LOSS,
    )
    return (
        f"Training and validation loss have levelled off together with {left:.0%} of the first loss left.",
        evidence,
        False,
    )


def _remedies(run: Run) -> tuple[Remedy, ...]:
    decay = run.setting("weight_decay") or 0.0
    free = Remedy(
        "Turn weight decay off.", "weight_decay", f"at {decay:g} it pulls every weight towards zero", value=0.0
    )
    wide = Remedy(
        "Double the width of the hidden layers, or add one.",
        "width",
        "there is no gap to close, so capacity is what is missing",
        factor=WIDER,
    )
    return (free, wide) if decay > 0.01 else (wide,)  # 0.01 is AdamW's default in PyTorch: not strong


def _both(accuracy: float, gap: float = 0.0, pace: float = 12.0) -> Run:
    left = 2.3 * (1 - accuracy)
    right = accuracy - synthetic.falling(accuracy - 0.1, 0.0, pace=pace)
    return synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, left, pace=pace)),
        synthetic.falling(2.3, left + gap, pace=pace),
        train_accuracy=right,
        val_accuracy=right - gap / 4,
        lr=0.1,
    )


RULE = Rule(
    "underfitting",
    "Underfitting",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, VAL_LOSS: LEAST_EVALS},
    fires={
        "both at 60 %": lambda: _both(0.6),
        "both at 80 %": lambda: _both(0.8),
        "both at 40 %, a little apart": lambda: _both(0.4, gap=0.15),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "both at 97 %": lambda: _both(0.97),
        "a wide gap": lambda: _both(0.6, gap=0.8),
        "still falling": lambda: _both(0.6, pace=1.0),
    },
)
