"""The loss is flat at first and drops late: the weights started where there is no slope.

What it means
    The network spends the first part of the run at the loss of a blind guess, then suddenly begins to learn, or never does.

Why it matters
    The steps on the plateau are lost, and how long it lasts is luck. With a better start the same budget goes further.

Criterion
    The first of these that holds (a run that goes on is asked as one that has ended once it is FAR on the way that its settings plan in steps or epochs):

    - *Known to be wrong.* The weight matrices began, in the geometric mean, with a deviation times √fan-in under TINY with no normalization to make up for it, or above LARGE
      (under a normalization, no pretraining that is said, and updates of USUAL or more where they are longest: weights that were trained may be as large, and are moved by less).
    - *No gradient.* More than MOST of the weights in matrices got a gradient of exactly 0 in every sample from the first on, SEEN of them or more, in layers wider than NARROW, and the
      loss, above 0, is not down to LEARNED of its start (while the run goes on, after LEAST points).
    - *Late start.* Not counting warmup, the smoothed training loss (of at least LEAST points) needs more than FLAT_SHARE (FLAT_UNLOGGED where neither rate nor layers were logged: a warmup is as flat) of the run for the first tenth of its fall, and from
      there to half of the fall less than STEEP times as long (GENTLE times, where the weights began too small).
    - *No start.* The fall over the whole run stays under NO_FALL of the start (SOME_FALL in a log without layers that ends by giving every example the same answer, with
      validation that jumps by no more than TOSSED of its start), it never was LOUD away from there nor half of the run WON below, validation has not fallen by SOME_FALL, and lr_too_low sees no straight
      line in it that stands out of the noise (while the run goes on, after LEAST points), with no weights thrown to more than THROWN times their norm nor shrunk
      below SHRUNK of it, unless they began too small. Not where losses are known only as means, or from evaluations, of which the first came after SOON of the run, unless
      it ends as a guess: what was learned before is not known.
    - *Rest on the way.* The loss, once it has learnt the mean, rests for RESTED of the run and then goes half of the rest of its way in less than GENTLE times as long, with
      weights that began too small; or never moves again, with weights known to be that small or, where they are not known to have begun at a usual size and no setting
      accounts for it, a layer whose updates are under STILL of another's, and layers wider than NARROW.
    - *High start.* The first loss, no sum over the batch (see wrong_initial_loss), is more than HIGH_START times that of a guess among the classes, or than RAISED_START and is not down to that of a guess for FLAT_HIGH of the run.
    - *A guess to the end.* The first loss is within NO_FALL of a guess, and the run ends by giving every example the same answer, as underfitting sees it.

    A loss that falls at all is no matter of the start where every weight matrix is known to have begun with a size that the field's rules give: a deviation times √fan-in of SMALL
    (half of it for a single matrix) to LARGE, while gradients reach them all; nor is one that never falls, where steps never were as long as SHORT or a setting accounts for it (see
    underfitting). Weights began too small where their deviation times √fan-in is under SMALL on the mean of the layers, unless the loss was down to LEFT of its start before all
    updates added up to HARDLY of them (then a factor in the model, as a network of sines has, makes up for the size); where no shapes are known, or a normalization
    makes the size of no account, where the gradient of one is under UNEQUAL of another's early in the run, or all together grew GREW-fold before half of the fall. Where the batches differ by
    more than training can have fallen, validation tells how far the loss came.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "loss flat for a while, then starts to drop → bad initialization".
    The size that keeps a signal's variance from layer to layer: a deviation of √2 / √fan-in before ReLU (He et al., "Delving deep into rectifiers", 2015), about
    1 / √fan-in before tanh (Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010); PyTorch's linear layers begin at 0.58, orthogonal
    weights at the gain they are given. STEEP and FLAT_SHARE: measured on real small networks of several data sets and optimizers.

Known limits
    A learning rate far too low is flat as well where the noise hides its straight fall; when the update ratio was logged and is tiny, the message says so.
    Shapes are known of runs that our collector recorded. Weights that are all alike, which no size gives away, need a look at the code.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS, Shape
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.rules import predicts_uniformly
from diagnostics.rules.predicts_uniformly import FIND_OUT
from diagnostics.run import Run
from diagnostics.stats.decay import died_away
from diagnostics.stats.frozen import THAW, frozen
from diagnostics.stats.gain import HARDLY, LEFT, SMALL, normalized  # noqa: F401 (Criterion)
from diagnostics.stats.guess import guess
from diagnostics.stats.hardly_logged import SOON, began_unseen  # noqa: F401  (Criterion)
from diagnostics.stats.held_back import NARROW, held_back  # noqa: F401  (Criterion)
from diagnostics.stats.held_by_start import (  # noqa: F401  (Criterion)
    FLAT_HIGH,
    FLAT_SHARE,
    FLAT_UNLOGGED,
    GENTLE,
    HIGH_START,
    LEAST,
    NO_FALL,
    RAISED_START,
    RESTED,
    STEEP,
    blank,
    left_late,
    never_answered,
    rested,
    sized_off,
    started_high,
    young,
)
from diagnostics.stats.level import before_training, blocks, end, start
from diagnostics.stats.noise import noise
from diagnostics.stats.plan import FAR, early  # noqa: F401 (Criterion)
from diagnostics.stats.progress import progress
from diagnostics.stats.rest import trains_slowly
from diagnostics.stats.short_steps import SHORT, creeps, timid
from diagnostics.stats.slide import slides
from diagnostics.stats.small_weights import (  # noqa: F401  (Criterion)
    GREW,
    LARGE,
    SHRUNK,
    STILL,
    THROWN,
    TINY,
    UNEQUAL,
    began_sound,
    moved,
    off,
    shrank,
    tiny,
)
from diagnostics.stats.stillborn import LEARNED, MOST, SEEN, stillborn  # noqa: F401 (Criterion)
from diagnostics.stats.strides import USUAL, stretch, strides, unmoved  # noqa: F401 (the Criterion names one)
from diagnostics.stats.summed import summed
from diagnostics.stats.tossed import TOSSED  # noqa: F401 (Criterion)

WON = 0.06  # of the start: a loss that was lower by that much for half of the run had left it
SOME_FALL = (
    0.1  # of the start: what unequal weights of the last layer cost above one answer for all, in the lab's networks
)
LEAST_EVALS, CLEAR = 5, 2.0  # evaluations, and widths of their noise: validation surely fell
LOUD = 0.2  # of the start: points that differ more than that hide what a plateau is, and a loss that was as far away did leave
FALL = "fall as a share of the start"
TINY_RATIO = 1e-5  # update ratio: a hundredth of the course's 1e-3
# deviation of the weights times √fan-in; PyTorch's linear and convolution layers: uniform within 1 / √fan-in
HE, PYTORCH = 2**0.5, 3**-0.5

NORMALIZE = Remedy(
    "Put a normalization layer after each linear or convolution layer.",
    "normalization",
    "it repairs the scale of the signal whatever the weights",
    value="batch_norm",
)


def check(run: Run) -> Iterator[Finding]:
    """Fires once: never left the start, left it late, or started far too high."""
    loss = run[TRAIN_LOSS].finite()
    if unmoved(run):
        return
    found = sized_off(run, loss) or stillborn(run, loss) or _never_left(run, loss)
    if not found and not began_sound(run):
        found = left_late(run, loss) or rested(run, loss) or _started_high(run, loss) or _same_answer(run, loss)
    if found:
        message, evidence = found
        more = FIND_OUT if evidence.statistic == FALL and not off(run) else ()
        only = frozen(run)
        remedies = (THAW, *FIND_OUT) if only else (*_remedies(run), *more)
        yield Finding("bad_initialization", "warning", f"{message}{_began(run)}{only}", (evidence,), remedies)


def _started_high(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    """A sum over the batch is as high as that, whatever the weights."""
    return None if summed(run) else started_high(run, loss)


def _never_left(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    first = _untrained(run, loss)
    if first <= 0 or loss.values.min() <= 0:
        return None  # a reward or an adversary's loss: nothing says that it should fall
    if (early(run) and young(run, loss)) or _validation_fell(run) or died_away(run) is not None:
        return None
    seen, answerless = progress(run, first), blank(run)
    if began_unseen(run) and not (answerless or _guesses(run)):
        return None
    if abs(seen.share) > (SOME_FALL if answerless else NO_FALL) or creeps(run, loss) or slides(run) or timid(run, loss):
        return None
    if not _stayed(run[seen.tag], seen.first) or (
        (trains_slowly(loss) or moved(run)) and not (answerless or _guesses(run))
    ):
        return None
    if _explained(run):
        return None  # something else than the start explains it
    span = int(run[seen.tag].steps[0]), int(loss.steps[-1])
    evidence = Evidence(seen.tag, *span, FALL, seen.share, NO_FALL)
    what = "Validation" if seen.tag == VAL_LOSS else "The training"
    usual = " The weights began at a usual size: look at the labels and the inputs as well." if began_sound(run) else ""
    return (
        f"{what} loss never left its start at {seen.first:.3g}{_of_a_guess(run, seen.first)}: it ends at {seen.last:.3g}.{_rival(run)}{usual}",
        evidence,
    )


def _validation_fell(run: Run) -> bool:
    """Whether it has come down by more than noise, whatever training shows: sorted data lift each other's loss."""
    val = run.get(VAL_LOSS)
    seen = val.finite() if val is not None else None
    if seen is None or len(seen) < LEAST_EVALS:
        return False
    return end(seen) < start(seen) - max(SOME_FALL * abs(start(seen)), CLEAR * noise(seen.values))


def _of_a_guess(run: Run, level: float) -> str:
    blind = guess(run)
    near = blind is not None and abs(level / blind - 1) <= SOME_FALL
    return f", what a guess among {run.classes:,} classes costs" if near else ""


def _stayed(curve: Curve, first: float) -> bool:
    """Whether it was near ``first`` all the time, and not merely noise."""
    levels = blocks(curve).levels
    away = np.abs(levels - first).max()
    return bool(max(noise(curve.finite().values), away) <= LOUD * first and first - np.median(levels) <= WON * first)


def _same_answer(run: Run, loss: Curve) -> tuple[str, Evidence] | None:
    found = never_answered(run, loss)
    return None if found and (_explained(run) or creeps(run, loss) or slides(run) or timid(run, loss)) else found


def _explained(run: Run) -> bool:
    """Whether a setting accounts for it, or, where the weights began soundly, steps that were never long."""
    return bool((held_back(run) and not tiny(run)) or (began_sound(run) and _short(run)))


def _untrained(run: Run, loss: Curve) -> float:
    """The loss without training; dropout may lift that of the first batch above a guess, which is nothing learned."""
    first = max(before_training(run), float(blocks(loss).levels[0]))
    blind = guess(run)
    if blind is None or began_sound(run) or not blind < first < HIGH_START * blind:
        return first
    return blind


def _short(run: Run) -> bool:
    """Whether no step was ever of a usual length."""
    seen = strides(run)
    return seen is not None and seen.fullest < SHORT * stretch(run)


def _guesses(run: Run) -> bool:
    """Whether nothing was learned and no weight decay accounts for it: that is never healthy, however far the weights went."""
    return any(predicts_uniformly.check(run)) and not shrank(run)


def _began(run: Run) -> str:
    size = off(run)
    return "" if not size else f" The weights began at {size:.2g} / √fan-in; He's rule has {HE:.2g}, Glorot's about 1."


def _rival(run: Run) -> str:
    ratio = run.get(UPDATE_RATIO)
    typical = float(np.median(ratio.finite().values)) if ratio is not None and len(ratio.finite()) else TINY_RATIO
    return (
        f" Updates are only {typical:.1g} of the weights: the learning rate may be too low instead."
        if typical < TINY_RATIO
        else ""
    )


def _remedies(run: Run) -> tuple[Remedy, ...]:
    tanh = any("tanh" in str(setting).lower() for setting in run.config.values())
    return (
        *_scaled(run),
        Remedy(
            "Initialize the weights by Glorot's rule (xavier_normal_), made for tanh."
            if tanh
            else "Initialize the weights by He's rule (kaiming_normal_ for ReLU) or Glorot's (xavier_normal_ for tanh).",
            "init",
            "the signal then keeps its size from layer to layer, so gradients reach the first layer from step 1",
            value="xavier_normal" if tanh else "kaiming_normal",
        ),
        *(() if normalized(run) else (NORMALIZE,)),
    )


def _scaled(run: Run) -> tuple[Remedy, ...]:
    """Where the size of the weights is known to be off: by how much, to what needs no other learning rate than is usual."""
    size = off(run)
    if not size:
        return ()
    factor = float(f"{PYTORCH / size:.2g}")
    action = f"Multiply the initial weights by {factor:g}, or leave them to PyTorch, whose layers begin at {PYTORCH:.2g} / √fan-in."
    because = (
        "the signal then neither dies nor blows up from layer to layer, so gradients reach the first layer from step 1"
    )
    return (Remedy(action, "init_scale", because, factor=factor),)


def _late(flat: int, *, lr: float | np.ndarray = 0.1) -> Run:
    values = np.r_[np.full(flat, 2.3), synthetic.falling(steps=synthetic.STEPS - flat)]
    return synthetic.make(synthetic.noisy(values, 0.02), lr=lr)


def _sloping() -> Run:
    flat = np.linspace(2.3, 2.28, 500)
    values = np.r_[flat, synthetic.falling(2.28, steps=500)]
    return synthetic.make(synthetic.noisy(values, 0.02), values, lr=1e-3)


def _shaped(run: Run, outputs: int, norm: float = 5.0, ratio: float = 1e-3) -> Run:
    """With three layers whose weights have a norm of ``norm``."""
    shapes = {f"{2 * i}.weight": Shape("Linear", (outputs, outputs)) for i in range(3)}
    layered = synthetic.layered(run, np.ones(3), update_ratio=np.full(3, ratio))
    assert layered.layers is not None
    return replace(layered, layers=layered.layers.assign(weight_norm=norm), shapes=shapes)


def _without_gradient(gradients: list[float], last: float = 1.8) -> Run:
    """Biases that learn how frequent the classes are, before three matrices with these gradients."""
    falls = synthetic.falling(2.3, last, pace=20)
    run = synthetic.layered(synthetic.make(synthetic.noisy(falls, 0.02), falls, lr=0.1), [*gradients, 1.0])
    assert run.layers is not None
    return replace(run, layers=run.layers.replace({"layer": {"6.weight": "4.bias"}}))


def _normalized(ratio: float) -> Run:
    """Weights of twice the largest size of the field between normalizations, and updates of ``ratio`` beside them."""
    falls = synthetic.falling()
    run = _shaped(synthetic.make(synthetic.noisy(falls), falls, lr=0.1, update_ratio=ratio), 1, ratio=ratio)
    return replace(run, shapes={**run.shapes, "1.weight": Shape("LayerNorm", (1,))})


def _unlearns(share: float) -> Run:
    """Starts at twice a guess and is down to it after ``share`` of the run."""
    first = round(share * synthetic.STEPS)
    values = np.r_[np.linspace(4.6, 2.3, first), synthetic.falling(steps=synthetic.STEPS - first)]
    return synthetic.make(synthetic.noisy(values, 0.02), classes=10, loss="cross_entropy")


RULE = Rule(
    "bad_initialization",
    "Bad initialization",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    explains=("vanishing_gradient", "wrong_initial_loss", "predicts_uniformly"),
    fires={
        "flat for 40 % of the run": lambda: _late(400),
        "flat for 12 % of the run": lambda: _late(120),
        "flat at first, from weights of a twentieth": lambda: _shaped(_late(120), 10_000),
        "above a guess for 8 % of the run": lambda: _unlearns(0.08),
        "never learns, from weights of the field's size": lambda: _shaped(
            synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02)), 25
        ),
        "weights of twice the largest size of the field": lambda: _shaped(synthetic.healthy(), 1),
        "as large, under a normalization": lambda: _normalized(5e-3),
        "weights that are all zero": lambda: _shaped(
            synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02)), 25, norm=0.0
        ),
        "only the biases get a gradient": lambda: _without_gradient([0.0, 0.0, 0.0]),
        "never learns": lambda: synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02)),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "flat at first, from weights of the field's size": lambda: _shaped(_late(120), 25),
        "never learns, by steps that are never long": lambda: _shaped(
            synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02)), 25, ratio=1e-4
        ),
        "only the biases get a gradient, and the network learns": lambda: _without_gradient([0.0, 0.0, 0.0], 0.3),
        "one matrix of three gets no gradient": lambda: _without_gradient([0.0, 1.0, 1.0]),
        "above a guess for 2 % of the run": lambda: _unlearns(0.02),
        "flat for half of the run, while validation comes down a slope": lambda: _sloping(),
        "flat only while warming up": lambda: _late(100, lr=np.minimum(1.0, np.arange(1000) / 200) * 0.1),
        "a straight line, hardly falling": lambda: synthetic.make(
            synthetic.noisy(np.linspace(2.3, 2.27, synthetic.STEPS), 0.005)
        ),
        "the first steps of a run": lambda: synthetic.make(
            synthetic.noisy(np.r_[np.full(20, 2.3), synthetic.falling(steps=40)], 0.02)
        ),
        "slow from the start": lambda: synthetic.make(synthetic.noisy(synthetic.falling(pace=1.0), 0.02)),
    },
)
