"""Whether the steps of a run were too short: by the length of its updates, or, where nobody measured them, by a fall that goes on and on."""

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run
from diagnostics.stats.alignment import Alignment, alignment
from diagnostics.stats.decay import decay, wanes
from diagnostics.stats.gain import amplified
from diagnostics.stats.headway import Headway, headway
from diagnostics.stats.held_back import held_back
from diagnostics.stats.level import end, start
from diagnostics.stats.octaves import octaves
from diagnostics.stats.plan import early
from diagnostics.stats.plateau import departure
from diagnostics.stats.progress import Progress, progress
from diagnostics.stats.rates import careful, peak
from diagnostics.stats.rest import comes_down, straight, warmed_up
from diagnostics.stats.small_weights import began_small
from diagnostics.stats.spikes import spikes
from diagnostics.stats.strides import USUAL, Strides, stretch, warming
from diagnostics.stats.untouched import lifted

SHORT, LONGEST = 0.9e-3, 3e-3  # update ratios: see Source; and three times the course's
FELL, SOLVED = 0.2, 0.05  # of the start: a fall worth the name, and a loss that is solved
GAIN = 0.04  # of the whole fall per doubling of the steps, as in keep_training
BIG = 0.12  # of the loss at the end: late in the fall an eighth less loss is still much
STRAIGHT = 0.25  # of the whole fall per doubling of the steps: a straight line has 1, a fall that is nearly done 0
CLEAR, LIKELY = 8.0, 1.0  # standard errors: a slow fall is a smooth one; single batches, of training, are not
MEASURED = 4.0  # standard errors where short steps were measured: the fall need not tell
SHOWN = 2.0  # standard errors: to say that a loss rises, or has levelled off
KEEPS_UP, KEEPS_UP_LATE = 0.85, 0.75  # of what training gains: on the way down, and late in the fall
LATE = 0.2  # of the start: with less than that left, training and validation part at any rate
LEFT = 0.25  # of the fall so far: on the DeepOBS grid good rates leave under 0.13 or nearly all of them, and low ones over 0.39
STEADY = 0.3  # times the doubling before: a fall that comes to its end brings less
SUDDEN = 4.0  # times the doubling before: a loss falling straight with the step has 2, one off a plateau more
LEAST_PASSES, LONG = 10, 100  # passes over the data
HARDLY = 0.02  # of the start: DeepOBS' bound between a little progress and none
LITTLE = 0.1  # of the start: a fall that a sound rate is past within a few steps
EVEN = 1.25  # times the fall of the other half: along an exponential, the run is then under half of its time constant
BEGUN = 0.6  # of the start: of all runs seen that were still falling from above that after LEAST_PASSES at a rate that stayed up, each had too low a rate
FEW_STEPS = 5  # a pass
# Mean cosine between ten steps and minus the gradient at their end, of the run, and of its second half; of both while it goes on; standard errors. Of the lab's runs that
# show all of points_on at their end, none is sound or was cut short (tests/benchmarks/test_bounds.py).
ALIGNED, STILL, ALIGNED_SO_FAR, SURELY = 0.15, 0.075, 0.2, 5.0
FAR_TO_GO = 0.2  # of the start: below it, runs in flight whose gradient pointed on ended best of their sweep, and a higher rate overfitted
SOME, MANY = 12, 16  # measurements, one every ten steps or fewer: any loss goes straight down at first
BEYOND = 1e-2  # update ratio of the longest tenth: twice what sound runs have in the median
# mean cosine of both halves, and the bound on the updates then: a straight way may be gone in long steps; and that on a single one
PLAIN, BEYOND_DOUBT, HALF = 0.4, 5e-2, 0.5
TIMID = 0.1  # times a careful rate for the optimizer: a tenth of what is rarely too high
WAITED = 0.4  # of the run: at twice the rate it would have been half as long
LEAST_POINTS = 100  # losses: sound rates leave the start within 3 % of a run, and in fewer batches than that
MUCH = 0.7  # of the start, left at first, less with every pass and nothing after LONG: good rates have less left


def never_long(run: Run, loss: Curve, seen: Strides) -> bool:
    """Not even at its liveliest, and nothing else accounts for it: the loss is not solved, still falls, and validation does not rise."""
    last = headway(run)[-1]
    if amplified(run) or end(loss) <= SOLVED * start(loss) or (last.curve.tag == VAL_LOSS and last.surely(-SHOWN) < 0):
        return False
    return seen.fullest < SHORT * stretch(run) and not _levelled(last)


def _levelled(last: Headway) -> bool:
    """Whether the loss fell, and was shown to fall no more; short steps make a fall small and smooth, so one as clear as that goes on."""
    fell = end(last.curve) < (1 - FELL) * start(last.curve)
    return fell and last.surely(-SHOWN) < GAIN * last.fall and last.surely(CLEAR) <= 0


def crawls(run: Run, seen: Strides) -> bool:
    """Never long, and the loss falls on in a line; usually short, and it still shrinks by much."""
    losses, short = headway(run), seen.typical < USUAL
    if amplified(run) or seen.fullest >= LONGEST * stretch(run) or max(one.now.clarity for one in losses) < MEASURED:
        return False
    if early(run) and not short:
        return False  # at first any loss falls in a line
    told = [one for one in losses if one.now.clarity >= LIKELY]  # batches may hide what training gains
    return losses[-1] in told and all(one.of_fall > STRAIGHT or (short and one.of_loss > BIG) for one in told)


def went_on(run: Run, loss: Curve) -> bool:
    """Whether there were more than enough steps, at a rate that stayed up."""
    made = passes(run)
    return made >= LEAST_PASSES and end(loss) > MUCH * (1 - made / LONG) * start(loss) and not wanes(run)


def creeps(run: Run, loss: Curve) -> bool:
    """Whether the loss hardly fell, in a straight line, over steps enough for any sound rate to get away from the start."""
    young = max(len(loss), loss.steps[-1] - loss.steps[0]) < LEAST_POINTS or warming(run)
    fell = crept(run).share
    if young or fell >= LITTLE:
        return False
    return straight(run) if fell < HARDLY else straight(run, EVEN) and not wanes(run)


def crept(run: Run) -> Progress:
    """How far it came from the untouched network's."""
    return progress(run, lifted(run))


def passes(run: Run) -> float:
    """How often the run went over its data, as far as it was logged."""
    return float(run.epochs.values[-1] - run.epochs.values[0]) if run.epochs is not None and len(run.epochs) else 0.0


def keeps_falling(losses: tuple[Headway, ...]) -> bool:
    """Whether all losses fall clearly and by much, and have a long way to go."""
    clear = max(one.now.clarity for one in losses) >= CLEAR
    return clear and all(_falls(one) for one in losses) and _keeps_up(losses) and _much_to_come(losses)


def hardly_begun(run: Run, losses: tuple[Headway, ...]) -> bool:
    """Whether all losses fall on from near the start, however suddenly, with no setting to hold the network back: sound runs are far down after as many passes.

    What noise in the targets leaves to gain is gained early, so a loss that cannot get far brings less of its fall by a doubling.
    """
    if early(run) or warming(run) or _of_few_steps(run):
        return False
    clear = max(one.now.clarity for one in losses) >= MEASURED
    near = all(_falls(one) and one.of_fall > STRAIGHT and end(one.curve) > BEGUN * lifted(run) for one in losses)
    return clear and near and not held_back(run)


def timid(run: Run, loss: Curve) -> bool:
    """Whether the loss never left its start, as far as its noise lets one see, at a rate that nobody would call careful any more, and nothing is known of the weights.

    Then the rate is the simpler cause than the weights that it began with.
    """
    rate = peak(run)
    low = rate is not None and rate <= TIMID * careful(run) and run.layers is None and not early(run)
    return low and len(loss) >= LEAST_POINTS and not warming(run) and abs(crept(run).share) < HARDLY


def points_on(run: Run, loss: Curve, seen: Strides | None) -> Alignment | None:
    """The alignment of the steps at a rate that had not come down, where it says that they were too short; long ones pull the weights along at any rate.

    What overfits or is solved goes on along its way for ever, whatever the rate: validation, where there is one, must gain by it. Without the noise of batches the way leads on at any rate that is
    stable; steps that are as long as that allows make the loss jump. Nor is the rate to blame where a setting holds the network back.
    """
    going, cut = early(run), decay(run)
    least, bound, late = (MANY, ALIGNED_SO_FAR, ALIGNED_SO_FAR) if going else (SOME, ALIGNED, STILL)
    found = alignment(run, until=cut.step if cut else float("inf"))
    if found is None or found.count < least or found.gain < bound or found.late < late or found.clarity < SURELY:
        return None
    if run.state == RUNNING and end(loss) <= FAR_TO_GO * start(loss):
        return None  # most of the way is behind it
    stable = not _long(run, seen, found) and not warming(run) and not _of_few_steps(run) and not spikes(loss)
    return found if stable and still_gains(run) and not held_back(run) else None


def _long(run: Run, seen: Strides | None, found: Alignment) -> bool:
    """Whether updates are too long to call them short: by less where the way is plainly straight, unless a single one threw the weights about, which leaves a dead network one direction."""
    if seen is None:
        return False
    plain = min(found.gain, found.late) > PLAIN and seen.longest < HALF
    return seen.fullest > (BEYOND_DOUBT if plain else BEYOND) * stretch(run)


def still_gains(run: Run) -> bool:
    """Whether validation, or training where there are few evaluations, is still on its way down, and not solved."""
    last, loss = headway(run)[-1], run[TRAIN_LOSS].finite()
    return last.of_fall > GAIN and last.now.clarity >= LIKELY and end(loss) > SOLVED * start(loss)


def waited(run: Run, loss: Curve) -> float:
    """The share of the run before a tenth of the fall, where validation came down all the while from weights that are not known to have begun too small; else 0."""
    seen, first = departure(loss), int(loss.steps[0])
    if early(run) or _of_few_steps(run) or not comes_down(run, seen.left) or began_small(run, seen.half):
        return 0.0
    return (seen.left - warmed_up(run, loss)) / max(1, run.last_step - first)


def _of_few_steps(run: Run) -> bool:
    """Whether a pass over the data is but a few steps, as in full-batch training, or is counted as one: then passes tell little of the way."""
    loss = run[TRAIN_LOSS].finite()
    return bool(0 < loss.steps[-1] - loss.steps[0] < FEW_STEPS * passes(run))


def _falls(one: Headway) -> bool:
    """By enough of the whole fall, or of the loss that is left."""
    enough = one.of_fall > GAIN or one.of_loss > BIG
    return start(one.curve) > end(one.curve) and enough and one.now.clarity >= LIKELY


def _keeps_up(losses: tuple[Headway, ...]) -> bool:
    """Whether validation gains most of what training surely gains: a run that begins to overfit is not held back by its rate."""
    train, last = losses[0], losses[-1]
    share = KEEPS_UP if end(train.curve) > LATE * start(train.curve) else KEEPS_UP_LATE
    return train is last or last.surely(0) >= share * train.surely(1)


def _much_to_come(losses: tuple[Headway, ...]) -> bool:
    """Whether the doublings do not peter out, or still take much of what is left; of validation, once it has points enough."""
    for one in reversed(losses):
        if (seen := octaves(one.curve)) is None:
            continue
        if seen.last > SUDDEN * max(seen.before, 0.0):
            return False
        return seen.left > LEFT * one.fall or (one.of_loss > BIG and seen.last > STEADY * seen.before)
    return False
