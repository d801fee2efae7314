"""The loss fell fast and is now stuck, thrown about by steps that are too long.

What it means
    The learning rate carries the weights across the valley and back at every step, or its first steps did them harm that stays. The loss stops
    falling not because there is nothing left to learn, but because the steps cannot get any closer.

Why it matters
    A lower rate, or a decay from here on, usually lowers the loss at once and costs one number.

Criterion
    *Never cleared:* the gradient norm grew ADDED_UP times, by no more than FASTER times what the number of gradients did, with a noise of its logarithm of SMOOTH or less
    (SMOOTH_CLASSES in a classification). Otherwise:

    Nothing is said where every measured update was shorter than GENTLE of the weights, or changed what a layer of known shape puts out by less than NUDGE.
    "Stuck" is less than 5 % of the fall still to gain by a doubling of the steps. Otherwise the first of these:

    - *Dead network.* At a rate that is still up and with more than LITTLE of the start left, validation stays the same to the last digit over the second half,
      though the batches differ; or to a few millionths, where the loss fell at once and more than REST is left.
    - *Dead layer.* A weight matrix of a network that is not narrow has grown to GROWN times its first size or more, a gradient is down to GONE of its first, and more
      than LITTLE of the start is left.
    - *Dead but for a bias.* Where update alignment was recorded: over the second half of its measurements its median, whatever the sign, is ONE_WAY or more, and TURNS of it or more of either sign, so that
      the gradient has one direction left; more than LITTLE of the start is left, from weights that are known to have begun sound, and no setting accounts for it.
    - *Flung.* Three losses stood at FLUNG times the start, and weights have grown to GROWN times (where nobody saw them: validation ends above the loss of the
      untouched network).
    - *Rose again.* The training loss ends more than GIVEN_BACK of its fall above its own lowest level, clear of the noise, and has been up for as long as it took to get
      down; or by as much from half to half, with the order of all levels that of a rise (RISING standard errors by Mann and Kendall's test); with no setting of the network to account for it, nor a loss
      that is still falling and has undone MOST of its rise, nor a validation accuracy that has not fallen since or a validation loss as low as before: then a term or a task was added to it.
    - *Astray.* The loss was as low in the first third of the run as at the end, to WON of that fall, and stood above by more than ASTRAY of it for an eighth of the run
      between, clear of the noise, and the rate had not come to HEIGHT of its peak before.
    - *Swollen.* Weights that are known to have begun sound, in layers that are not narrow, in more than one layer, grew to SWOLLEN times their first size and some update was longer than
      SWEEPS, or to BLOATED times; or to DOUBTFUL times, with more than TENTH of the start left, where the first was, at the peak rate, OUTSIZED times as long as sound ones with the optimizer; more than LITTLE of the start is left. Not where the loss came below LEARNED of its start without being thrown up, or an update of THROWN, and the weights had grown to
      ALONG of that by when FALLEN of the fall was done, in the first half of the run: large targets ask for large weights.
    - *One long update.* It moved the weights by more than THROWN of their size (THROWN_YET_DOWN where the loss came down below FAR_DOWN of its start for all that), and the loss is stuck above LITTLE of the start; but not where the weights hardly grew
      (LEFT_GROWN times) and no loss stood at THREW_UP times the start, nor where it was the first and at most USUAL_FIRST times as long as sound ones with the optimizer.
    - *Update after update.* In the median of five measured in a row, more than REWRITES of the weights (REWRITES_YET_DOWN where the loss came down), with no setting of the network to account for what is left;
      but not where the weights hardly grew, unless the median of all is as long, nor where the first was at most USUAL_LATER times as long as sound ones.
    - *Above its start.* The loss stood there for more than ABOVE of the run and ends above HARMED of it.
    - *Jumped.* Three losses once stood at JUMP times the start under no heavy dropout (see underfitting), and the loss is stuck above HARMED of it; where the rate came
      down: at LIKE of the lowest before that jump or more, with no setting of the network to account for it.
    - *Circles far.* needs_decay holds by its jitter, at a rate that was logged, with a jitter of more than VIOLENT of the level, or of FLOOR of the fall where less is left.
    - *Restless.* At a rate that was logged and never fell below a third of its peak, neither loss has got lower in the last two thirds of the run (by no more than FALLS standard errors of Mann
      and Kendall's test), and validation jumps by more than RESTLESS of the fall and TREMBLES of its level
      (twice that, above HARDLY_DOWN of the start), over RESTLESS_EVALS evaluations or more. Not of weights that the config says were trained before, nor where validation rises and
      training does not, or training is under a fifth of validation: those learn by heart.
    - *Beyond use.* The logged rate came to FAR times the highest in common use with the optimizer (with plain gradient descent where it is unknown), unless the optimizer finds its rate itself, and
      the loss is stuck above FAR_DOWN of the start.
    - *Bounces.* The rate never fell below a third of its peak, all but LATE of the fall was done after EARLY of the run, the loss is stuck, and validation (the training loss
      where there is none) jumps by more than BOUNCE of the fall from one evaluation to the next over the second half; unless overfitting holds, or needs_decay and more steps are
      forecast to bring anything at all (at rest, a lower rate ends lower; on the way, it has come less far); nor where the first batch, which alone tells the start, is one as those since:
      RARE of them are as high; nor where the weights are known to wander by little (CALM, see needs_decay).

    It is a remark where training alone was logged and rose again, or validation's jitter is all there is in a log without excess loss: a term that was added, or validation on other examples each time, looks the same.
    Where a schedule brought the rate down, jumps, long updates and losses above the start count as well as they stood before, unless a setting of the network accounts
    for what is left (see underfitting), or the loss ends below MADE_GOOD of the start. A loss above its start tells nothing after a first update of at most USUAL_LATER times a sound one (of Adam and its kin, where it
    is a measure of the rate), nor where the first batch may merely have been an easy one (by ODD noise widths), nor a jump of a lone batch that is not RARER times as far as others of the last quarter, or of as many losses before it, go, nor one of training where validation, seen often and from before
    the first step on, came down without a tremor. Weights that are known to have begun too small, or
    that a decay took, are no measure for an update or a growth. While the run goes on and the loss is not surely done falling, only what was done to the weights counts (long updates and growth where the loss is not seen to fall, and the updates where it is above FAR_DOWN of the start);
    a rate beyond use, likewise, and a loss that rose again by MUCH of its fall and stood so for STAYS times as long as the fall took; and a jump or a stay above the start once the loss is below DOWN of the start and is not seen to gain, at a rate that has not come down.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "fast drop, then plateau → learning rate too high, decay it". That long steps kill units
    for good: CS231n, "Neural Networks 1", on ReLU. That a loss which a high rate threw up often comes back down, to a good end: Lewkowycz et al., 2020
    ("catapult"). Bounds:

    - THROWN: Adam's first step is lr √n / ‖W‖ long; sound runs of the lab stay under 0.3, fresh weights a thirtieth of their size come to 0.75, rates far too high to 0.9 and more.
    - REWRITES: five in a row stay under 0.22 in sound runs of the lab, but for one of twelve units under Adagrad (0.47; hence LEFT_GROWN), and come to it in half of those at too
      high a rate. THROWN_YET_DOWN and REWRITES_YET_DOWN: chosen by eye on some twenty runs, sound ones and others, of whose loss little was left.
    - FLUNG: two thirds more than any sound run.
    - ASTRAY: a warmup passes the sound rates on its way to one that is too high, and the schedule passes them again on its way down; of all lab, DeepOBS and AlgoPerf runs no
      sound one went that far astray and won nothing.
    - SWOLLEN: weights that learn grow with what they learn, to nine times at most in the healthy runs of the lab, and to 59 in those that overfit, by short updates (hence BLOATED);
      random steps make them grow as the root of the sum of their squares (van Laarhoven, 2017, "L2 regularization versus batch and weight normalization").
    - SWEEPS: of random steps as long, some 40 make a matrix anew; with shorter ones weights also grow by long training.
    - BOUNCE, LATE and GIVEN_BACK: one of DeepOBS' 173 good constant rates without rising validation passes a bound, by a jump to 17,000 times its start; left out of their choice,
      the four problems get one hit less.
    - USUAL_FIRST, USUAL_LATER: with the same optimizer, long updates of the lab's runs at too high a rate came after a first one of nine times a sound one's, sound runs' after one
      of under five. Adagrad's and RMSprop's first updates are long in sound runs too.

    Size of the remedy: by as much as the first update was longer than sound ones with the same optimizer, or else by the update ratios, which come down to AIM, or else the
    course's tenth. A dead network does not say how far off the rate is: a hundredth, and a tenth of Adam's default at most. A loss that went astray does: half a decade below
    the rate at which it turned up.

Known limits
    A rate only a little too high shows nothing of the kind, nor does one that a schedule brought down in time. A tiny validation set jumps by
    itself, and a good constant rate may too; so does one that is measured on other examples each time. A loss that is not meant to fall, as an agent's (where rewards are logged, nothing is said) or, where neither validation nor layers were
    logged, one whose terms come in by and by, is misread.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from collector.schema import GRAD_NORM, LR, RUNNING, TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS, Shape
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import MIN_POINTS, Rule
from diagnostics.rules import needs_decay, overfitting, underfitting
from diagnostics.run import Run
from diagnostics.stats.bounce import FLOOR, OR_DRAWN, bounce, jitter  # noqa: F401 (the Criterion names one)
from diagnostics.stats.decay import HEIGHT, at_height, coming_down, known_rate, wanes  # noqa: F401 (the Criterion names one)
from diagnostics.stats.detour import WON  # noqa: F401 (the Criterion names it)
from diagnostics.stats.excursion import JUMP  # noqa: F401 (the Criterion names it)
from diagnostics.stats.games import may_be_a_game
from diagnostics.stats.gentler import AIM, FROM_HERE, gentler
from diagnostics.stats.jump import RARER, jump  # noqa: F401 (the Criterion names it)
from diagnostics.stats.kept import kept
from diagnostics.stats.killed import GONE, GROWN  # noqa: F401 (the Criterion names two)
from diagnostics.stats.large_weights import (  # noqa: F401 (the Criterion names the bounds)
    ALONG,
    BLOATED,
    DOUBTFUL,
    FALLEN,
    FLUNG,
    LEARNED,
    NO_GRADIENT,
    ONE_WAY,
    OUTSIZED,
    SWEEPS,
    SWOLLEN,
    TENTH,
    TURNS,
    collapsed,
    flung,
    lost_a_layer,
    swelled,
)
from diagnostics.stats.level import ODD, RARE, before_training, end, start  # noqa: F401 (the Criterion names one)
from diagnostics.stats.levelled import falling
from diagnostics.stats.long_steps import (  # noqa: F401 (the Criterion names the bounds)
    ABOVE,
    ASTRAY,
    BOUNCE,
    EARLY,
    FALLS,
    FAR_DOWN,
    GIVEN_BACK,
    HARDLY_DOWN,
    HARMED,
    LATE,
    LEFT_GROWN,
    LITTLE,
    REST,
    RESTLESS,
    RESTLESS_EVALS,
    REWRITES,
    REWRITES_YET_DOWN,
    THREW_UP,
    THROWN,
    THROWN_YET_DOWN,
    TREMBLES,
    UNCHANGED,
    USUAL_FIRST,
    USUAL_LATER,
    Sign,
    beyond_use,
    bounces,
    died,
    jumped,
    restless,
    rewrote,
    rose_again,
    stood_above,
    threw,
    went_astray,
)
from diagnostics.stats.never_cleared import ADDED_UP, CLEARED, FASTER, SMOOTH, SMOOTH_CLASSES, never_cleared  # noqa: F401 (the Criterion names some)
from diagnostics.stats.rates import FAR  # noqa: F401 (the Criterion names it)
from diagnostics.stats.relapse import MOST, MUCH, RISING, STAYS, made_good, stays_up  # noqa: F401 (the Criterion names some)
from diagnostics.stats.rewards import rewarded
from diagnostics.stats.standstill import LIKELY, gaining, surely_stuck
from diagnostics.stats.strides import GENTLE, NUDGE, gentle, strides  # noqa: F401 (the Criterion names two)
from diagnostics.stats.wandering import CALM  # noqa: F401 (Criterion)

DOWN = 0.9  # of the start: a loss below it has come down from where it was thrown
LIKE = 0.9  # of the lowest before the jump: a loss that ends higher has won nothing since
MADE_GOOD = (
    0.15  # of the start: chosen by eye on the lab's eight runs that a rate harmed before a schedule brought it down
)
VIOLENT = 0.2  # jitter as a share of the level: of the lab's runs that only need a decay none has as much (tests/benchmarks/test_bounds.py)
OR_ADDED = "Was a term or a task added to it on the way? Then that is why, and no fault."
LONGEST_TENTH = "median update ratio of the tenth where it is highest"
COSINE = Remedy(
    "Next time, use a cosine schedule over the whole run.",
    "schedule",
    "it starts as fast and ends with steps as short as needed, with nothing to tune",
    value="cosine",
)


def check(run: Run) -> Iterator[Finding]:
    """Fires once, for the first of the signs that is there."""
    loss = run[TRAIN_LOSS].finite()
    if summed := never_cleared(run):
        yield Finding("lr_too_high", "warning", summed[0], (summed[1],), (CLEARED,))
        return
    if gentle(run) or rewarded(run):
        return
    found = _lasting(run, loss) if run.state == RUNNING and not surely_stuck(loss) else _any(run, loss)
    if found:
        message, evidence = found
        asks = message.endswith((OR_ADDED, OR_DRAWN))  # what the log leaves open is a remark
        evidences = evidence, *_hot(run)
        yield Finding("lr_too_high", "info" if asks else "warning", message, evidences, _remedies(run, evidence))


def _lasting(run: Run, loss: Curve) -> Sign:
    """While the run goes on: harm done to the weights, which no further step undoes, or a loss that was thrown up, has come down from there and is not seen to fall.

    One that is still up there may yet come down, or be lost.
    """
    found = died(run, loss) or lost_a_layer(run, loss) or collapsed(run, loss) or flung(run)
    if not gaining(loss, 0.0):  # long steps that bring the loss down, as far as one sees, are not known to harm
        found = found or swelled(run, loss)
        found = found or (threw(run, loss) or _rewrote(run, loss) if end(loss) > FAR_DOWN * start(loss) else None)
        found = found or beyond_use(run, loss)
        found = found or (_rose_again(run, loss) if stays_up(loss) else None)
    if found or wanes(run) or gaining(loss, LIKELY) or end(loss) > DOWN * before_training(run):
        return found
    return stood_above(run, loss) or jumped(run, loss)


def _any(run: Run, loss: Curve) -> Sign:
    found = (
        died(run, loss)
        or lost_a_layer(run, loss)
        or collapsed(run, loss)
        or flung(run)
        or _rose_again(run, loss)
        or went_astray(run)
    )
    found = found or swelled(run, loss) or threw(run, loss) or _rewrote(run, loss) or stood_above(run, loss)
    found = found or (None if gaining(loss) else _stuck(run, loss)) or _harmed_before(run)
    return found or (None if gaining(loss) else beyond_use(run, loss))


def _stuck(run: Run, loss: Curve) -> Sign:
    """Validation that jumps, at a rate that is still up; a loss that jumped once, and that no decay brought lower than it had been before."""
    if wanes(run):
        seen = jump(run)
        won = seen is None or end(loss) < LIKE * seen.before
        return None if won or _held_back(run) else jumped(run, loss)
    return (
        _circles_far(run)
        or restless(run, loss)
        or (None if _only_circles(run) or _learns_by_heart(run) else bounces(run, loss))
        or jumped(run, loss)
    )


def _circles_far(run: Run) -> Sign:
    """It needs a decay, and so badly that most of what is left is the rate's doing."""
    found, seen = needs_decay.jitters(run), bounce(run)
    if found is None or seen is None or not known_rate(run) or end(run[seen.tag]) <= 0:
        return None
    share = jitter(run, seen)
    return (found.message, replace(found.evidence[0], measured=share, threshold=VIOLENT)) if share > VIOLENT else None


def _only_circles(run: Run) -> bool:
    """Whether the bottom is still coming nearer under a jitter that is large beside what is left.

    A lower rate from the start would have come less far; where nothing is gained any more, it would have come as far and lower.
    """
    return any(needs_decay.check(run)) and falling(run).now.gain > 0


def _learns_by_heart(run: Run) -> bool:
    """Whether validation has risen beside a training loss that fell: such a curve is not at a plateau, jump as it may."""
    return not overfitting.RULE.missing(run) and any(overfitting.check(run))


def _harmed_before(run: Run) -> Sign:
    """Before a schedule brought the rate down, it had done harm that no setting of the network accounts for."""
    then = at_height(run)
    enough = TRAIN_LOSS in then and len(then[TRAIN_LOSS].finite()) >= MIN_POINTS
    if not wanes(run) or not enough or _held_back(run):
        return None
    if end(run[TRAIN_LOSS]) < MADE_GOOD * before_training(run):
        return None
    loss = then[TRAIN_LOSS].finite()
    found = threw(then, loss) or stood_above(then, loss) or (None if gaining(loss) else jumped(then, loss))
    return found and (f"Until step {then.last_step:,}, when the rate began to come down: {found[0]}", found[1])


def _held_back(run: Run) -> bool:
    """Whether a setting of the network accounts for what is left."""
    return not underfitting.RULE.missing(run) and any(underfitting.check(run))


def _rose_again(run: Run, loss: Curve) -> Sign:
    """A strong decay takes the weights, and with them what had been learned; and where nothing is lost, it was not the steps that lifted the loss."""
    found = None if gaining(loss) and made_good(loss) else rose_again(loss)
    if found is None or may_be_a_game(run, loss) or _held_back(run) or kept(run, found[1].first_step):
        return None
    alone = VAL_LOSS not in run and strides(run) is None
    return (f"{found[0]}{' ' + OR_ADDED if alone else ''}", found[1])


def _rewrote(run: Run, loss: Curve) -> Sign:
    """A strong decay takes the size of the weights, and makes updates long by that."""
    found = rewrote(run, loss)
    return None if found and _held_back(run) else found


def _hot(run: Run) -> tuple[Evidence, ...]:
    """The update ratio, where it was logged and speaks for the finding."""
    seen = strides(run)
    if seen is None or seen.fullest <= AIM:
        return ()
    return (Evidence(UPDATE_RATIO, seen.first_step, seen.last_step, LONGEST_TENTH, seen.fullest, AIM),)


def _remedies(run: Run, seen: Evidence) -> tuple[Remedy, ...]:
    less, dead = gentler(run, seen.statistic), seen.statistic in (UNCHANGED, NO_GRADIENT)
    if seen.statistic in FROM_HERE and not wanes(run):
        settles = f"shorter steps settle where longer ones jump across{'; ' if less.why else ''}{less.why}"
        action = f"Decay the learning rate to {less.to} from here on."
        decays = Remedy(action, "lr", settles, factor=less.factor, from_step=run.last_step)
        return (decays,) if coming_down(run) else (decays, COSINE)
    because = (
        "from there no rate brings the units back" if dead else "what long steps did to the weights stays with them"
    )
    why = f"{because}{'; ' if less.why else ''}{less.why}"
    return (
        Remedy(f"Start again at a learning rate of {less.to.rstrip(',')}.", "lr", why, factor=less.factor),
        *(() if dead or wanes(run) or coming_down(run) else (COSINE,)),
    )


def _bouncing(share: float, last: float = 0.3, lr: float | np.ndarray = 0.5, pace: float = 60) -> Run:
    level = synthetic.falling(2.3, last, pace=pace)
    rng = np.random.default_rng(1)
    return synthetic.make(synthetic.noisy(level, 0.1), level + share * rng.standard_normal(len(level)), lr=lr)


def _by_heart() -> Run:
    """Training has hardly anything left to learn, while validation jumps and rises."""
    level = synthetic.falling(2.3, 0.3, pace=60)
    away = np.linspace(0.0, 0.4, len(level)) + 0.05 * np.random.default_rng(1).standard_normal(len(level))
    return synthetic.make(synthetic.noisy(level, 0.05), level + away, lr=0.5)


def _far_off(share: float) -> Run:
    """Levelled off late, with validation that jumps by ``share`` of itself."""
    level = synthetic.falling(2.3, 0.3, pace=6)
    jumps = np.random.default_rng(1).choice([-1.0, 1.0], synthetic.STEPS)
    return synthetic.make(synthetic.noisy(level, 0.1), level * (1 + share * jumps), lr=0.1)


def _restless(last: float) -> Run:
    """Thrown about by 15 % under noisy batches, while the level goes from 1.6 to ``last``."""
    level = np.r_[np.linspace(2.3, 1.6, 100), np.linspace(1.6, last, 900)]
    return synthetic.make(synthetic.noisy(level, 0.4), synthetic.noisy(level, 0.15, seed=1), lr=0.1)


def _at_rate(rate: float, last: float = 2.0, **settings: str) -> Run:
    """Down to ``last`` without a jump, and no further."""
    loss = synthetic.falling(2.3, last, pace=12)
    return replace(synthetic.make(synthetic.noisy(loss, 0.02), loss + 0.01, lr=rate), config=settings)


def _circling() -> Run:
    level = 0.2 + synthetic.falling(2.1, 0.0, pace=60) + np.linspace(0.12, 0.0, synthetic.STEPS)
    jumps = np.random.default_rng(1).choice([-1.0, 1.0], synthetic.STEPS)
    return synthetic.make(synthetic.noisy(level, 0.1), level * (1 + 0.12 * jumps), lr=0.1)


def _astray(last: float) -> Run:
    """Down to 1.2, up to 2.1 as a warmup ends, and down to ``last`` with the cosine after it."""
    level = np.r_[np.linspace(2.3, 1.2, 80), np.linspace(1.2, 2.1, 120), np.linspace(2.1, last, 800)]
    warmup = np.r_[np.linspace(0, 0.5, 200), np.linspace(0.5, 0, 800)]
    return synthetic.make(synthetic.noisy(level, 0.05), lr=warmup)


def _at_rest(ratio: float | np.ndarray, last: float = 1.8) -> Run:
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last, pace=60), 0.1), lr=1.0, update_ratio=ratio)


def _spiked(peak: float, last: float) -> Run:
    level = synthetic.noisy(synthetic.falling(2.3, last, pace=40), 0.02)
    level[3:11] = peak
    return synthetic.make(level, lr=0.5)


def _cosine() -> Curve:
    return Curve(LR, np.arange(1, 1001), 0.25 * (1 + np.cos(np.linspace(0, np.pi, 1000))))


def _grown(run: Run, grads: np.ndarray, times: float) -> Run:
    """``run`` with the weights of the first of three layers grown after a tenth of it."""
    layered = synthetic.layered(run, grads, update_ratio=np.full(3, 5e-3))
    assert layered.layers is not None
    table = layered.layers
    late = (table["layer"] == table["layer"].iloc[0]) & (table["step"] > 100)
    return replace(layered, layers=table.assign(weight_norm=np.where(late, 5.0 * times, 5.0)))


def _linear(run: Run) -> Run:
    """``run`` as that of a network of one layer."""
    layered = synthetic.layered(run, np.ones(1), update_ratio=run[UPDATE_RATIO].values[::20, None])
    return replace(layered, shapes={"0.weight": Shape("Linear", (1, 30))})


def _with_norm(noise: float, power: float = 1.0) -> Run:
    """A gradient norm that grows as the steps do, to some ``power``."""
    steps = np.arange(1, synthetic.STEPS + 1, 20)
    norm = 0.02 * steps**power * np.exp(noise * np.random.default_rng(0).standard_normal(len(steps)))
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.5, pace=12), 0.05), lr=0.01)
    return synthetic.with_curves(run, Curve(GRAD_NORM, steps, norm.astype(np.float64)))


def _without_gradient(times: float = 5.0) -> Run:
    """The second layer has none after a tenth of the run."""
    grads = np.ones((50, 3))
    grads[5:, 1] = 0.0
    return _grown(synthetic.make(synthetic.noisy(synthetic.falling(2.3, 1.2)), lr=0.5), grads, times)


RULE = Rule(
    "lr_too_high",
    "Learning rate too high",
    check,
    needs={TRAIN_LOSS: MIN_POINTS},
    explains=(
        "loss_spike",
        "noisy_validation",
        "update_ratio",
        "missing_warmup",
        "dead_units",
        "predicts_uniformly",
        "stop_earlier",
    ),
    fires={
        "validation jumps": lambda: _bouncing(0.3),
        "twenty times what is in use with Adam, and stuck": lambda: _at_rate(0.2, optimizer="adam"),
        "forty times what is in use with any optimizer, and stuck": lambda: _at_rate(40.0),
        "validation jumps a little": lambda: _bouncing(0.05),
        "restless under noisy batches": lambda: _restless(1.6),
        "jumps by a third of what is left": lambda: _far_off(0.33),
        "fell, then rose and stayed": lambda: synthetic.make(
            synthetic.noisy(np.r_[synthetic.falling(2.3, 0.5, steps=300), np.full(700, 1.2)], 0.1), lr=0.6
        ),
        "astray for most of the run, and back where it was": lambda: _astray(1.2),
        "a layer that long steps killed": _without_gradient,
        "gradients that add up": lambda: _with_norm(0.02),
        "flung far up, and weights that grew": lambda: _grown(_spiked(50.0, 0.1), np.ones((50, 3)), 5.0),
        "one update as long as the weights": lambda: _at_rest(np.r_[3.0, np.full(999, 0.01)]),
        "update after update of a third of the weights": lambda: _at_rest(0.3),
        "update after update of half of the weights, and far down": lambda: _at_rest(0.6, last=1.0),
        "a jump, then stuck": lambda: _spiked(50.0, 1.2),
        "stuck after a jump until a cosine brought the rate down": lambda: synthetic.with_curves(
            _spiked(8.0, 1.2), _cosine()
        ),
        "dead after the first steps": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200)), np.r_[2.3, np.full(999, np.float32(1.1))], lr=0.5
        ),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "gradients that grow as far, and differ from batch to batch": lambda: _with_norm(0.3),
        "gradients that double and double": lambda: _with_norm(0.02, power=4.0),
        "ten times what is in use with Adam": lambda: _at_rate(0.1, optimizer="adam"),
        "a rate that is a factor on one that the optimizer finds": lambda: _at_rate(1.0, optimizer="prodigy"),
        "twenty times what is in use with plain SGD, and far down": lambda: _at_rate(20.0, last=1.0, optimizer="sgd"),
        "rounded in the log": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling(2.3, 1.1, pace=200)), np.r_[2.3, np.full(999, 1.1)], lr=0.5
        ),
        "as restless, and getting lower": lambda: _restless(0.5),
        "jumps by a tenth of what is left, which needs a decay": lambda: _far_off(0.1),
        "calm validation": lambda: _bouncing(0.002),
        "jumps on its way down": lambda: _bouncing(0.03, pace=6),
        "jumps around a bottom that still comes nearer": _circling,
        "jumps, and rises as training does not": _by_heart,
        "jumps, but decayed since": lambda: _bouncing(0.05, lr=np.where(np.arange(1000) < 800, 0.5, 0.01)),
        "astray for a while, and far lower in the end": lambda: _astray(0.2),
        "Adam's first steps": lambda: _at_rest(0.3 * np.exp(-np.arange(1000) / 10)),
        "a layer that was never alive, or left out": lambda: _without_gradient(times=1.2),
        "flung far up, and came back unharmed": lambda: _grown(_spiked(50.0, 0.1), np.ones((50, 3)), 1.2),
        "an easy first batch, while validation never shook": lambda: synthetic.with_curves(
            synthetic.make(np.r_[0.8, synthetic.noisy(synthetic.falling(2.3, 1.2, pace=4), 0.1)[1:]], lr=1e-4),
            Curve(VAL_LOSS, np.arange(0, 1000, 25), synthetic.falling(2.3, 1.2, pace=4, steps=40)),
        ),
        "a batch that jumped, while validation never shook": lambda: synthetic.with_curves(
            _spiked(50.0, 1.2), Curve(VAL_LOSS, np.arange(0, 1000, 25), synthetic.falling(2.3, 1.2, pace=4, steps=40))
        ),
        "update after update of a third of the weights, and far down": lambda: _at_rest(0.3, last=1.0),
        "one update as long as the weights, and far down": lambda: _at_rest(np.r_[1.0, np.full(999, 0.01)], last=1.0),
        "long updates of a single layer": lambda: _linear(_at_rest(0.5)),
        "a jump that did no harm": lambda: _spiked(50.0, 0.02),
    },
)
