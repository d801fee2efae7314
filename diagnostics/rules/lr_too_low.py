"""Each step is too short: the loss hardly moves, or is still on its way down after a long run.

What it means
    The weights move in the right direction and hardly get anywhere. Twice the steps would still bring a good part of what
    the whole run has brought, and nothing bounces or overfits.

Why it matters
    A higher rate reaches the same loss in a fraction of the steps, and usually a lower one in the end.

Criterion
    Nothing is said of a loss that may be one of two networks against each other (see diverged) and stood ROSE above its start. A run that goes on is judged as one that has ended once it is FAR on the way that its settings plan in steps or epochs. Where update ratios were logged, one of these (steps at less than a third of the peak rate do not count, and a warmup that still goes on is no time to judge):

    - *Nothing moved.* No update moved a weight at all.
    - *Short steps.* Even in the tenth of the run in which they are longest, the median update is shorter than SHORT of the weights, the loss has not levelled off after more
      than FELL of its way (by however little it falls, at CLEAR standard errors it still does), more than SOLVED of the start is left, and validation does not rise.
    - *Shortish steps, still far to go.* The median is shorter than LONGEST there (while the run goes on, that of all also shorter than USUAL), and validation, and training where
      its batches let that be seen (LIKELY), still bring STRAIGHT of the whole fall per doubling of the steps; or, with a median shorter than USUAL, take BIG of the loss off,
      one of them at MEASURED standard errors.

    Where none was logged and the rate never fell below a third of its peak, all of these:

    - the loss falls by more than GAIN of the whole fall per doubling, or by BIG of itself (training at CLEAR standard errors or validation, both at LIKELY), and validation
      gains KEEPS_UP of what training surely gains (KEEPS_UP_LATE where less than LATE of the start is left);
    - the run has made LEAST_PASSES over the data, and MUCH of the start is left (less with every pass, any after LONG);
    - there is much to come: the next doublings, each compared with the one before as the last two compare, would bring LEFT of the fall so far, or the loss that is left
      shrinks by BIG each time and the last brought STEADY of the one before or more; but not SUDDEN times as much, as a loss that just left a plateau does.

    Or, whatever the schedule:

    - *The gradient points on.* Where update alignment was recorded, at a rate that had not come down: at the end of ten steps the gradient still points along them, by a cosine of ALIGNED or
      more on average and STILL in the second half of its measurements (SOME or more; while the run goes on ALIGNED_SO_FAR in both, of MANY, with more than FAR_TO_GO of the start left), at SURELY standard errors. Validation, or training where there
      are few evaluations, still gains GAIN of its fall per doubling, more than SOLVED of the start is left, updates stay below BEYOND (BEYOND_DOUBT where both cosines are above PLAIN and no update was half as long as the weights; times STRETCH) where they are longest, a pass is FEW_STEPS or
      more, no setting holds the network back, and the loss has no spikes (see loss_spike): without the noise of batches the way leads on at any rate that is stable.

    Or, where the longest ratios, if logged, stay below AIM (times STRETCH):

    - *Hardly begun.* In a run that has ended, after LEAST_PASSES of FEW_STEPS or more steps each at a rate that never fell below a third of its peak, both losses fall by STRAIGHT of the whole fall per doubling or more, at MEASURED standard errors, with more than BEGUN of the start left, and
      no setting holds the network back.

    Or, whatever the schedule, the loss goes down like a slide:

    - *Hardly any fall.* Less than HARDLY of its start over LEAST_POINTS points or steps or more, in a straight line that stands out of the noise, or, at a rate that never
      fell, by less than LITTLE where its halves differ by less than EVEN times; validation tells where the batches differ by more than training can have fallen.
    - *No fall, at a low rate.* Less than HARDLY of its start over LEAST_POINTS points or more, in whatever shape, at a rate of TIMID times a careful one for the optimizer or less, in a log
      without layers of a run that has ended.
    - *An even fall.* Validation fell evenly to the last, along the sum of the learning rate: no half brought more than BENDS (the second, SAGS) times the other, no quarter
      UNEVEN times another, with a noise under SMOOTH of the fall and more than SOLVED of the start left. Where the rate came down in a run that has ended and no
      setting holds the network back, it is enough that the last three quarters are so even, and the second half brought REST of the fall, with a noise under SHAKEN. While the run
      goes on, this is asked at a rate that has not come down, of MANY_EVALS evaluations or more with more than MOST_LEFT of the start left, and HARDLY_BENDS in
      place of BENDS. Where ratios were logged, the longest stay below AIM as well.

    Or, in a run that has ended and whose ratios, where they were logged, stay below that too:

    - *A long wait.* The first tenth of the fall took more than WAITED of the run, and validation came down from one evaluation to the next all the while (NEARLY_ALL of more than
      LEAST_FALLS, by DRIFT of its start), from weights that are not known to have begun too small: sound steps throw about what a network that learns nothing can still move.
    - *Only one lesson.* It ends by giving every example the same answer (as underfitting sees it, or with LATE_EVALS validation accuracies of its second half the same to the
      last digit, below HALF and no round share, with training no more accurate), and half of validation's fall to there, SHOWS of the start or more, took longer than SLOW of the run, along the sum of the learning rate, with no
      loss thrown up by JUMP of the start.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "loss goes down, but slowly, almost in a straight line → learning rate too
    low", and the update ratio "should be around 1e-3". The slope of the loss along the steps that were made, as a sign that they should be longer: Baydin et al., "Online Learning
    Rate Adaptation with Hypergradient Descent", ICLR 2018. Of the lab's networks, sound ones reach 1e-3 to 5e-2 in their longest tenth, at half of the best constant rate too;
    three in four of those with a rate 12 to 100 times too low never come to SHORT.
    Sound updates are STRETCH times as long with some optimizers, and the bounds on them with those. Where the first one was measured and the optimizer makes it as long as the
    rate says (Adam and its kin), the remedy brings it to SAFE of a sound one: the lab's runs so retrained end an eighth lower than by the longest updates. Where no ratio was logged, the remedy was looked up on the DeepOBS grid, where every other rate was tried: it lowers the final loss of all
    runs that the rule finds. Where every gradient was clipped to one norm below CUT, and the optimizer is not of Adam's kin, whose steps do not depend on it, the clip is what made them short,
    and is the first remedy.

Known limits
    Without update ratios and epochs nothing tells it from a run cut short, which is then said instead. Fine-tuning takes short steps on purpose: it
    is not judged by them where the config says that the weights were trained before, and a remark at most where the loss gains less than SURE of its fall.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, UPDATE_RATIO
from diagnostics import synthetic
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.clipped import clipped_to
from diagnostics.stats.decay import wanes
from diagnostics.stats.first_lesson import HALF, JUMP, LATE_EVALS, SHOWS, SLOW  # noqa: F401 (Criterion)
from diagnostics.stats.first_update import compared, rate_beside_usual
from diagnostics.stats.games import ROSE  # noqa: F401 (Criterion)
from diagnostics.stats.plan import FAR  # noqa: F401 (Criterion)
from diagnostics.stats.rates import family, highest, peak
from diagnostics.stats.rest import DRIFT, LEAST_FALLS, NEARLY_ALL  # noqa: F401 (Criterion)
from diagnostics.stats.short_steps import (  # noqa: F401 (Criterion)
    ALIGNED,
    ALIGNED_SO_FAR,
    BEGUN,
    BEYOND,
    BEYOND_DOUBT,
    BIG,
    CLEAR,
    EVEN,
    FAR_TO_GO,
    FELL,
    FEW_STEPS,
    GAIN,
    HARDLY,
    KEEPS_UP,
    KEEPS_UP_LATE,
    LATE,
    LEAST_PASSES,
    LEAST_POINTS,
    LEFT,
    LIKELY,
    LITTLE,
    LONG,
    LONGEST,
    MANY,
    MEASURED,
    MUCH,
    PLAIN,
    SHORT,
    SOLVED,
    SOME,
    STEADY,
    STILL,
    STRAIGHT,
    SUDDEN,
    SURELY,
    TIMID,
    WAITED,
)
from diagnostics.stats.slide import (  # noqa: F401 (Criterion)
    BENDS,
    HARDLY_BENDS,
    MANY_EVALS,
    MOST_LEFT,
    REST,
    SAGS,
    SHAKEN,
    SMOOTH,
    UNEVEN,
)
from diagnostics.stats.slow_signs import AIM, DECADE, SURE, slow  # noqa: F401 (Criterion)
from diagnostics.stats.strides import STRETCH, USUAL, Strides, strides, unmoved  # noqa: F401 (Criterion)

FARTHEST = 1000.0  # times: farther off, no curve tells how far; look again at that rate
CUT, CLIP = 0.05, 1.0  # gradient norms: no script in use clips so low, and what most clip to
SAFE = 0.5  # times a sound first update: a rate that is raised should not be too high next time


def check(run: Run) -> Iterator[Finding]:
    """Fires once: for steps that were measured to be short, or, where nobody measured them, for the shape of the fall."""
    seen = strides(run)
    if seen is not None and unmoved(run):
        yield _unmoved(seen)
    elif (found := slow(run)) is not None:
        remedies = _remedies(run, found.factor, found.why)
        yield Finding("lr_too_low", "warning" if found.sure else "info", found.said, found.evidence, remedies)


def _unmoved(seen: Strides) -> Finding:
    evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.last_step, "largest update ratio", 0.0, SHORT)
    said = "No update has moved a weight: the optimizer holds other parameters than the model's, no gradient reaches them, or the rate is 0."
    because = "what is not moved cannot learn, whatever the rate"
    action = "Give the optimizer this model's parameters, call backward() before step(), and set a rate above 0."
    return Finding(
        "lr_too_low", "error", said, (evidence,), (Remedy(action, "optimizer", because, value="model.parameters()"),)
    )


def _remedies(run: Run, factor: float, because: str) -> tuple[Remedy, ...]:
    top, rate, first = highest(run), peak(run) or 0.0, rate_beside_usual(run)
    if first is not None and 0 < first < SAFE:
        factor, because = max(float(f"{SAFE / first:.1g}"), 2.0), compared(first)
    elif top is not None and 0 < top < rate * factor:
        factor = max(float(f"{top / rate:.1g}"), 2.0)
        because = f"the curve asks for more, but rates above {top:g} are rare with this optimizer"
    factor = min(factor, FARTHEST)
    if run.state == RUNNING:
        factor = min(factor, DECADE)  # a loss that has only begun to fall tells that the rate is low, not how low
    now = f" to {factor * rate:.2g}{' at its peak' if wanes(run) else ''}" if rate else ""
    return (
        *_unclipped(run),
        Remedy(f"Raise the learning rate {factor:g} times{now}.", "lr", because, factor=factor),
        Remedy(
            "Warm up to it over the first 5 % of the steps.",
            "warmup",
            "a rate that is right later can be too much for fresh weights",
            value=0.05,
        ),
    )


def _unclipped(run: Run) -> tuple[Remedy, ...]:
    """Where every gradient was cut to next to nothing, and the optimizer's steps are as short by that."""
    norm = clipped_to(run)
    if norm is None or norm >= CUT or family(run) == "adam":
        return ()
    because = f"every gradient was cut to a norm of {norm:.2g}, which makes all steps as short, whatever the rate"
    return (Remedy(f"Clip the gradient norm at {CLIP:g}, or not at all.", "max_grad_norm", because, value=CLIP),)


def _slow_run(
    pace: float,
    *,
    ratio: float | np.ndarray | None = 1e-4,
    passes: float = 5.0,
    lr: float | np.ndarray = 1e-4,
    shaken: float = 0.02,
) -> Run:
    loss = synthetic.falling(2.3, 0.2, pace=pace)
    val = synthetic.noisy(loss + 0.01, shaken, seed=1)
    run = synthetic.make(synthetic.noisy(loss, 0.02), val, lr=lr, update_ratio=ratio)
    return synthetic.with_epochs(run, round(synthetic.STEPS / passes))


def _spent_run(*, pace: float = 2.0, jitter: float = 0.002, **settings: float) -> Run:
    """A loss that follows the sum of a cosine's rates."""
    lr = 1e-4 * (1 + np.cos(np.linspace(0, np.pi, synthetic.STEPS)))
    made = np.cumsum(lr) / lr.sum()
    loss = 0.2 + 2.1 * np.exp(-pace * made)
    run = synthetic.make(synthetic.noisy(loss, 0.02), synthetic.noisy(loss + 0.01, jitter, seed=1), lr=lr)
    return replace(run, config=settings)


def _left_late(at: int) -> Run:
    loss = np.r_[np.full(at, 2.3), synthetic.falling(2.3, 0.2, pace=1.5, steps=synthetic.STEPS - at)]
    late = synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-4)
    return synthetic.with_epochs(late, synthetic.STEPS // 100)


def _one_lesson(pace: float) -> Run:
    """Down to what the most frequent of many answers costs, and no further: every example gets that answer."""
    loss = synthetic.falling(4.6, 3.2, pace=pace)
    right = np.full(synthetic.STEPS, 0.1834)
    return synthetic.make(
        synthetic.noisy(loss, 0.02),
        synthetic.noisy(loss, 0.01, seed=1),
        train_accuracy=right,
        val_accuracy=right,
        lr=1e-3,
    )


def _waiting(slope: float) -> Run:
    """Half of the run at the start, where validation comes down by ``slope`` of it, or is thrown about."""
    flat = 2.3 * (1 - np.linspace(0, slope, 500))
    loss = np.r_[flat, synthetic.falling(float(flat[-1]), 0.2, pace=6.0, steps=500)]
    return synthetic.make(synthetic.noisy(loss, 0.02), loss if slope else synthetic.noisy(loss, 1e-3, seed=1), lr=1e-3)


def _hardly_begun(passes: float) -> Run:
    """Flat, and then falling ever faster, to three quarters of the start."""
    loss = 2.3 * (1 - 0.25 * np.linspace(0, 1, synthetic.STEPS) ** 2)
    run = synthetic.make(synthetic.noisy(loss, 0.005), loss, lr=1e-3)
    return synthetic.with_epochs(run, round(synthetic.STEPS / passes))


def _still_pointing(cosine: float) -> Run:
    """Still on its way down; where the gradient points after ten steps is all that tells."""
    loss = synthetic.falling(2.3, 0.4, pace=3.0)
    points = cosine + 0.1 * np.sin(np.arange(synthetic.STEPS))
    return synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=1e-3, update_alignment=points)


RULE = Rule(
    "lr_too_low",
    "Learning rate too low",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    explains=("predicts_uniformly", "update_ratio"),
    fires={
        "short steps": lambda: _slow_run(1.0),
        "hardly falling, in a straight line": lambda: synthetic.make(
            synthetic.noisy(np.linspace(2.3, 2.28, synthetic.STEPS), 0.002),
            np.linspace(2.3, 2.28, synthetic.STEPS),
            lr=1e-5,
        ),
        "no step at all": lambda: _slow_run(0.001, ratio=0.0),
        "short steps, hardly begun": lambda: _slow_run(1.0).until(100),
        "short steps, whatever the schedule": lambda: _slow_run(
            2.0, lr=1e-4 * (1 + np.cos(np.linspace(0, np.pi, 1000)))
        ),
        "steps that got short, and much to gain": lambda: _slow_run(1.0, ratio=np.geomspace(2e-3, 2e-4, 1000)),
        "many passes, no ratios": lambda: _slow_run(1.0, ratio=None, passes=100),
        "few passes, down an even slope without a tremor": lambda: _slow_run(1.0, ratio=None, shaken=0.0),
        "a spent schedule, down a slope that bends": lambda: _spent_run(jitter=0.01),
        "flat behind its noise, at a rate of 1e-5": lambda: synthetic.make(
            synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02), lr=1e-5
        ),
        "few passes, hardly moved": lambda: _slow_run(0.2, ratio=None, passes=15),
        "many passes, and only just begun": lambda: _hardly_begun(30),
        "nothing learned but the most frequent answer, and that slowly": lambda: _one_lesson(2.5),
        "half of the run on a slope that only validation shows": lambda: _waiting(0.01),
        "still falling, and the gradient points on along the steps": lambda: _still_pointing(0.4),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "flat behind its noise, at a usual rate": lambda: synthetic.make(
            synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02), lr=1e-3
        ),
        "only just begun, after few passes": lambda: _hardly_begun(3),
        "nothing learned but the most frequent answer, and that at once": lambda: _one_lesson(30.0),
        "half of the run where there is no slope": lambda: _waiting(0.0),
        "still falling, and the gradient points back": lambda: _still_pointing(-0.1),
        "cut short, at a good rate": lambda: _slow_run(1.0, ratio=5e-3),
        "few passes, no ratios": lambda: _slow_run(1.0, ratio=None),
        "forty passes, most of it done": lambda: _slow_run(1.7, ratio=None, passes=40),
        "a spent schedule, levelled off": lambda: _spent_run(pace=8.0),
        "a spent schedule that shook the weights": lambda: _spent_run(jitter=0.05),
        "a spent schedule of a network two units wide": lambda: _spent_run(jitter=0.01, width=2),
        "each doubling brings less": lambda: _slow_run(6.0, ratio=None, passes=100),
        "just off a plateau": lambda: _left_late(600),
        "decayed": lambda: _slow_run(1.0, ratio=None, passes=100, lr=np.where(np.arange(1000) < 800, 0.1, 0.001)),
        "long steps, decayed": lambda: _slow_run(1.0, ratio=5e-3, lr=np.where(np.arange(1000) < 800, 0.1, 0.001)),
        "levelled off": lambda: _slow_run(20.0, ratio=2e-4),
        "fine-tuning": lambda: replace(_slow_run(1.0), config={"pretrained": "bert-base-uncased"}),
        "in its warmup": lambda: _slow_run(1.0, ratio=np.linspace(1e-5, 5e-4, 1000), lr=np.linspace(1e-5, 5e-4, 1000)),
    },
)
