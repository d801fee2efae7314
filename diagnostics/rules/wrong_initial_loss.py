"""The untrained network's loss is not that of a guess among the classes.

What it means
    Before the first step every class should be about equally likely: a cross-entropy of ln C among C classes, a multiclass hinge of C − 1. A higher
    loss is a confident wrong guess: the last layer starts too large, the inputs are not scaled, the loss is summed in place of
    averaged, or a penalty is in it. A much lower one knows the answer already.

Why it matters
    The first steps are spent on unlearning, at the steepest gradients of the run. A summed loss multiplies the learning rate by the batch size.

Criterion
    The loss before training is more than HIGH times that of a guess, a warning from VERY_HIGH on; or, where it was measured before the first
    step, less than LOW of it. Summed: within NEAR of the batch size times a guess.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"), step 1: check the initial loss. HIGH: PyTorch's and Keras' default
    starts, and AlgoPerf's, lie within 1.14 of a guess; a weight penalty in the loss (DeepOBS) brings 1.5.

Known limits
    Needs the loss' name and the number of classes. A log whose first point is an average over many steps starts lower than the network did. A pretrained
    network is meant to start low.
"""

from collections.abc import Iterator

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.guess import guess, unknown
from diagnostics.stats.level import start
from diagnostics.stats.summed import NEAR, summed  # noqa: F401 (the Criterion names the bound)

HIGH, VERY_HIGH = 1.3, 2.0  # times the loss of a guess
LOW = 0.5  # of the loss of a guess


def check(run: Run) -> Iterator[Finding]:
    """Fires once: for a loss far above a guess, or far below one."""
    expected = guess(run)
    if expected is None:
        return
    train, val = run[TRAIN_LOSS].finite(), run.get(VAL_LOSS)
    before = val.finite() if val is not None and len(val.finite()) and val.steps[0] < train.steps[0] else None
    # validation is measured without dropout and never summed, but the training loss is what the optimizer gets
    highest = max((c for c in (train, before) if c is not None), key=start)
    if start(highest) > HIGH * expected:
        yield _high(run, highest, expected)
    elif before is not None and start(before) < LOW * expected:
        yield _low(before, expected)


def _high(run: Run, curve: Curve, expected: float) -> Finding:
    ratio = start(curve) / expected
    batch = summed(run) if curve.tag == TRAIN_LOSS else None
    said = f"The first loss is {start(curve):.3g}, {float(f'{ratio:.2g}'):,g} times the {expected:.3g} of a guess among {run.classes:,} classes"
    more = f"; the batch holds {batch:g}, so it is summed, not averaged" if batch else ""
    return Finding(
        "wrong_initial_loss",
        "warning" if ratio >= VERY_HIGH else "info",
        f"{said}{more}.",
        (_evidence(curve, expected),),
        (_average(),) if batch else _smaller(ratio),
    )


def _low(curve: Curve, expected: float) -> Finding:
    said = f"Before the first step the loss is {start(curve):.3g}, below the {expected:.3g} of a guess: the network was trained before."
    return Finding("wrong_initial_loss", "info", said, (_evidence(curve, expected),))


def _evidence(curve: Curve, expected: float) -> Evidence:
    at = int(curve.steps[0])
    return Evidence(curve.tag, at, at, "first loss, against that of a guess", start(curve), expected)


def _average() -> Remedy:
    because = "a sum makes the gradient, and so the step, grow with the batch"
    return Remedy("Average the loss over the batch: reduction='mean'.", "reduction", because, value="mean")


def _smaller(ratio: float) -> tuple[Remedy, ...]:
    factor = float(f"{1 / ratio**2:.1g}")  # scores of spread s cost about s² / 2 more than a guess at first
    return (
        Remedy(
            f"Multiply the initial weights of the last layer by {factor:g}, or set them to 0.",
            "last_layer_scale",
            "scores near zero make every class equally likely",
            factor=factor,
        ),
        Remedy(
            "Standardise the inputs: subtract the mean, divide by the standard deviation.",
            "normalize_inputs",
            "inputs of 0 to 255 make scores a hundred times too large",
            value=True,
        ),
    )


def _starting(first: float, *, classes: int | None = 10, loss: str = "cross_entropy", batch: int | None = None) -> Run:
    values = synthetic.noisy(synthetic.falling(first, 0.1, pace=20))
    run = synthetic.make(values, synthetic.falling(min(first, 2.3), 0.12), classes=classes, loss=loss)
    return synthetic.with_config(run, batch_size=batch) if batch else run


RULE = Rule(
    "wrong_initial_loss",
    "Wrong initial loss",
    check,
    needs={TRAIN_LOSS: 1},
    cannot=unknown,
    fires={
        "four times a guess": lambda: _starting(9.2),
        "a half more than a guess": lambda: _starting(3.5),
        "summed over a batch of 64": lambda: _starting(2.3 * 64, batch=64),
        "a hinge loss that starts high": lambda: _starting(30.0, loss="hinge"),
    },
    silent={
        "a guess": lambda: _starting(2.3),
        "a hinge loss that starts at C − 1": lambda: _starting(9.0, loss="multiclass_hinge"),
        "the number of classes is not known": lambda: _starting(9.2, classes=None),
        "a regression": lambda: _starting(9.2, loss="mse"),
    },
)
