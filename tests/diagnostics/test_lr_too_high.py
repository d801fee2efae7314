"""By how much a rate that is too high is lowered."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import RUNNING, Shape
from diagnostics import rules, synthetic
from diagnostics.stats.standstill import surely_stuck

RULE = rules.get("lr_too_high")


def _advice(run):
    (found,) = RULE.check(run)
    return found.remedies[0]


def _thrown(longest, usual=0.01):
    loss = synthetic.noisy(synthetic.falling(2.3, 1.8, pace=60), 0.1)
    return synthetic.make(loss, lr=1.0, update_ratio=np.r_[longest, np.full(999, usual)])


def _bouncing(ratio):
    level = synthetic.falling(2.3, 0.3, pace=60)
    val = level + 0.3 * np.random.default_rng(1).standard_normal(len(level))
    return synthetic.make(synthetic.noisy(level, 0.1), val, lr=0.5, update_ratio=ratio)


def test_a_step_as_long_as_the_weights_is_brought_down_to_what_sound_runs_take():
    assert 1.0 * _advice(_thrown(1.0)).factor == pytest.approx(0.1)
    assert 5.0 * _advice(_thrown(5.0)).factor == pytest.approx(0.1)


def test_it_is_brought_down_further_where_the_optimizer_is_known_to_take_short_ones():
    adam = synthetic.with_config(_thrown(5.0), optimizer="Adam")
    assert 5.0 * _advice(adam).factor == pytest.approx(0.03)


def test_a_decay_from_here_on_is_a_tenth_at_least():
    assert _advice(_bouncing(0.02)).factor == pytest.approx(0.1)
    assert _advice(_bouncing(0.5)).factor == pytest.approx(0.02)


def test_without_ratios_it_is_the_tenth_of_the_course():
    assert _advice(_bouncing(None)).factor == pytest.approx(0.1)


def test_weights_that_long_steps_made_large_make_them_look_short():
    """The same updates beside weights that grew tenfold were longer when they began."""
    run = next(make for name, make in RULE.fires.items() if "killed" in name)()
    assert run.layers is not None
    plain = _advice(run).factor
    assert plain is not None
    grown = run.layers.assign(weight_norm=np.where(run.layers["weight_norm"] > 5.0, 500.0, 5.0))
    assert _advice(replace(run, layers=grown)).factor < plain


def _rose_and_went_on(last):
    """Down to 0.5 in a third of the run, then up to 1.5, and on to ``last`` from there."""
    levels = np.r_[synthetic.falling(2.3, 0.5, steps=300), np.linspace(1.5, last, 700)]
    return replace(synthetic.make(synthetic.noisy(levels, 0.02), lr=0.6), state=RUNNING)


def test_while_a_run_goes_on_a_loss_that_was_thrown_up_may_come_back_down():
    assert any(RULE.check(_rose_and_went_on(1.5)))
    assert not any(RULE.check(_rose_and_went_on(1.0)))
    assert any(RULE.check(replace(_rose_and_went_on(1.0), state="finished")))


@pytest.mark.parametrize("stood, said", [(400, True), (200, False)])
def test_while_a_run_goes_on_a_rise_of_much_of_the_fall_counts_once_it_has_stood(stood, said):
    """Under batches so noisy that nobody knows whether it still falls."""
    levels = np.r_[synthetic.falling(2.3, 0.5, steps=300), np.linspace(1.6, 1.8, stood)]
    run = replace(synthetic.make(synthetic.noisy(levels, 0.35), lr=0.6), state=RUNNING)
    assert not surely_stuck(run["train/loss"]) and bool(list(RULE.check(run))) is said


def _jumped(last, lr=0.5):
    """Far above the start after three steps, and at ``last`` since a twentieth of the run."""
    level = synthetic.noisy(synthetic.falling(2.3, last, pace=60), 0.02)
    level[3:11] = 50.0
    return synthetic.make(level, lr=lr)


@pytest.mark.parametrize("last, said", [(2.2, False), (1.2, True)])
def test_while_a_run_goes_on_a_jump_counts_once_the_loss_has_come_down_from_it(last, said):
    run = _jumped(last)
    assert any(RULE.check(run))
    young = synthetic.with_curves(run, run["train/loss"].between(1, 300))
    assert any(RULE.check(replace(young, state=RUNNING))) == said


@pytest.mark.parametrize("last, said", [(1.2, True), (0.9, False)])
def test_a_jump_that_no_decay_brings_lower_than_it_had_been(last, said):
    level = np.r_[np.linspace(2.3, 1.2, 30), np.full(470, 1.2), np.full(500, last)]
    level[400:408] = 50.0  # at two thirds of the peak rate
    cosine = 0.25 * (1 + np.cos(np.linspace(0, np.pi, 1000)))
    run = synthetic.make(synthetic.noisy(level, 0.02), lr=cosine)
    assert any(RULE.check(run)) == said


def test_dropped_units_make_the_loss_jump_at_any_rate():
    assert any(RULE.check(_jumped(1.2)))
    assert not any(RULE.check(synthetic.with_config(_jumped(1.2), dropout=0.8)))


def test_a_layer_that_dies_in_a_narrow_network_is_one_of_few_units():
    run = next(make for name, make in RULE.fires.items() if "killed" in name)()
    assert any(RULE.check(run)) and not any(RULE.check(synthetic.with_config(run, width=2)))


def test_harm_done_to_the_weights_is_said_while_the_loss_still_falls():
    run = next(make for name, make in RULE.fires.items() if "killed" in name)()
    slow = synthetic.noisy(synthetic.falling(2.3, 1.2, pace=3))
    falling = replace(synthetic.make(slow, lr=0.5), layers=run.layers, state=RUNNING)
    assert not surely_stuck(falling["train/loss"])
    assert any(RULE.check(falling))


def _swollen(*, times=12.0, longest=0.3, outputs=25, last=1.2, **settings):
    """Three layers of a norm of 5, of which the first grows ``times``, under updates that begin as long as ``longest``."""
    ratio = np.full((50, 3), 5e-3)
    ratio[:2] = longest
    loss = synthetic.make(synthetic.noisy(synthetic.falling(2.3, last), 0.02), lr=0.1)
    run = synthetic.layered(synthetic.with_config(loss, **settings), np.ones((50, 3)), update_ratio=ratio)
    assert run.layers is not None
    late = (run.layers["layer"] == "0.weight") & (run.layers["step"] > 100)
    shapes = {f"{2 * i}.weight": Shape("Linear", (outputs, outputs)) for i in range(3)}
    return replace(run, layers=run.layers.assign(weight_norm=np.where(late, 5.0 * times, 5.0)), shapes=shapes)


def test_long_updates_that_carry_sound_weights_far_from_their_first_size():
    (found,) = RULE.check(_swollen())
    assert "12 times their first size" in found.message
    assert found.evidence[0].measured == pytest.approx(0.3)
    assert list(RULE.check(replace(_swollen(), state=RUNNING)))


def test_short_updates_that_carry_them_a_hundred_times_as_far():
    (found,) = RULE.check(_swollen(times=120.0, longest=0.1))
    assert "120 times their first size" in found.message
    assert found.evidence[0].measured == pytest.approx(120.0)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(_swollen(times=9.0), id="weights that grow as they learn"),
        pytest.param(_swollen(longest=0.1), id="by short steps and long training"),
        pytest.param(_swollen(outputs=10_000), id="weights that began too small"),
        pytest.param(_swollen(width=2), id="two units that must carry everything"),
        pytest.param(_swollen(last=0.05), id="learned all the same"),
    ],
)
def test_weights_grow_for_other_reasons(run):
    assert not list(RULE.check(run))


def test_a_log_without_a_rate_that_circles_needs_a_decay():
    level = synthetic.falling(2.3, 0.1, pace=40.0)
    jumps = np.random.default_rng(1).choice([-1.0, 1.0], len(level))
    run = synthetic.make(synthetic.noisy(level, 0.1), level * (1 + 0.16 * jumps))
    (found,) = rules.get("needs_decay").check(run)
    assert "optim/lr" not in run and not list(RULE.check(run))
    assert "jitters by 0.0162, as much as ever." in found.message and "to a tenth" in found.remedies[0].action


@pytest.mark.parametrize("last, found", [(3.0, True), (0.4, False)])
def test_where_nobody_saw_the_weights_validation_says_whether_they_were_flung_out(last, found):
    train = synthetic.noisy(synthetic.falling(2.3, 0.01, pace=40), 0.02)
    train[3:11] = 50.0
    flung = synthetic.make(train, synthetic.falling(4.0, last, pace=40), lr=0.5)
    assert any("flung" in one.message for one in RULE.check(flung)) is found


def test_a_solved_loss_has_no_gradient_and_is_not_dead():
    train = synthetic.noisy(synthetic.falling(2.3, 1e-9, pace=60), 0.5)
    train = np.abs(train)
    still = np.r_[2.3, np.full(999, np.float32(1.1))]
    assert not any(RULE.check(synthetic.make(train, still, lr=0.5)))


def _moved_by(*ratios, last=1.8):
    """Updates that begin with ``ratios`` and go on at 0.01, under a loss that falls all the way to ``last``."""
    rest = np.full(synthetic.STEPS - len(ratios), 0.01)
    return synthetic.make(synthetic.noisy(synthetic.falling(2.3, last), 0.02), lr=0.1, update_ratio=np.r_[ratios, rest])


@pytest.mark.parametrize("last, is_said", [(2.3, True), (1.8, False)])
def test_update_after_update_that_replaces_the_weights_is_said_in_flight_where_the_loss_does_not_fall(last, is_said):
    run = _moved_by(*[0.3] * 5, last=last)
    (found,) = RULE.check(run)
    assert "by 30% of their size" in found.message and found.evidence[0].measured == pytest.approx(0.3)
    assert bool(list(RULE.check(replace(run.until(200), state=RUNNING)))) is is_said


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(_moved_by(0.4, 0.4, 0.2, 0.2, 0.2), id="as long only once or twice"),
        pytest.param(_moved_by(*[0.3] * 5, last=0.02), id="learned all the same"),
    ],
)
def test_long_updates_at_the_start_alone_are_nothing(run):
    assert not list(RULE.check(run))


@pytest.mark.parametrize("times, is_found", [(1.0, False), (2.0, True)])
def test_long_updates_that_neither_weights_nor_loss_show_did_no_harm(times, is_found):
    run = _moved_by(*[0.3] * 5)
    layered = synthetic.layered(run, np.ones((50, 3)), update_ratio=np.full((50, 3), 0.01))
    assert layered.layers is not None
    norms = np.where(layered.layers["step"] > 100, 5.0 * times, 5.0)
    grown = replace(layered, layers=layered.layers.assign(weight_norm=norms), curves=run.curves)
    assert bool(list(RULE.check(grown))) is is_found


def test_weights_overwritten_all_along_need_not_grow():
    run = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 1.8), 0.02), lr=0.1, update_ratio=0.4)
    layered = synthetic.layered(run, np.ones((50, 3)), update_ratio=np.full((50, 3), 0.4))
    (found,) = RULE.check(replace(layered, curves=run.curves))
    assert "by 40% of their size" in found.message


def _astray(rate):
    """Down to 1.2 within 80 steps, up to 2.1 by step 200, and back."""
    level = np.r_[np.linspace(2.3, 1.2, 80), np.linspace(1.2, 2.1, 120), np.linspace(2.1, 1.2, 800)]
    return synthetic.make(synthetic.noisy(level, 0.05), lr=rate)


def test_a_loss_that_turned_up_in_a_warmup_says_how_low_the_rate_should_be():
    warmup = np.r_[np.linspace(0, 1.0, 200), np.linspace(1.0, 0, 800)]
    assert _advice(_astray(warmup)).factor == pytest.approx(0.1, abs=0.02)  # it turned at 0.4 of the peak


@pytest.mark.parametrize(
    "rate", [None, 0.5, np.tile(np.linspace(1.0, 0, 100), 10)], ids=["unknown", "constant", "restarts"]
)
def test_a_loss_that_rose_at_a_rate_it_had_fallen_at_is_another_matter(rate):
    assert not any("nothing was won" in found.message for found in RULE.check(_astray(rate)))


def test_a_single_layer_grows_as_far_as_its_targets_ask():
    falls = synthetic.make(synthetic.noisy(synthetic.falling(100.0, 20.0, pace=30)), lr=0.1, update_ratio=0.3)
    for layers in (1, 2):
        run = synthetic.layered(falls, np.ones(layers), update_ratio=np.full(layers, 0.3))
        norms = 4.6 * np.linspace(1, 20, len(run.layers)) / 1.0
        shapes = {f"{2 * i}.weight": Shape("Linear", (64, 64)) for i in range(layers)}
        run = replace(run, layers=run.layers.assign(weight_norm=norms), shapes=shapes)
        assert any("first size" in f.message for f in RULE.check(run)) is (layers > 1)


@pytest.mark.parametrize("excess, severity", [(0.1, "warning"), (None, "info")])
def test_a_jitter_alone_is_a_remark_where_nobody_recorded_how_far_the_weights_wander(excess, severity):
    level = synthetic.falling(2.3, 0.3, pace=60)
    val = level + 0.05 * np.random.default_rng(1).standard_normal(len(level))
    (found,) = RULE.check(synthetic.make(synthetic.noisy(level, 0.1), val, lr=0.5, excess_loss=excess))
    assert found.severity == severity
    assert ("other examples each time" in found.message) is (excess is None)


@pytest.mark.parametrize("pace, said", [(60, True), (0.3, False)])
def test_a_rate_beyond_use_is_told_in_flight_where_the_loss_is_not_seen_to_fall(pace, said):
    loss = synthetic.noisy(synthetic.falling(2.3, 2.0, pace=pace), 0.02)
    run = replace(synthetic.make(loss, lr=0.5), config={"optimizer": "Adam"}, state=RUNNING)
    assert any(RULE.check(run)) is said
