"""Bounds of the rules that say what the lab's runs show, held against those runs."""

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.diagnosis import PARTS
from benchmarks.lab import shelf
from benchmarks.score import grid
from benchmarks.score.prefixes import step_at
from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.rules import decay_too_early
from diagnostics.rules.lr_too_high import VIOLENT
from diagnostics.rules.lr_too_low import AIM
from diagnostics.rules.needs_decay import wanders
from diagnostics.stats.bounce import bounce, jitter
from diagnostics.stats.decay import decay, wanes
from diagnostics.stats.first_lesson import SLOW, first_lesson
from diagnostics.stats.gain import amplified
from diagnostics.stats.headway import headway
from diagnostics.stats.held_back import ABSURD, BRIEF, MUCH, STRONG, STRONG_ADAMW, decoupled, memory
from diagnostics.stats.level import end
from diagnostics.stats.long_steps import beyond_use, restless
from diagnostics.stats.never_cleared import never_cleared
from diagnostics.stats.plan import STEPS, STEPS_OR_OTHER
from diagnostics.stats.short_steps import hardly_begun, points_on, timid, went_on
from diagnostics.stats.slide import MANY_EVALS, slides
from diagnostics.stats.standstill import gaining
from diagnostics.stats.strides import stretch, strides
from diagnostics.stats.wandering import calm, wandering


@pytest.fixture(scope="module")
def runs():
    return [lab_run for part in PARTS for lab_run in shelf.load(part)]


def _slid_at(run, share):
    """As it would be said where nobody knows how long the run is meant to be."""
    settings = {name: value for name, value in run.config.items() if name not in STEPS + STEPS_OR_OTHER}
    then = replace(run.until(step_at(run, share)), config=settings)
    seen = strides(then) if slides(then) else None
    return slides(then) and (seen is None or seen.fullest < AIM * stretch(then))


def test_of_the_runs_that_slide_in_flight_five_in_six_have_a_rate_too_low(runs):
    asked = [lab_run for lab_run in runs if len(lab_run.run.curves.get(VAL_LOSS, ())) >= MANY_EVALS]
    slid = Counter(
        one.truth for one in asked if any(_slid_at(one.run, share) for share in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8))
    )
    assert slid.total() >= 25 and slid["lr_too_low"] > 5 / 6 * slid.total()


def test_an_absurd_weight_decay_holds_every_network_back(runs):
    def strength(run):
        return (run.setting("weight_decay") or 0.0) / (STRONG_ADAMW if decoupled(run) else STRONG)

    truths = Counter(one.truth for one in runs if strength(one.run) >= ABSURD)
    assert truths.total() >= 20 and set(truths) == {"underfitting"}


def test_what_weights_of_a_short_memory_are_trained_with_is_held_back(runs):
    def short(run):
        decay = run.setting("weight_decay") or 0.0
        return decay >= MUCH * STRONG_ADAMW and memory(run, decay) <= BRIEF

    truths = Counter(one.truth for one in runs if short(one.run))
    assert truths.total() >= 7 and set(truths) == {"underfitting"}


def test_no_run_whose_gradients_are_cleared_is_taken_for_one_that_adds_them_up(runs):
    assert not [one.name for one in runs if never_cleared(one.run)]


@pytest.fixture(scope="module")
def known(runs):
    """Of the lab and of its grid of rates: the label and the run, with losses enough to see something."""
    rates = grid.load(shelf.FOLDER, shelf.RATES)
    every = [*((one.truth, one.run) for one in runs), *zip(rates.labels.label, rates.runs, strict=True)]
    return [(truth, run) for truth, run in every if TRAIN_LOSS in run and len(run[TRAIN_LOSS].finite()) >= 20]


def test_of_what_is_restless_nine_in_ten_have_a_rate_too_high(known):
    def seen(run):
        loss = run[TRAIN_LOSS].finite()
        return not wanes(run) and not gaining(loss) and restless(run, loss)

    truths = Counter(truth for truth, run in known if seen(run))
    assert truths.total() >= 50
    assert truths["lr_too_high"] + truths["diverged"] > 9 / 10 * truths.total()


def test_no_run_that_only_needs_a_decay_jitters_violently(runs):
    shares = [jitter(one.run, seen) for one in runs if one.truth == "needs_decay" and (seen := bounce(one.run))]
    assert len(shares) >= 20 and max(shares) < VIOLENT


def test_what_wanders_needs_a_decay_or_a_lower_rate_and_is_not_sound(runs):
    began = [r for r in runs if TRAIN_LOSS in r.run and len(r.run[TRAIN_LOSS].finite()) and not wanes(r.run)]
    measured = [r for r in began if wandering(r.run) is not None]
    count = Counter((r.truth, wanders(r.run) is not None) for r in measured)
    found = {truth: (count[truth, True], count[truth, True] + count[truth, False]) for truth, _ in count}
    assert found["needs_decay"] == (22, 30) and found["healthy"] == (0, 68) and found["keep_training"] == (1, 73)
    assert found["lr_too_low"][0] == found["underfitting"][0] == 0 and found["lr_too_high"][0] > 20


def test_of_what_jitters_and_needs_a_decay_or_a_lower_rate_hardly_any_is_calm(runs):
    """A jitter beside weights that hardly wander is one of the examples that validation was measured on."""
    faults = [r for r in runs if r.truth in ("needs_decay", "lr_too_high") and bounce(r.run) and wandering(r.run)]
    jittering = [r for r in faults if jitter(r.run, bounce(r.run)) > VIOLENT / 4]
    still = [r for r in jittering if calm(r.run, jitter(r.run, bounce(r.run)) * end(r.run[bounce(r.run).tag]))]
    assert (len(still), len(jittering)) == (3, 58)


def test_no_network_of_the_lab_makes_up_for_the_size_of_its_weights(runs):
    assert not [r.name for r in runs if amplified(r.run)]


def test_where_the_gradient_points_on_the_rate_is_too_low(known):
    def seen(run):
        return points_on(run, run[TRAIN_LOSS].finite(), strides(run))

    truths = Counter(truth for truth, run in known if seen(run))
    assert truths["lr_too_low"] > 0.95 * truths.total() >= 50
    assert not {"healthy", "keep_training", "lr_too_high"} & set(truths)


def test_where_the_gradient_points_on_since_an_early_cut_it_came_too_early(known):
    def seen(run):
        cut, loss = decay(run), run[TRAIN_LOSS].finite()
        early = cut and decay_too_early._early(loss, cut) and decay_too_early._stays(run, cut)
        return early and decay_too_early._points_on(run, loss, cut)

    truths = Counter(truth for truth, run in known if seen(run))
    assert set(truths) == {"decay_too_early"} and truths.total() >= 25


def test_a_rate_far_beyond_use_was_too_high_in_every_run(known):
    truths = Counter(truth for truth, run in known if beyond_use(run, run[TRAIN_LOSS].finite()))
    assert set(truths) == {"diverged", "lr_too_high"} and truths.total() >= 90


SLOW_SIGNS = {
    "only one lesson": (lambda run: (first_lesson(run) or 0.0) > SLOW, 8),
    "hardly begun": (lambda run: went_on(run, run[TRAIN_LOSS].finite()) and hardly_begun(run, headway(run)), 60),
    "no fall, at a low rate": (lambda run: strides(run) is None and timid(run, run[TRAIN_LOSS].finite()), 50),
}


@pytest.mark.parametrize("name", SLOW_SIGNS)
def test_of_what_shows_a_slow_sign_all_have_a_rate_too_low(known, name):
    shows, least = SLOW_SIGNS[name]
    short = [(t, run) for t, run in known if (s := strides(run)) is None or s.fullest < AIM * stretch(run)]
    truths = Counter(truth for truth, run in short if shows(run))
    assert truths["lr_too_low"] == truths.total() >= least
