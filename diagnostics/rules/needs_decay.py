"""The loss has levelled off at a constant learning rate and only jitters: shorter steps would settle lower.

What it means
    The rate was right for the way down and is too long for the bottom: the weights circle around the minimum at a distance that
    the rate sets.

Why it matters
    A decay costs nothing and lowers the loss at once, by the more the larger the jitter is beside what is left of the loss.

Criterion
    Either of two signs.

    - *Jitters.* The learning rate never fell below a third of its peak, or, where it was not logged, the jitter of the last third is more than UNDAMPED of that of the third before, as
      under no decay; validation (the averaged training loss, where it is too sparse) jumps from one evaluation to the next by more than JITTER (UNLOGGED) of its own level, or of FLOOR
      of the fall where less is left, over the second half of the run; and as many steps again are forecast to bring less than BRINGS times the jitter, which is what a decay brings.
      Where update alignment was recorded and is below PULLED on average (at PULLED_CLEAR standard errors), so that the gradient points back from wherever ten steps lead,
      PULLED_JITTER and PULLED_BRINGS are enough. Not where the excess loss was recorded and is under CALM of the loss and smaller than the jitter, and update alignment is above BACK: then validation was measured on other examples each time.
    - *Wanders.* The logged rate never fell below a third of its peak; the excess loss that was recorded over the last three quarters of the run is more than WANDERS of the loss of its second half, or of validation's
      at the end where that is higher, or of FLOOR of the fall where less is left, and clear by WANDERS_CLEAR standard errors (wider ones where it was measured but a few times, by Student's t); validation jumps by more than STIRS of its level, as it does where weights wander; and as many steps again are forecast to bring less than OUTDONE times as
      much.

    While the run goes on, neither is said while a schedule brings the rate down.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "loss plateaus at a constant rate → decay it". BRINGS and JITTER are our own, from
    real small networks trained twice, at a constant rate and with a tenth of it for the last 30 %: the decay took about twice the jitter off validation,
    and from JITTER on always more than a tenth of the loss. Excess loss is half of the slope along the way from the recent average of the weights to where they are, which in
    a quadratic bowl is how much lower the average stands (docs/adr/0013). WANDERS and OUTDONE: chosen by eye on the lab's runs. At a constant rate the
    sign is there in 22 of 30 that need a decay, in none of 68 healthy ones and in one of 73 that only need more steps.

Known limits
    A loss whose floor is high, from noise in the labels, hides the jitter; then a decay helps less as well. Excess loss is of the loss whose gradient was taken: where that is a
    multiple of the logged one, summed over a batch or accumulated without dividing, it is as many times too large; from the whole of the loss on it is not believed.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import EXCESS_LOSS, LR, RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.alignment import alignment
from diagnostics.stats.bounce import FLOOR, OF_LEVEL, UNDAMPED, Bounce, bounce, jitter, or_drawn, undamped  # noqa: F401 (the Criterion names two)
from diagnostics.stats.decay import coming_down, known_rate, wanes
from diagnostics.stats.forecast import forecast
from diagnostics.stats.level import end, start
from diagnostics.stats.levelled import falling
from diagnostics.stats.wandering import BACK, CALM, SHARE, calm, wandering  # noqa: F401 (Criterion)

JITTER = 0.08  # of the level: half as much again as any sound run of the DeepOBS grid has
BRINGS = 2.0  # times the jitter
# Mean cosine between ten steps and minus the gradient at their end, and standard errors. Chosen by eye on some ten runs of the lab with a jitter between half of JITTER and JITTER.
PULLED, PULLED_CLEAR = -0.08, 5.0
PULLED_JITTER, PULLED_BRINGS = JITTER / 2, BRINGS / 2
# Excess loss as a share of the loss, and standard errors; and how many times as much going on must promise where a decay is no better.
WANDERS, WANDERS_CLEAR, OUTDONE = 0.1, 2.0, 0.45
STIRS = 0.01  # of the level, as JITTER: what no evaluation shows is no wandering, but another loss than the one that was logged
UNLOGGED = 0.1  # the same where nobody logged the rate: an evaluation on other examples each time jitters as well
UP = 0.9  # of the peak: a rate that is no lower has not come down
FACTOR = 0.1  # the usual step, and the one that was tried
MORE = 0.4  # of the steps so far: what 30 % of a run is to the 70 % before it


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    if wanes(run) or (run.state == RUNNING and coming_down(run)):
        return
    if found := jitters(run) or wanders(run):
        yield found


def jitters(run: Run) -> Finding | None:
    """The first sign, whatever the rate did."""
    seen = bounce(run)  # too high a rate asks as well, with or without one
    if seen is None or not (known_rate(run) or undamped(run[seen.tag])):
        return None
    curve = run[seen.tag].finite()
    left, fall = end(curve), max(start(curve), start(run[TRAIN_LOSS])) - end(curve)
    share, brings = jitter(run, seen), 0.0
    if share > (JITTER if known_rate(run) else UNLOGGED):
        brings = BRINGS
    elif share > PULLED_JITTER and known_rate(run) and _pulled_back(run):
        brings = PULLED_BRINGS
    width = seen.share * fall
    if calm(run, width):
        return None
    if not brings or forecast(run, seen.tag).gain >= brings * width:
        return None
    said = f"has levelled off near {left:.3g} and jitters by {width:.3g}"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, OF_LEVEL, share, JITTER)
    return _finding(run, seen.tag, said, evidence, f"shorter steps settle inside the jitter of {width:.3g}")


def wanders(run: Run) -> Finding | None:
    """The second."""
    seen = wandering(run) if known_rate(run) else None
    if seen is None or seen.share <= WANDERS or seen.clarity <= WANDERS_CLEAR:
        return None
    shown, now = bounce(run), falling(run)
    if shown is not None and jitter(run, shown) <= STIRS:
        return None
    if now.now.gain >= OUTDONE * seen.gain:
        return None
    stands = "has levelled off" if now.levelled else "still falls,"
    said = f"the wandering of the weights makes up about {seen.gain:.2g} of the training loss of {seen.level:.3g}"
    evidence = Evidence(EXCESS_LOSS, seen.first_step, seen.last_step, SHARE, seen.share, WANDERS)
    why = "at the average of the last weights the training loss is lower by about that, and shorter steps settle there"
    return _finding(run, now.curve.tag, f"{stands} near {end(now.curve):.3g} and {said}", evidence, why)


def _pulled_back(run: Run) -> bool:
    """Whether the gradient points back from wherever ten steps lead: the weights circle, and a part of the jitter at least is theirs."""
    seen = alignment(run)
    return seen is not None and seen.gain < PULLED and seen.clarity > PULLED_CLEAR


def _finding(run: Run, tag: str, said: str, evidence: Evidence, why: str) -> Finding:
    what = "Validation loss" if tag == VAL_LOSS else "The averaged training loss"
    to = f"{FACTOR * float(run[LR].finite().values[-1]):.2g}" if known_rate(run) else "a tenth"
    more = int(float(f"{MORE * (run.last_step - int(run[TRAIN_LOSS].steps[0])):.2g}"))
    return Finding(
        "needs_decay",
        "info",
        f"{what} {said}, {_rate(run)}.{or_drawn(run, tag)}",
        (evidence,),
        (
            Remedy(
                f"Decay the learning rate to {to} and train {more:,} steps more.",
                "lr",
                why,
                factor=FACTOR,
                from_step=run.last_step,
            ),
            Remedy(
                "Next time, use a cosine schedule over the whole run.",
                "schedule",
                "it starts as fast and ends with steps as short as needed, with nothing to tune",
                value="cosine",
            ),
        ),
    )


def _rate(run: Run) -> str:
    """What the rate did meanwhile."""
    if not known_rate(run):
        return "as much as ever"
    rates = run[LR].finite().values
    left = float(rates[-1] / rates.max())
    return (
        "at a learning rate that never fell"
        if left > UP
        else f"at a learning rate that is still at {left:.0%} of its peak"
    )


def _circling(
    share: float, lr: Floats | float = 0.1, pace: float = 40.0, cosine: float | None = None, excess: float | None = None
) -> Run:
    level = synthetic.falling(2.3, 0.1, pace=pace)
    jumps = np.random.default_rng(1).choice([-1.0, 1.0], len(level))
    points = None if cosine is None else cosine + 0.1 * jumps
    costs = None if excess is None else excess * level * (1 + 2 * jumps)
    return synthetic.make(
        synthetic.noisy(level, 0.1), level * (1 + share * jumps), lr=lr, update_alignment=points, excess_loss=costs
    )


def _unlogged() -> Run:
    return _without_rate(_circling(0.16))


def _without_rate(run: Run) -> Run:
    return replace(run, curves={tag: curve for tag, curve in run.curves.items() if tag != LR})


def _seldom(run: Run) -> Run:
    measured = run[EXCESS_LOSS]
    return synthetic.with_curves(run, measured.where(measured.steps % 70 == 0))


def _calming() -> Run:
    run = _unlogged()
    val = run[VAL_LOSS]
    calm = np.linspace(1.0, 0.0, len(val))
    level = synthetic.falling(2.3, 0.1, pace=40.0)[val.steps - 1]
    return synthetic.with_curves(run, Curve(VAL_LOSS, val.steps, level + calm * (val.values - level)))


RULE = Rule(
    "needs_decay",
    "Needs decay",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    fires={
        "circling": lambda: _circling(0.16),
        "circling a little": lambda: _circling(0.12),
        "circling a little less, and the gradient points back": lambda: _circling(0.06, cosine=-0.2),
        "calm, and the weights wander": lambda: _circling(0.02, excess=0.2),
        "circling at a rate that nobody logged": _unlogged,
    },
    silent={
        "a healthy run": synthetic.healthy,
        "calm": lambda: _circling(0.02),
        "calm, and the weights hardly wander": lambda: _circling(0.02, excess=0.05),
        "calm, and some of the weights' wandering was measured, not clearly": lambda: _seldom(
            _circling(0.02, excess=0.2)
        ),
        "the weights wander at a rate that nobody logged": lambda: _without_rate(_circling(0.02, excess=0.2)),
        "still, so that no evaluation shows what the weights should do": lambda: _circling(0.005, excess=0.2),
        "calm, and more than the loss should be the wandering": lambda: _circling(0.02, excess=1.5),
        "on its way down, and the weights wander": lambda: _circling(0.02, pace=3.0, excess=0.2),
        "circling a little less, and the gradient points nowhere": lambda: _circling(0.06, cosine=0.0),
        "calmed down, at a rate that nobody logged": lambda: _calming(),
        "decayed": lambda: _circling(0.2, lr=synthetic.falling(0.1, 0.0, pace=6.0)),
        "on its way down": lambda: _circling(0.05, pace=3.0),
    },
)
