"""Signs that the steps of a run were too long: each as a sentence and the evidence for it, or None."""

from collector.schema import LR, TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics.curve import Curve, Floats
from diagnostics.report import Evidence
from diagnostics.run import Run
from diagnostics.stats.balance import growth
from diagnostics.stats.bounce import bounce, jitter, or_drawn
from diagnostics.stats.decay import HEIGHT, known_rate, wanes
from diagnostics.stats.detour import detour
from diagnostics.stats.excursion import JUMP, excursion
from diagnostics.stats.fall import fall_after
from diagnostics.stats.first_update import rate_beside_usual
from diagnostics.stats.games import may_be_a_game
from diagnostics.stats.held_back import dropped
from diagnostics.stats.jump import jump
from diagnostics.stats.level import (
    as_high_since,
    before_training,
    blocks,
    end,
    evaluated_before,
    start,
)
from diagnostics.stats.pretrained import pretrained
from diagnostics.stats.rates import FAR, WITH, family, far_above, peak
from diagnostics.stats.relapse import relapse, rising
from diagnostics.stats.slide import unshaken
from diagnostics.stats.small_weights import no_measure
from diagnostics.stats.standstill import LIKELY, gaining, surely_stuck
from diagnostics.stats.stillness import LAST_DIGIT, STILL, stillness
from diagnostics.stats.strides import strides, sustained
from diagnostics.stats.wandering import calm

BOUNCE = 0.009  # of the fall: see lr_too_high
# of the fall, and of the level: of what jumps so far and has not got lower since a third of the run, nine in ten have too high a rate (tests/benchmarks/test_bounds.py)
RESTLESS, TREMBLES = 0.025, 0.01
RESTLESS_EVALS = 15  # evaluations
FALLS = 1.3  # standard errors by Mann and Kendall's test: one chance in ten where nothing falls
HARDLY_DOWN = 0.8  # of the start: of so small a fall any jitter is a large part, and must be one of the level as well
MOST = 500  # values that are compared each with each
SOLVED = 0.2  # training loss over validation loss: below it validation jumps from overconfidence
EARLY, LATE = 0.05, 0.35  # of the run, and of the fall: most of the fall of a rate that is too high is done by then
ASTRAY = 0.3  # of the fall: of all sound runs seen none lost as much for an eighth of the run without winning more than that in the end
GIVEN_BACK = 0.06  # of the fall: 99 % of DeepOBS' good rates give back under 0.035
THROWN = 0.8  # update ratio of one step, the course's being 1e-3
REWRITES = 0.25  # update ratio, one after the other: steps as long, in directions of their own, make other weights of them in 1 / 0.25² = 16
# the same where the loss came down below FAR_DOWN of its start for all that: see lr_too_high
THROWN_YET_DOWN, REWRITES_YET_DOWN = 1.2, 0.5
LEFT_GROWN, THREW_UP = 1.5, 2.0  # times their first size, and times the start: long steps that left neither did no harm
USUAL_FIRST, USUAL_LATER = 6.0, 3.0  # times a usual first update
ABOVE = 0.1  # of the run spent above the start
REST, LITTLE = 0.25, 0.05  # of the start: what is left is worth having
HARMED = 0.35  # of the start: a run that recovered from its jump gets lower
# of the start: language models that are trained at a rate of 20 or 30, under clipping, end at half of it
FAR_DOWN = 0.67
UNCHANGED = "median change of validation, as a share of its level"
JITTER, GAVE_BACK = "jitter as a share of the fall", "share of the fall given back"
ASTRAY_BY = "share of the fall lost in between"
SUSTAINED = "median update ratio of the five in a row where it is highest"
THIRD = "third highest loss over the first"

Sign = tuple[str, Evidence] | None


def beyond_use(run: Run, loss: Curve) -> Sign:
    """The rate is far above any in common use, and the loss not far down: clipped gradients, or weights far from 1, may want a rate of 30."""
    usual, rate = far_above(run), peak(run)
    if usual is None or rate is None or end(loss) < FAR_DOWN * start(loss):
        return None
    with_what = WITH.get(family(run) or "", "with any optimizer")
    evidence = Evidence(LR, int(loss.steps[0]), int(loss.steps[-1]), "highest learning rate", rate, FAR * usual)
    return f"The learning rate came to {rate:.2g}; {with_what}, rates above {usual:g} are rare.", evidence


def died(run: Run, loss: Curve) -> Sign:
    """No gradient reaches a weight any more, though the rate is up and the loss is not solved: a solved one has no gradient either."""
    seen, left = None if wanes(run) else stillness(run), end(loss)
    if (
        seen is None
        or left <= LITTLE * start(loss)
        or not (seen.dead or (seen.all_but_dead and left > REST * start(loss)))
    ):
        return None
    limit, how = (LAST_DIGIT, "to the last digit") if seen.dead else (STILL, "within a few millionths")
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, UNCHANGED, seen.change, limit)
    said = f"validation loss has been {seen.level:.7g} {how} since step {seen.first_step:,}"
    return f"The network is dead: {said}.", evidence


def rose_again(loss: Curve) -> Sign:
    """No sound step brings a training loss back up for good, whatever the schedule did later."""
    seen = relapse(loss)
    if seen is None or seen.share <= GIVEN_BACK:
        return None
    span = seen.step, int(loss.steps[-1])
    evidence = Evidence(TRAIN_LOSS, *span, GAVE_BACK, seen.share, GIVEN_BACK)
    return (
        f"The training loss was down to {seen.best:.3g} near step {seen.step:,}, then rose and is at {seen.last:.3g}.",
        evidence,
    )


def went_astray(run: Run) -> Sign:
    """A rate that came up too far, by a warmup say, loses what was won at a lower one; a schedule may bring the loss back, too late to win more.

    A loss that a restart of the schedule lifts was at the full rate before.
    """
    seen = detour(run)
    if seen is None or seen.share <= ASTRAY or seen.rate is None or seen.rate >= HEIGHT:
        return None
    evidence = Evidence(TRAIN_LOSS, seen.step, int(run[TRAIN_LOSS].finite().steps[-1]), ASTRAY_BY, seen.share, ASTRAY)
    return (
        f"The training loss was down to {seen.low:.3g} near step {seen.step:,}, stood at {seen.high:.3g} from step {seen.since:,} "
        f"and ends at {seen.last:.3g}: nothing was won since.",
        evidence,
    )


def threw(run: Run, loss: Curve) -> Sign:
    """One update was about as long as the weights, and the run is stuck since."""
    seen, least = strides(run), _least(loss, THROWN, THROWN_YET_DOWN)
    if seen is None or no_measure(run) or seen.longest <= least or end(loss) <= LITTLE * start(loss):
        return None
    if gaining(loss) or _harmless(run, loss) or (seen.at == seen.first_step and _usual(run, USUAL_FIRST)):
        return None
    evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.at, "largest update ratio", seen.longest, least)
    said = f"moved the weights by {seen.longest:.0%} of their size; the training loss is stuck at {end(loss):.3g}"
    return f"The update at step {seen.at:,} {said}.", evidence


def rewrote(run: Run, loss: Curve) -> Sign:
    """Update after update replaced a good part of the weights."""
    seen, least = strides(run), _least(loss, REWRITES, REWRITES_YET_DOWN)
    if seen is None or no_measure(run) or seen.longest <= least or end(loss) <= LITTLE * start(loss):
        return None
    if (share := sustained(run)) <= least or _usual(run, USUAL_LATER):
        return None
    if _harmless(run, loss) and seen.typical <= least:
        return None
    evidence = Evidence(UPDATE_RATIO, seen.first_step, seen.last_step, SUSTAINED, share, least)
    return f"Update after update moved the weights by {share:.0%} of their size or more.", evidence


def _least(loss: Curve, stuck: float, down: float) -> float:
    """The bound on an update of a loss that is ``stuck`` near its start, or of one that came ``down`` and so is not thrown about by it."""
    return stuck if end(loss) >= FAR_DOWN * start(loss) else down


def _usual(run: Run, times: float) -> bool:
    """Whether the first update, as far as it is a measure of the rate, was no more than so many ``times`` as long as sound ones are with its optimizer."""
    seen = rate_beside_usual(run)
    return seen is not None and seen <= times


def _harmless(run: Run, loss: Curve) -> bool:
    """Whether the weights are known to have hardly grown, and the loss was not thrown up: steps in directions of their own make weights grow."""
    grown = growth(run, run.last_step)
    return grown is not None and grown < LEFT_GROWN and float(loss.values.max()) < THREW_UP * start(loss)


def bounces(run: Run, loss: Curve) -> Sign:
    """Validation jumps from one evaluation to the next, after a quick fall, and nothing is gained."""
    seen = None if run.sketched else bounce(run)  # validation alone may be restless for want of examples
    if seen is None or seen.share <= BOUNCE or end(loss) < SOLVED * end(run[seen.tag]):
        return None
    if evaluated_before(run) is None and as_high_since(loss):
        return None  # no fall is known that the jumps could be a share of
    if calm(run, jitter(run, seen) * abs(end(run[seen.tag]))):
        return None
    if fall_after(loss, EARLY) > LATE or not surely_stuck(loss) or gaining(run[seen.tag], LIKELY):
        return None  # too long a step falls fast, and is stuck then; on its way down a run may wobble
    what = "Validation jumps" if seen.tag != TRAIN_LOSS else "The averaged training loss jumps"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, JITTER, seen.share, BOUNCE)
    said = f"up and down by {seen.share:.1%} of the whole fall at a time and no longer gets lower"
    return f"{what} {said}.{or_drawn(run, seen.tag)}", evidence


def restless(run: Run, loss: Curve) -> Sign:
    """Neither loss has got lower for two thirds of the run, at a rate that stayed up, and validation jumps about all the while: by the noise of the batches alone
    nobody would know whether training is stuck; the order of its levels tells."""
    known = known_rate(run) and not no_measure(run) and not pretrained(run) and not run.sketched
    seen = bounce(run) if known else None
    if seen is None or seen.tag != VAL_LOSS or seen.share <= RESTLESS or jitter(run, seen) <= TREMBLES:
        return None
    val = run[VAL_LOSS].finite()
    if len(val) < RESTLESS_EVALS or end(loss) < SOLVED * end(val):
        return None
    of_val, of_train = rising(_late(val.values)), rising(_late(blocks(loss).levels))
    if min(of_val, of_train) <= -FALLS or (of_val > FALLS and of_train <= 0):
        return None  # one still falls; or validation rises beside a training that does not, which is another matter
    if end(loss) > HARDLY_DOWN * before_training(run) and jitter(run, seen) <= 2 * TREMBLES:
        return None
    evidence = Evidence(VAL_LOSS, seen.first_step, seen.last_step, JITTER, seen.share, RESTLESS)
    said = f"Validation jumps up and down by {seen.share:.1%} of the whole fall at a time"
    return f"{said}, and neither loss has got lower in the last two thirds of the run.", evidence


def _late(values: Floats) -> Floats:
    """The last two thirds, every so many of them where they are more than can be compared each with each."""
    late = values[len(values) // 3 :]
    return late[:: 1 + len(late) // MOST]


def stood_above(run: Run, loss: Curve) -> Sign:
    """A good part of the run was spent above its start, and it came back to little better."""
    seen = excursion(run)
    if seen is None or seen.share <= ABOVE or end(loss) <= HARMED * before_training(run) or _usual(run, USUAL_LATER):
        return None
    if (seen.tag == TRAIN_LOSS and unshaken(run)) or may_be_a_game(run, loss):
        return None  # an easy first batch; or no fall is meant
    said = "share of the run spent above the start"
    evidence = Evidence(seen.tag, seen.first_step, seen.last_step, said, seen.share, ABOVE)
    what = "The training loss" if seen.tag == TRAIN_LOSS else "Validation loss"
    return f"{what} was thrown above its start and stayed there for {seen.share:.0%} of the run.", evidence


def jumped(run: Run, loss: Curve) -> Sign:
    """The loss was thrown up, and it is stuck since."""
    seen, last = jump(run), end(loss)
    if seen is None or seen.often <= JUMP or last <= HARMED * before_training(run) or _usual(run, USUAL_LATER):
        return None
    if dropped(run) or unshaken(run) or may_be_a_game(run, loss):
        return None  # what is left of the network differs from batch to batch; or it was the batch that jumped
    evidence = Evidence(TRAIN_LOSS, seen.step, int(loss.steps[-1]), THIRD, seen.often, JUMP)
    return (
        f"The training loss jumped to {seen.peak:.3g} at step {seen.step:,} and has been stuck near {last:.3g} since.",
        evidence,
    )
