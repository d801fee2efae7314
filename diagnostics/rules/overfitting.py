"""The network learns its training data by heart: validation gets worse, or stays far behind, while training goes on improving.

What it means
    Validation loss passed its best and rose while the training loss went on falling; or training is almost perfect and
    validation has stopped far behind it.

Why it matters
    Later checkpoints are worse than an earlier one, and more steps make it worse still.

Criterion
    One of these:

    - *Validation rose.* It ends more than RISE above its smoothed best and by more than WORTH of its own fall, clear of its jitter (RISEN standard errors), AFTER or more
      evaluations after that best, or with the order of MANY or more evaluations since that of a rise (CLIMBS); while the run goes on, once the evaluations since have
      gathered ENOUGH evidence (Page's cumulative sum of what each stands above the best, in noise widths). The training loss is lower than there (than at its start, where
      validation was best before); the rise is UNLED of the fall where training does not end below validation.
    - *Nothing carries over.* Of a network that was not trained before (its loss began at that of a guess, or its weights at a usual size), training fell by more than LEARNED of its start and validation ends
      above the loss of the untouched network less CARRIED of that fall, with no order of a fall over LEAST_SEEN evaluations or more (while the run goes on, once it is FAR on the way that its settings plan).
    - *Validation stayed behind.* It no longer improves, the gap is wide and training has nothing left to learn: ACCURACY_GAP between the accuracies with training at SURE or
      more, or, where no accuracy was logged, GAP of the fall between the losses with a training loss under SOLVED of validation's.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "wide train/val gap → overfitting, regularise". The rise over the smoothed minimum
    at 1.05 reaches macro-F1 0.97 on OverfitGuard's real curves, where a gap alone alarms on 64 % of healthy AlgoPerf runs; hence the gap
    here must come with training solved. WORTH and AFTER: chosen on half of the real histories of ``benchmarks/histories``, whose label is what data that
    neither part saw says of the last weights.

Known limits
    Without validation it cannot be seen. Validation loss may rise from overconfidence while accuracy still holds. A validation set of a hundred rows may rise
    where new data would not.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import RUNNING, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence, Finding, Remedy, Severity
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.run import Run
from diagnostics.stats.accuracy import Since, since
from diagnostics.stats.carried_over import CARRIED, LEARNED, LEAST_SEEN, not_carried  # noqa: F401 (the Criterion names some)
from diagnostics.stats.climb import climb
from diagnostics.stats.held_back import decoupled
from diagnostics.stats.level import end, start
from diagnostics.stats.plan import FAR  # noqa: F401 (Criterion)
from diagnostics.stats.relapse import rising
from diagnostics.stats.trend import trend
from diagnostics.stats.turning import SHORT, Turn, turn

RISE = 0.05  # of the best validation loss: see Source
WORTH = 0.005  # of the fall of validation: a rise from 0.050 to 0.055 after a fall from 2.3 is nothing
CLEAR = 3.0  # standard errors of a slope
RISEN = 3.5  # standard errors of the rise above the lowest of many levels, which noise alone puts 1.3 below their mean
UNLED = (
    0.02  # the same where training is not ahead, as under strong dropout: no gap speaks for it, so the rise alone must
)
AFTER = 4  # evaluations after the best: fewer are a blip
# standard errors of the order of that MANY evaluations, by Mann and Kendall's test: of the lab's and DeepOBS' sound runs that end above their best, none has more than 3.5
CLIMBS, MANY, MOST = 4.0, 10, 500  # the most of them that are compared, each with each
ENOUGH = 8.0  # noise widths of stats.climb: two evaluations far above the best, or more that are nearer
GAP = 0.15  # of the fall from the start
SOLVED = 0.02  # of the validation loss: training has nothing left to learn
ACCURACY_GAP = 0.1  # ten points of accuracy
SURE = 0.99  # training accuracy
LEAST_EVALS = 4  # evaluations to tell a rise from a blip
GAINING = 0.02  # of the fall per doubling: validation that gains more is not done
FELL = 0.02  # of the start: less is no fall
NEVER = "It never was clearly below its start: look whether the labels belong to their inputs."
SAVES = 0.05  # of the run: a checkpoint nearer to the end is as good as the last
MUCH = 0.25  # of the best validation loss: a rise that a little regularization does not mend
# For a small rise and for one of more than MUCH. Tried on the 38 overfit MLPs among the tuning histories: the loss on unseen data ended at 0.82 (weight
# decay) and 0.78 (dropout) of what it was, in the median; a fifth of these weight decays under AdamW brought 3 %.
DECAY, DECAY_ADAMW = (0.005, 0.02), (0.3, 1.0)
TIMES = (3.0, 10.0)  # what is set, at least
LOOKS = (  # where no regularization helps, as nothing true was learned
    Remedy(
        "Evaluate a part of the training data by the code that evaluates validation: its loss should be that of training.",
        "evaluation",
        "if it is not, the two are not prepared alike: scaled, tokenized or augmented otherwise",
        value="train",
    ),
    Remedy(
        "Look at ten inputs with their labels, as the network gets them.",
        "labels",
        "labels that do not belong to their inputs can only be learned by heart",
        value="look",
    ),
)
MORE_DROPOUT, MOST_DROPOUT = (0.2, 0.5), 0.5


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the rise, for validation that learned nothing, or for the gap."""
    seen = turn(run[VAL_LOSS])
    found, nothing = _rise(run, seen), _nothing_carried(run)
    found = found or nothing or (_accuracy_gap(run) if VAL_ACCURACY in run else _gap(run))
    if found:
        message, evidence, severity = found
        remedies = LOOKS if found is nothing else _remedies(run, seen)
        yield Finding("overfitting", severity, message, (evidence,), remedies)


Found = tuple[str, Evidence, Severity]


def _rise(run: Run, seen: Turn) -> Found | None:
    """Validation passed its best, rose clearly, and training went on falling since."""
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    worth = seen.above(RISE) and seen.rise > WORTH * (start(val) - seen.best)
    if not worth or not (climb(val) > ENOUGH if run.state == RUNNING else _clear(val, seen)):
        return None
    if train.steps[0] > max(seen.step, val.steps[1]) or end(train, SHORT) >= _around(train, seen.step):
        return None
    if end(train, SHORT) >= seen.last and seen.rise <= UNLED * (start(val) - seen.best):
        return None
    evidence = Evidence(
        VAL_LOSS,
        seen.step,
        int(val.steps[-1]),
        "median loss at the end over the median at its best",
        seen.last / seen.best if seen.best else np.inf,
        1 + RISE,
    )
    message = (
        f"Validation loss was best at step {seen.step:,} ({seen.lowest:.3g}) and rose to {seen.last:.3g} "
        f"while the training loss fell to {end(train, SHORT):.3g}."
    )
    return message + (f" {NEVER}" if _never_fell(run, seen) else ""), evidence, "warning"


def _never_fell(run: Run, seen: Turn) -> bool:
    """Whether validation was never clearly better than the untouched network: what was learned holds for no new example."""
    first = start(run[VAL_LOSS])
    return first > 0 and seen.best > (1 - FELL) * first


def _clear(val: Curve, seen: Turn) -> bool:
    """Whether the end of a run is above the best by more than the noise, or the order of all that came since is that of a rise: no more evidence is to come."""
    if seen.after < AFTER or seen.rise > RISEN * seen.error:
        return seen.after >= AFTER
    since = val.values[-seen.after - 1 :: 1 + seen.after // MOST]
    return seen.after >= MANY and rising(since) > CLIMBS


def _around(train: Curve, step: int) -> float:
    """Median training loss near ``step``: a fiftieth of the points to each side, at least three."""
    reach = max(3, len(train) // 50)
    at = int(np.searchsorted(train.steps, step))
    return float(np.median(train.values[max(0, at - reach) : at + reach + 1]))


def _nothing_carried(run: Run) -> Found | None:
    seen = not_carried(run)
    if seen is None:
        return None
    better = "no" if seen.share <= 0 else "hardly"
    said = f"The training loss went from {seen.first:.3g} to {seen.ends:.3g} and validation, at {seen.last:.3g}, is {better} better than before training: what is learned holds for no new example."
    what = "fall of validation over that of training"
    return said, Evidence(VAL_LOSS, *_late(run[VAL_LOSS].finite()), what, seen.share, CARRIED), "warning"


def _accuracy_gap(run: Run) -> Found | None:
    train, val = run.get(TRAIN_ACCURACY), run.get(VAL_ACCURACY)
    if train is None or val is None or min(len(train.finite()), len(val.finite())) < LEAST_EVALS:
        return None
    reached, gap = _mean_end(train), _mean_end(train) - end(val)
    if reached < SURE or gap < ACCURACY_GAP or _gaining(run[VAL_LOSS].finite()):
        return None
    evidence = Evidence(VAL_ACCURACY, *_late(val), "training minus validation accuracy", gap, ACCURACY_GAP, "fraction")
    message = f"Training accuracy is {reached:.1%}, validation only {end(val):.1%}, and validation no longer improves."
    return message, evidence, "info"


def _gap(run: Run) -> Found | None:
    train, val = run[TRAIN_LOSS].finite(), run[VAL_LOSS].finite()
    ends, last, fall = end(train), end(val), start(val) - end(train)
    if ends < 0 or last - ends <= GAP * fall or ends > SOLVED * last or _gaining(val):
        return None  # a loss below 0 is no share of another
    evidence = Evidence(VAL_LOSS, *_late(val), "gap to training as a share of the fall", (last - ends) / fall, GAP)
    return (
        f"Training loss is down to {ends:.3g}, validation stopped at {last:.3g} and no longer improves.",
        evidence,
        "info",
    )


def _gaining(val: Curve) -> bool:
    now = trend(val)
    return -now.gain > GAINING * (start(val) - end(val)) and now.clarity > CLEAR


def _mean_end(curve: Curve) -> float:
    values: Floats = curve.finite().values
    return float(values[-max(3, len(values) // 10) :].mean())


def _late(curve: Curve) -> tuple[int, int]:
    return int(curve.steps[len(curve) // 2]), int(curve.steps[-1])


def _remedies(run: Run, seen: Turn) -> tuple[Remedy, ...]:
    last = run.last_step
    saved = (last - seen.step) / max(1, last - min(int(run[TRAIN_LOSS].steps[0]), seen.step))
    much, untrained = seen.above(MUCH), seen.step <= 0 < run[TRAIN_LOSS].steps[0]
    nothing = untrained or saved < SAVES  # to go back to, or for
    accuracy = since(run, seen.step)
    only = (
        f" if the loss is what counts: by accuracy, {_gain(accuracy)}, the last weights are better"
        if accuracy and accuracy.rose
        else ""
    )
    stop = Remedy(
        f"Go back to the checkpoint of step {seen.step:,} and stop there{only}.",
        "stop_step",
        f"validation was {seen.lowest:.3g} there and is {seen.last:.3g} now; it saves {saved:.0%} of the run",
        value=seen.step,
    )
    return (
        *(() if nothing else (stop,)),
        _weight_decay(run, much),
        _dropout(run, much),
        Remedy(
            "Train on twice the data, or augment what there is.",
            "train_size",
            "what cannot be learnt by heart must be understood; no other remedy lifts the best itself as surely",
            factor=2.0,
        ),
    )


def _gain(accuracy: Since) -> str:
    return f"{accuracy.now:.1%} against {accuracy.then:.1%}"


def _weight_decay(run: Run, much: bool) -> Remedy:
    because = "smaller weights cannot fit single examples; so much of it helped 37 of 38 real small networks"
    apart = decoupled(run)
    value = (DECAY_ADAMW if apart else DECAY)[much]
    if now := run.setting("weight_decay"):
        factor = float(f"{max(TIMES[much], value / now):.2g}")
        return Remedy(f"Raise weight decay to {factor * now:.2g}.", "weight_decay", because, factor=factor)
    with_other = (
        "" if apart else f"; {DECAY_ADAMW[much]:g} with AdamW, whose decay is scaled by the learning rate alone"
    )
    return Remedy(f"Set weight decay to {value:g}{with_other}.", "weight_decay", because, value=value)


def _dropout(run: Run, much: bool) -> Remedy:
    value = round(min(MOST_DROPOUT, (run.setting("dropout") or 0.0) + MORE_DROPOUT[much]), 2)
    said = f"Put dropout of {value:g} before the last layers."
    because = "no unit can rely on another's single example; it helped 35 of 38 real small networks"
    return Remedy(said, "dropout", because, value=value)


def _turned(rise: float, *, last_train: float = 0.01) -> Run:
    """Validation that is best at a third of the run and then rises by ``rise``."""
    t = np.linspace(0, 1, synthetic.STEPS)
    val = synthetic.falling(2.3, 0.5, pace=20) + rise * np.clip(t - 1 / 3, 0, None) * 1.5
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last_train)), synthetic.noisy(val, 0.01, seed=1))


def _never_better() -> Run:
    """Labels drawn at random, learned by heart; validation was best before training."""
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.01)), np.linspace(2.3, 6.0, synthetic.STEPS))
    val = run[VAL_LOSS]
    return synthetic.with_curves(run, Curve(VAL_LOSS, np.r_[0, val.steps[1:]], val.values))


RULE = Rule(
    "overfitting",
    "Overfitting",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, VAL_LOSS: LEAST_EVALS},
    explains=("stop_earlier",),
    fires={
        "validation doubles": lambda: _turned(0.5),
        "validation rises by a fifth": lambda: _turned(0.1),
        "validation only ever rises": _never_better,
        "training solved, validation stuck": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 0.001, pace=15)), synthetic.falling(2.3, 0.9, pace=20)
        ),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "a rise within the jitter": lambda: _turned(0.01, last_train=0.3),
        "a log-likelihood, that is below 0 and still behind": lambda: synthetic.make(
            synthetic.falling(2.3, -1.07, pace=20), synthetic.falling(2.3, -0.93, pace=20)
        ),
        "both get worse": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 0.2) + np.linspace(0, 0.5, 1000)),
            synthetic.falling(2.3, 0.3) + np.linspace(0, 0.5, 1000),
        ),
    },
)
