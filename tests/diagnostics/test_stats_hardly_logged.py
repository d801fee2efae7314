"""Training logged a few times in a whole run: its course is taken from validation, and the verdict says so."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import diagnose, synthetic
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.readers import read
from diagnostics.run import Run
from diagnostics.stats.hardly_logged import hardly_logged, sketched

EVALS = 60
T = np.linspace(0, 1, EVALS)
STEPS = np.arange(EVALS) * 20
LEVELLED = 0.3 + 2.0 * np.exp(-12 * T)
RISEN = LEVELLED + 0.6 * np.clip(T - 0.3, 0, None)


def logged(val, train: dict[int, float], **more) -> Run:
    """Validation at every evaluation, training at a few steps."""
    noise = 0.003 * np.random.default_rng(0).standard_normal(EVALS)
    losses = Curve(TRAIN_LOSS, np.array(list(train), int), np.array(list(train.values()), float))
    return Run("few", {TRAIN_LOSS: losses, VAL_LOSS: Curve(VAL_LOSS, STEPS, np.asarray(val) + noise)}, **more)


def test_it_goes_as_validation_and_through_its_own_points():
    run = logged(RISEN, {300: 0.2, 600: 0.1, 1180: 0.02})
    train, val = sketched(run)[TRAIN_LOSS], run[VAL_LOSS]
    np.testing.assert_array_equal(train.steps, val.steps)
    assert train.values[0] == val.values[0], "before the first step both are losses of the same network"
    np.testing.assert_allclose(train.at(np.array([300, 600])), [0.2, 0.1])
    np.testing.assert_allclose(train.values[-1], 0.02)
    assert sketched(run)[VAL_LOSS] is val and len(run[TRAIN_LOSS]) == 3


def test_training_a_little_above_validation_is_taken_for_noise_or_dropout():
    run = logged(LEVELLED, {400: 0.9, 1180: 0.5})
    np.testing.assert_array_equal(sketched(run)[TRAIN_LOSS].values, run[VAL_LOSS].values)


@pytest.mark.parametrize("shift", [0.0, -3.0], ids=["losses above 0", "log-likelihoods"])
def test_once_at_the_end_tells_overfitting_from_steps_too_long(shift):
    by_heart = diagnose(logged(RISEN + shift, {1180: 0.01 + shift}))
    assert by_heart.verdict == "overfitting"
    assert {e.tag for e in by_heart.headline.evidence} == {VAL_LOSS}
    assert by_heart.headline.message.endswith(
        "Training was logged only once: its course, and its figures here, are taken from validation."
    )
    thrown = diagnose(logged(RISEN + 2.5 * np.clip(T - 0.3, 0, None) + shift, {1180: 2.6 + shift}))
    assert thrown.verdict != "overfitting"


def test_a_sound_run_is_sound_and_one_that_falls_goes_on():
    assert diagnose(logged(LEVELLED, {600: 0.29, 1180: 0.28})).verdict == "healthy"
    assert diagnose(logged(2.3 - 1.0 * T**0.7, {600: 1.7, 1180: 1.29})).verdict in ("keep_training", "lr_too_low")


@pytest.mark.parametrize(
    ("train", "why"),
    [
        ({}, "no training loss: a rise may be anything"),
        ({100: 1.5}, "none is late: where training went while validation rose is not known"),
        ({600: 1.0, 1180: np.nan}, "not a number: that is the finding"),
        (dict.fromkeys(range(0, 1180, 25), 1.0), "enough of its own"),
        ({600: 0.29, 1180: 50.0}, "thrown up, or a sum"),
        ({20: 0.02, 1180: 0.003}, "far below from the beginning: another scale"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_is_left_alone(train, why):
    run = logged(RISEN, train)
    assert not hardly_logged(run) and sketched(run) is run, why


def test_a_rise_that_training_is_not_known_to_have_followed():
    late = LEVELLED + 5.0 * np.clip(T - 0.55, 0, None)
    assert diagnose(logged(late, {600: 0.2})).verdict == "not_enough_data", "the lowest evaluation is after it"
    early = LEVELLED + 5.0 * np.clip(T - 0.3, 0, None)
    assert diagnose(logged(early, {600: 0.05})).verdict == "overfitting", "training was seen to part from validation"


def test_evaluations_that_end_before_the_log_does_show_nothing_of_its_end():
    run = logged(LEVELLED, {600: 0.3, 1180: 0.28, 2390: 0.27})
    assert not hardly_logged(run) and diagnose(run).verdict == "not_enough_data"


def test_means_of_epochs_that_would_do_are_judged_themselves():
    means = {100 * k: 2.0 * np.exp(-0.5 * k) + 0.6 for k in range(12)}
    run = logged(LEVELLED, means, epochs=Curve("epoch", STEPS, STEPS / 100))
    few = replace(run, curves={**run.curves, VAL_LOSS: run[VAL_LOSS].where(STEPS % 60 == 0)})
    assert not hardly_logged(few) and diagnose(few).verdict != "not_enough_data"


@pytest.mark.parametrize("seed", range(8))
def test_validation_that_is_restless_for_want_of_examples_accuses_no_rate(seed):
    restless = LEVELLED * (1 + 0.2 * np.random.default_rng(seed).standard_normal(EVALS))
    report = diagnose(replace(logged(restless, {600: 0.3, 1180: 0.28}), state="finished"))
    assert report.verdict != "lr_too_high"


def test_solved_training_is_0():
    run = logged(RISEN, {600: 0.0, 1180: 0.0})
    assert diagnose(run).verdict == "overfitting" and (sketched(run)[TRAIN_LOSS].values >= 0).all()


def test_few_evaluations_show_no_course():
    run = logged(LEVELLED, {600: 0.3, 1180: 0.3})
    few = replace(run, curves={**run.curves, VAL_LOSS: run[VAL_LOSS].where(STEPS % 120 == 0)})
    assert diagnose(few).verdict == "not_enough_data"
    more = replace(run, curves={**run.curves, VAL_LOSS: run[VAL_LOSS].where(STEPS % 100 == 0)})
    assert diagnose(more).verdict == "healthy"


@pytest.mark.parametrize("means", [frozenset(), frozenset([TRAIN_LOSS])], ids=["single losses", "means"])
def test_what_was_learned_before_the_first_evaluation_is_not_known(means):
    steps = 50 * np.arange(1, 13)
    losses = {VAL_LOSS: 0.45 + 0.005 * (steps % 3), TRAIN_LOSS: 0.44 + 0.005 * np.exp(-steps / 150)}
    flat = Run("flat", {tag: Curve(tag, steps, values) for tag, values in losses.items()}, means=means)
    told = diagnose(flat)
    assert (
        told.verdict == "healthy"
        and "since step 50; what was learned before is not in the log" in told.headline.message
    )
    begun = Curve(VAL_LOSS, np.r_[0, steps], np.r_[0.45, losses[VAL_LOSS]])
    seen = diagnose(replace(flat, curves={**flat.curves, VAL_LOSS: begun}))
    assert "what was learned before" not in seen.headline.message
    assert means or seen.verdict == "bad_initialization"


@pytest.mark.parametrize(("evaluations", "verdict"), [(12, "healthy"), (4, "not_enough_data")])
def test_means_over_steps_need_fewer_points_where_validation_was_looked_at(evaluations, verdict):
    """As a Hugging Face Trainer logs them."""
    run = logged(LEVELLED, {120 * k: 2.0 * np.exp(-0.5 * k) + 0.3 for k in range(1, 11)})
    few = run[VAL_LOSS].where(STEPS % (1200 // evaluations) == 0)
    means = replace(run, curves={**run.curves, VAL_LOSS: few}, means=frozenset([TRAIN_LOSS]))
    assert not hardly_logged(means) and diagnose(means).verdict == verdict
    assert diagnose(replace(means, means=frozenset())).verdict in (verdict, "not_enough_data")


def test_neither_scale_nor_steps_nor_what_stands_beside_the_verdict_matter():
    run = logged(RISEN, {300: 0.2, 600: 0.1, 1180: 0.02})
    told = diagnose(run)
    scaled = {tag: Curve(tag, c.steps * 7, c.values * 50) for tag, c in run.curves.items()}
    assert diagnose(replace(run, curves=scaled)).verdict == told.verdict == "overfitting"
    beside = [f.rule for f in told.findings[1:]]
    assert "loss_spike" not in beside and "loss_spike" in [each.rule for each in told.not_checked]


def test_in_flight_it_is_told_after_some_looks_and_stays():
    run = replace(logged(RISEN, {100 * k: 0.6 / k for k in range(1, 11)} | {1180: 0.02}), state=RUNNING)
    verdicts = [diagnose(run.until(step)).verdict for step in STEPS[4:]]
    assert verdicts[0] == "not_enough_data" and verdicts[-1] == "overfitting"
    faults = [v for v in verdicts if v not in ("not_enough_data", "keep_training", "healthy")]
    assert set(faults) == {"overfitting"} and verdicts[-len(faults) :] == faults


def test_a_run_with_enough_losses_is_judged_as_it_is():
    run = synthetic.healthy()
    assert sketched(run) is run and "taken from validation" not in diagnose(run).headline.message


def test_many_means_show_the_start_themselves():
    steps = 10 * np.arange(1, 501)
    flat = 2.303 + 0.01 * np.random.default_rng(0).standard_normal(500)
    run = Run("hf", {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, flat)}, means=frozenset([TRAIN_LOSS]))
    assert diagnose(run).verdict == "bad_initialization"


@pytest.mark.parametrize("rise", [0.01, 0.03])
def test_a_fine_tuning_that_was_best_at_its_first_evaluation_has_not_diverged(rise):
    steps = 100 * np.arange(1, 13)
    val = 0.8 * (1 + rise * (1 - np.exp(-(steps - 100) / 300)))
    run = Run("tuned", {TRAIN_LOSS: Curve(TRAIN_LOSS, [1200], [0.8]), VAL_LOSS: Curve(VAL_LOSS, steps, val)})
    assert hardly_logged(run) and diagnose(run).verdict == "healthy"


def test_means_stay_means_when_the_log_is_kept(tmp_path):
    steps = 100 * np.arange(1, 11)
    losses = {tag: Curve(tag, steps, 0.3 + np.exp(-np.arange(10.0))) for tag in (TRAIN_LOSS, VAL_LOSS)}
    run = Run("hf", losses, means=frozenset([TRAIN_LOSS]), state="finished")
    again = read(keep(run, tmp_path))[0]
    assert again.means == run.means and diagnose(again).verdict == diagnose(run).verdict == "healthy"
