"""Signs that long steps threw the weights out: how far they grew, and layers that are dead since; each as a sentence and the evidence for it, or None."""

import numpy as np

from collector.schema import GRAD_NORM, RUNNING, TRAIN_LOSS, UPDATE_ALIGNMENT, UPDATE_RATIO, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.first_update import rate_beside_usual
from diagnostics.stats.gain import gain
from diagnostics.stats.held_back import held_back, narrow
from diagnostics.stats.jump import jump
from diagnostics.stats.killed import GONE, GROWN, grown_by, killed, most_grown
from diagnostics.stats.level import blocks, end, start, surely_before_training
from diagnostics.stats.long_steps import LITTLE, THIRD, THROWN, Sign
from diagnostics.stats.plateau import reached
from diagnostics.stats.small_weights import began_sound, no_measure, off, single
from diagnostics.stats.strides import strides

# median cosine in the second half of the measurements whatever its sign, share of them of either sign, and measurements: networks that still learn have many directions (0.9 is beyond all of the
# lab's but three small ones without noise, which come down)
ONE_WAY, TURNS, LEAST = 0.9, 0.15, 8
COSINE = "median cosine of gradient and last steps, whatever its sign"
FLUNG = 4.0  # times the start: see lr_too_high
SWOLLEN, SWEEPS = 10.0, 0.15  # times its first size; update ratio: see lr_too_high
BLOATED = 100.0  # times its first size, however short single updates were: ten times as far as any healthy run of the lab goes, and beyond the 59 of those that overfit
NO_GRADIENT = "largest gradient of the dead layers over its first"
GREW = "times its first size that a weight matrix has"
DOUBTFUL, TENTH = (
    5.0,
    0.1,
)  # times its first size, and of the start: enough, and too much, where the first update was outsized
OUTSIZED = 20.0  # times a usual first update at the peak rate: of the lab's runs that began soundly, so far off, and grew so far, all but one have too high a rate
BESIDE_USUAL = "first update at the peak rate, in those of sound runs"
# Of the start, of the fall, of the growth, and of the run: a loss that came so far down, early and never thrown up, while the weights grew, asked for weights as large. Chosen by eye on
# regressions on raw targets; of the lab's runs at too high a rate whose weights grew by as much, none is like that without an update as long as the weights.
LEARNED, FALLEN, ALONG, EARLY = 0.35, 0.9, 0.75, 0.5
CALM = 1.2  # times the start
YET = 1.5, 0.5, 1.0  # CALM, ALONG and EARLY while the run goes on, of which the first steps are a larger share


def lost_a_layer(run: Run, loss: Curve) -> Sign:
    """Long steps threw weights out, and some layer gets no gradient since."""
    seen = killed(run)
    if seen is None or no_measure(run) or narrow(run) or end(loss) <= LITTLE * start(loss):
        return None
    tag = GRAD_NORM if GRAD_NORM in run else TRAIN_LOSS
    evidence = Evidence(tag, seen.first_step, seen.last_step, NO_GRADIENT, seen.left, GONE)
    what = f"{seen.names[0]} gets no gradient any more" + (
        f", as {len(seen.names)} of {seen.of} layers" if len(seen.names) > 1 else ""
    )
    return f"Weights grew to {seen.grown:.3g} times their first size and {what}.", evidence


def collapsed(run: Run, loss: Curve) -> Sign:
    """The gradient has one direction left, back and forth, though the loss is not solved: of a network that gives every example the same answer, only the last bias still moves."""
    seen = run.get(UPDATE_ALIGNMENT)
    late = _second_half(seen.finite()) if seen is not None else None
    if late is None or len(late) < LEAST or end(loss) <= LITTLE * start(loss):
        return None
    straight, back = float(np.median(np.abs(late.values))), float(np.mean(late.values < 0))
    if straight < ONE_WAY or not TURNS < back < 1 - TURNS:
        return None
    if gain(run) is None or off(run) or held_back(run) or single(run):
        return None
    evidence = Evidence(UPDATE_ALIGNMENT, int(late.steps[0]), int(late.steps[-1]), COSINE, straight, ONE_WAY)
    return (
        f"The network is dead but for its last bias: the gradient has one direction left, back and forth, and the training loss stays at {end(loss):.3g}.",
        evidence,
    )


def _second_half(curve: Curve) -> Curve:
    return curve.where(np.arange(len(curve)) >= len(curve) // 2)


def swelled(run: Run, loss: Curve) -> Sign:
    """Long updates carried weights that began sound far from their first size: none brings them back, and all later ones are short beside them."""
    seen, grown, first = strides(run), most_grown(run), rate_beside_usual(run) or 0.0
    if seen is None or grown <= DOUBTFUL or end(loss) <= LITTLE * start(loss):
        return None
    if narrow(run) or single(run) or not began_sound(run):
        return None
    # as of a rate that a warmup brings up while the weights grow
    outsized = first > OUTSIZED and end(loss) > TENTH * start(loss)
    if not outsized and (grown <= SWOLLEN or _learned_along(run, loss)):
        return None
    if seen.longest > SWEEPS:
        evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.at, "largest update ratio", seen.longest, SWEEPS)
    elif grown > BLOATED:
        evidence = Evidence(UPDATE_RATIO, seen.first_step, run.last_step, GREW, grown, BLOATED)
    elif outsized:
        evidence = Evidence(UPDATE_RATIO, seen.first_step, run.last_step, BESIDE_USUAL, first, OUTSIZED)
    else:
        return None
    said = f"Updates of up to {seen.longest:.0%} of the weights carried them to {grown:.3g} times their first size"
    return f"{said}; the training loss is at {end(loss):.3g}.", evidence


def flung(run: Run) -> Sign:
    """The loss was high above its start for more than a moment, and the weights grew by that: those do not come back."""
    seen = jump(run)
    since = None if seen is None or no_measure(run) or seen.often <= FLUNG else _swollen(run)
    if seen is None or since is None:
        return None
    first, last = int(run[TRAIN_LOSS].steps[0]), int(run[TRAIN_LOSS].steps[-1])
    evidence = Evidence(TRAIN_LOSS, first, last, THIRD, seen.often, FLUNG)
    where = f"{seen.peak:.3g}, {seen.height:.3g} times its start, at step {seen.step:,}"
    return f"The training loss was flung up to {where}, and {since}.", evidence


def _swollen(run: Run) -> str | None:
    """What says that the weights grew; where nobody saw them, scores so large that what was not learned costs more than it did untouched."""
    if grown := most_grown(run):
        return f"weights grew to {grown:.3g} times their first size" if grown > GROWN else None
    ends = end(run[VAL_LOSS]) if VAL_LOSS in run and len(run[VAL_LOSS].finite()) else 0.0
    first = surely_before_training(run)
    return f"validation ends at {ends:.3g}, above that of the untouched network, {first:.3g}" if ends > first else None


def _learned_along(run: Run, loss: Curve) -> bool:
    """Whether the loss came far down while the weights grew, and they hardly grew since: so do those that are to give large targets."""
    first, last = start(loss), end(loss)
    calm, along, early = YET if run.state == RUNNING else (CALM, ALONG, EARLY)
    seen = strides(run)
    if blocks(loss).levels.max() > calm * first or last > LEARNED * first or seen is None or seen.longest > THROWN:
        return False
    fallen = reached(loss, first - FALLEN * (first - last))
    in_time = fallen - loss.steps[0] <= early * (loss.steps[-1] - loss.steps[0])
    return bool(in_time) and grown_by(run, fallen) >= along * most_grown(run)
