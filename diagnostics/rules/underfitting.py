"""Training and validation agree, have levelled off, and are both poor: the model is too small or held back.

What it means
    There is no gap to close and no slope left to follow. The network cannot represent the task, or regularization keeps it from
    doing so.

Why it matters
    More steps, more data and more regularization bring nothing here; only a more capable or freer model does.

Criterion
    The loss has levelled off, as keep_training sees it (while the run goes on: beyond doubt, until it is FAR on the way that its settings plan in steps or epochs), or the learning rate is spent; validation ends below RATIO times training; and
    something says that both are poor.

    Either a setting that explains it (also where that was so at two neighbours among EARLIER, and training ends above LEFT of where it stood then), while training is under SOLVED_ACCURACY or has more than SOLVED of its first loss left, and validation ends below CLOSE times training and
    the error of its level:

    - *A narrow layer*, of NARROW units or less: the width of the settings, or else of the widest layer before the last, and of a residual network (whose last layer takes as many as the
      first gives) that of the stream; adapters (LoRA) say nothing of it.
    - *Heavy dropout*, of HEAVY_DROPOUT or more, with more than FAR_DOWN of the first loss left in training.
    - *Strong weight decay*, of STRONG or more (STRONG_ADAMW where the optimizer takes it off the weights itself, as AdamW and Lion do), by which the weights have shrunk below
      SHRUNK of their height, or, from PULLS times as strong on, whose pull (it times their squared norm, at rest the slope of the loss along the logarithm of that norm) is above PULL of the first
      loss (not with those, whose decay is no part of the gradient), or, where no weights were recorded and the optimizer is known, that is ABSURD times as strong, or,
      from MUCH times STRONG_ADAMW on, with which the weights reach back no more than BRIEF of the steps (1 / (decay · sum of the rates)).

    Or, once the run has ended or is as far, a network that says the same to every example:

    - neither accuracy rose by more than RISE since the start, and both are within LUCK of a guess among the classes (two, where nobody said);
    - both losses end within a few per cent of what one answer to every example costs: a guess, or, where the accuracies are those of constant answers, at most
      H(p) + (1 − p) ln(C − 1) for one that is right with p;
    - where nobody said among how many classes: validation accuracies that are the same but for one change, or of which none is above LUCK · e^−loss while
      validation is where it began.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "no gap between train and val accuracy, both low → underfitting, bigger model".
    A level alone tells nothing: language, advertisements and augmented images end high in healthy runs of AlgoPerf. Bounds: our own,
    calibrated on real small networks of 2 to 97 classes. What a constant answer costs: Fano's inequality; that e^−loss
    is at most the mean probability of the truth: Jensen's. With AdamW the weights are a running average of its updates, over 1 / (rate · decay) steps (Wang & Aitchison, "How to set
    AdamW's weight decay as you scale model and dataset size", 2024).

Known limits
    What is poor depends on the task: noise in the labels sets a floor that no model passes. So a low accuracy alone is no fault: of 18 runs of the lab in which
    both had levelled off together under 85 %, 12 were as good as their data let them be. healthy then says how low it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from collector.schema import LR, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy, Severity
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.rules.predicts_uniformly import FIND_OUT
from diagnostics.run import Run
from diagnostics.stats.accuracy import (  # noqa: F401  (Criterion)
    LEAST_EVALS,
    LUCK,
    RISE,
    SOLVED,
    SOLVED_ACCURACY,
    accuracy,
    at_chance,
    solved,
)
from diagnostics.stats.alike import alike
from diagnostics.stats.decay import spent
from diagnostics.stats.earlier import EARLIER, stood  # noqa: F401 (Criterion)
from diagnostics.stats.frozen import THAW, frozen
from diagnostics.stats.guess import guess
from diagnostics.stats.held_back import (  # noqa: F401  (Criterion)
    ABSURD,
    BRIEF,
    CLOSE,
    HEAVY_DROPOUT,
    MUCH,
    NARROW,
    PULL,
    PULLS,
    SHRUNK,
    STRONG,
    STRONG_ADAMW,
    HeldBack,
    decayed,
    held_back,
    width,
)
from diagnostics.stats.level import before_training, end, start
from diagnostics.stats.levelled import falling
from diagnostics.stats.plan import FAR, early  # noqa: F401 (Criterion)
from diagnostics.stats.small_weights import began_sound

LEFT = 0.7  # of the loss that it rested at: a network that gets lower was held back by nothing
RATIO = 1.3  # validation over training loss: no gap worth the name
LEARNED = 0.97  # of the first loss: what is still above has learned nothing, which is another matter unless a decay took the weights
FAR_DOWN = 0.1  # of the first loss, with units dropped: of the lab's runs that less dropout cured none came so low
ENOUGH_UNITS = 32  # units: what small tasks are solved with
WIDER = 4.0  # factor on the width where it is not known
USUAL = 0.01  # of a weight decay of STRONG or more: about the usual one
USUAL_DROPOUT = 0.2


@dataclass(frozen=True)
class Poor:
    """What says that a run is poor, in words and numbers, and what to change first."""

    message: str
    evidence: Evidence
    severity: Severity
    remedies: tuple[Remedy, ...]


def check(run: Run) -> Iterator[Finding]:
    """Fires once."""
    found = _found(run) or (_found_before(run) if held_back(run) else None)
    if found:
        yield found


def _found(run: Run) -> Finding | None:
    train, val = end(run[TRAIN_LOSS]), end(run[VAL_LOSS])
    first = before_training(run)
    if run[TRAIN_LOSS].finite().steps[-1] < _late(run, VAL_LOSS)[0]:
        return None  # training was no longer logged: the two ends are of different times
    done = spent(run) or (falling(run).surely if early(run) else falling(run).levelled)
    if not done or not 0 < val < RATIO * train:
        return None
    poor = _why(run, learned=val < LEARNED * first and not alike(run))
    if poor is None:
        return None
    gap = Evidence(VAL_LOSS, *_late(run, VAL_LOSS), "validation over training loss at the end", val / train, RATIO)
    return Finding("underfitting", poor.severity, poor.message, (poor.evidence, gap), poor.remedies)


def _found_before(run: Run) -> Finding | None:
    """The same before its end: a small step out of a long rest does not make such a network a good one."""
    seen = None if solved(run) else stood(run, lambda then: None if RULE.missing(then) else _found(then))
    if seen is None or end(run[TRAIN_LOSS]) <= LEFT * end(seen[0][TRAIN_LOSS]):
        return None
    then, found = seen
    ends = f"{end(run[TRAIN_LOSS]):.3g} and {end(run[VAL_LOSS]):.3g}"
    return replace(found, message=f"At step {then.last_step:,}: {found.message} They end at {ends}.")


def _why(run: Run, learned: bool) -> Poor | None:
    """What says that the run is poor; of a network that learned nothing, only a decay that took its weights, or an accuracy that never rose."""
    held = None if learned and (solved(run) or _learns_for_all_that(run)) else held_back(run)
    if held or early(run):  # what has learned nothing yet may sit on a plateau
        return _poor(run, held) if held else None
    return _nothing(run) if at_chance(run) or alike(run) else None


def _learns_for_all_that(run: Run) -> bool:
    """Whether training, dropout and all, is far down: then the network is not too small for the task, and may need the dropout."""
    held = held_back(run)
    return held is not None and held.parameter == "dropout" and end(run[TRAIN_LOSS]) < FAR_DOWN * before_training(run)


def cannot(run: Run) -> str | None:
    """Without a setting that could explain it or the loss of a guess, no level is known to be poor."""
    known = width(run) or run.setting("weight_decay") or run.setting("dropout") or run.classes
    if known or VAL_ACCURACY in run:
        return None
    return "how low the loss could go is not known: say classes, or width, weight_decay and dropout in the config"


def _late(run: Run, tag: str) -> tuple[int, int]:
    curve = run[tag].finite()
    return int(curve.steps[len(curve) // 2]), int(curve.steps[-1])


def _poor(run: Run, held: HeldBack) -> Poor:
    name = held.parameter.replace("_", " ")
    evidence = Evidence(TRAIN_LOSS, *_late(run, TRAIN_LOSS), name, held.value, held.limit)
    ends = f"{end(run[TRAIN_LOSS]):.3g} and {end(run[VAL_LOSS]):.3g}"
    return Poor(
        f"Training and validation have levelled off together at {ends} {held.why}.",
        evidence,
        "warning",
        (_freer(run, held),),
    )


def _freer(run: Run, held: HeldBack) -> Remedy:
    if held.parameter == "weight_decay":
        said = f"Lower weight decay to {USUAL * held.value:.2g}."
        return Remedy(said, "weight_decay", "about what is usual", factor=USUAL)
    if held.parameter == "dropout":
        because = "so few units left cannot carry the task"
        return Remedy(f"Lower dropout to {USUAL_DROPOUT}.", "dropout", because, value=USUAL_DROPOUT)
    return _wider(run)


def _nothing(run: Run) -> Poor:
    if at_chance(run):
        right = end(run[VAL_ACCURACY])
        said = "validation accuracy, where it began"
        evidence = Evidence(VAL_ACCURACY, *_late(run, VAL_ACCURACY), said, right, start(run[VAL_ACCURACY]), "fraction")
        message = f"The network has learned nothing: both accuracies are still {right:.1%}, where they began."
    else:
        left, blind = end(run[VAL_LOSS]), guess(run) or end(run[VAL_LOSS])
        evidence = Evidence(VAL_LOSS, *_late(run, VAL_LOSS), "loss at the end; a guess has", left, blind)
        message = f"The network has learned nothing: at a validation loss of {left:.3g}, it gives every example the same answer."
    if only := frozen(run):
        return Poor(message + only, evidence, "warning", (THAW,))
    if began_sound(run):
        return Poor(message, evidence, "warning", FIND_OUT)
    because = "the loss fell at once and then rested: steps that are too long switch a network off"
    lower = Remedy("Start again with a tenth of the learning rate.", "lr", because, factor=0.1)
    return Poor(message, evidence, "warning", (lower,))


def _wider(run: Run) -> Remedy:
    wide = width(run)
    factor = max(2.0, ENOUGH_UNITS / wide) if wide else WIDER
    said = f"Make the layers {factor:.3g} times as wide{f', {factor * wide:.3g}' if wide else ''}, or add one."
    return Remedy(said, "width", "there is no gap to close, so capacity is what is missing", factor=factor)


def _both(right: float, gap: float = 0.0, pace: float = 12.0, classes: int | None = 10, **settings: float) -> Run:
    left = 2.3 * (1 - right)
    rising = right - synthetic.falling(right - 0.1, 0.0, pace=pace)
    run = synthetic.make(
        synthetic.noisy(synthetic.falling(2.3, left, pace=pace)),
        synthetic.falling(2.3, left + gap, pace=pace),
        train_accuracy=rising,
        val_accuracy=rising - gap / 4,
        lr=0.1,
        classes=classes,
    )
    return synthetic.with_config(run, **settings)


def _shrinking(run: Run, left: float) -> Run:
    """``run`` with weights that shrink to ``left`` of their norm."""
    layered = synthetic.layered(run, [0.1, 0.1])
    assert layered.layers is not None
    norms = layered.layers["step"].map(lambda step: max(left, left ** (2 * step / synthetic.STEPS)))
    return replace(layered, layers=layered.layers.assign(weight_norm=norms))


RULE = Rule(
    "underfitting",
    "Underfitting",
    check,
    needs={TRAIN_LOSS: MIN_POINTS, VAL_LOSS: LEAST_EVALS},
    cannot=cannot,
    fires={
        "both at 60 % with three units": lambda: _both(0.6, width=3),
        "both at 93 % under strong weight decay": lambda: _shrinking(_both(0.93, weight_decay=0.05), 0.2),
        "both at 60 %, and AdamW's decay leaves a memory of a few steps": lambda: synthetic.with_config(
            _both(0.6), optimizer="AdamW", weight_decay=2.0
        ),
        "both at 90 %, three units": lambda: _both(0.9, width=3),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "both at 97 %": lambda: _both(0.97),
        "a wide gap": lambda: _both(0.6, gap=0.8),
        "still falling": lambda: _both(0.6, pace=1.0),
        "both at 60 %, which may be all the labels allow": lambda: _both(0.6),
        "strong weight decay that the weights hold out against": lambda: _shrinking(
            _both(0.93, weight_decay=0.05), 0.5
        ),
        "strong weight decay, and nobody saw the weights": lambda: _both(0.93, weight_decay=0.05),
        "the same decay at rates so low that the weights reach far back": lambda: synthetic.with_config(
            synthetic.with_curves(_both(0.6), Curve(LR, np.array([1, 1000]), np.full(2, 1e-3))),
            optimizer="AdamW",
            weight_decay=2.0,
        ),
        "usual weight decay": lambda: _both(0.93, weight_decay=5e-4),
    },
)
