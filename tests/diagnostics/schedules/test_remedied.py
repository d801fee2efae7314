"""Every remedy of the rules about the schedule is one that can be drawn."""

import re

import numpy as np
import pytest

from collector.schema import LR
from diagnostics import rules, synthetic
from diagnostics.report import Remedy
from diagnostics.run import Run
from diagnostics.schedules import Schedule
from diagnostics.schedules.own import own
from diagnostics.schedules.remedied import remedied

ABOUT = ("lr", "schedule", "decay_step", "warmup_steps", "warmup", "steps")
CASES = [
    pytest.param(run, remedy, id=f"{rule.slug}-{name}-{remedy.parameter}")
    for rule in rules.all_rules()
    for name, make in rule.fires.items()
    for run in [make()]
    for finding in rule.check(run)
    for remedy in finding.remedies
    if remedy.parameter in ABOUT and LR in run
]


@pytest.mark.parametrize(("run", "remedy"), CASES)
def test_a_remedy_of_a_rule_is_a_schedule(run: Run, remedy: Remedy) -> None:
    found, top = remedied(remedy, run), float(run[LR].finite().values.max())
    assert found is not None
    rates = found.lr(np.arange(found.total_steps))
    assert np.isfinite(rates).all()
    if remedy.parameter == "lr" and remedy.from_step is None:
        assert found.peak == pytest.approx(remedy.value if remedy.factor is None else top * remedy.factor)
    elif remedy.parameter == "steps":
        assert found.peak == pytest.approx(top) and found.total_steps > run.last_step
    else:
        assert found.peak == pytest.approx(top)


def of(slug: str, parameter: str) -> tuple[Run, Remedy]:
    run = next(iter(rules.get(slug).fires.values()))()
    finding = next(iter(rules.get(slug).check(run)))
    return run, next(remedy for remedy in finding.remedies if remedy.parameter == parameter)


def test_needs_decay_drops_where_the_run_ended_and_trains_as_much_more_as_it_says() -> None:
    run, remedy = of("needs_decay", "lr")
    found = remedied(remedy, run)
    assert found and found.milestones == (run.last_step,) and found.factor == remedy.factor
    more = int(re.search(r"train ([\d,]+) steps more", remedy.action)[1].replace(",", ""))
    assert found.total_steps - run.last_step == pytest.approx(more, rel=0.05)


def test_decay_too_early_drops_as_much_as_it_did_but_later() -> None:
    run, remedy = of("decay_too_early", "decay_step")
    found = remedied(remedy, run)
    assert found and found.kind == "multi_step" and found.milestones == (remedy.value,)
    assert found.peak * found.factor == pytest.approx(run[LR].values[-1])


def test_missing_warmup_is_the_run_s_own_with_a_rise() -> None:
    run, remedy = of("missing_warmup", "warmup_steps")
    found, before = remedied(remedy, run), own(run)
    assert found and before and (found.kind, found.warmup_steps, found.warmup_start) == (before.kind, remedy.value, 0.0)


def test_a_share_of_the_steps_warms_up() -> None:
    run = synthetic.make(synthetic.falling(2.3, 0.1), lr=0.1)
    found = remedied(Remedy("Warm up.", "warmup", "because", value=0.05), run)
    assert found and found.warmup_steps == round(0.05 * run.last_step)


def test_the_warmup_is_to_the_rate_that_was_asked_for_before() -> None:
    run = synthetic.make(synthetic.falling(2.3, 0.1), lr=0.1)
    higher = Remedy("Raise.", "lr", "because", factor=10.0)
    found = remedied(Remedy("Warm up to it.", "warmup", "because", value=0.05), run, [higher])
    assert found and found.peak == pytest.approx(1.0) and found.warmup_steps == round(0.05 * run.last_step)


@pytest.mark.parametrize("parameter", ["dropout", "lr/head", "stop_step", "max_grad_norm"])
def test_what_is_not_about_the_schedule_is_none(parameter: str) -> None:
    assert remedied(Remedy("Do.", parameter, "because", factor=0.5), synthetic.healthy()) is None


def test_without_a_rate_there_is_nothing_to_change() -> None:
    run = Run("r", {tag: curve for tag, curve in synthetic.healthy().curves.items() if tag != LR})
    assert remedied(Remedy("Less.", "lr", "because", factor=0.5), run) is None


def test_a_cosine_keeps_the_run_s_own_warmup() -> None:
    t = np.arange(1, synthetic.STEPS + 1)
    run = synthetic.make(synthetic.falling(2.3, 0.1), lr=Schedule("constant", 0.1, t.size, 50).lr(t - 1))
    found = remedied(Remedy("Use a cosine.", "schedule", "because", value="cosine"), run)
    assert found and (found.kind, found.warmup_steps, found.final) == ("cosine", 50, 0.0)


def test_from_a_step_on_is_told_apart_from_a_new_start_without_words() -> None:
    run, _ = of("needs_decay", "lr")
    here = Remedy("Do it.", "lr", "because", factor=0.1, from_step=run.last_step)
    again = Remedy("Do it.", "lr", "because", factor=0.1)
    goes_on, starts = remedied(here, run), remedied(again, run)
    assert goes_on and starts and goes_on.lr(np.array([0]))[0] == pytest.approx(10 * starts.lr(np.array([0]))[0])
    assert here.to_json()["from_step"] == run.last_step and "from_step" not in again.to_json()
