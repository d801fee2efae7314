"""The size of the first weights, held against what torch's own initializations give."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from collector.names import Names
from collector.schema import Shape
from diagnostics import diagnose, synthetic
from diagnostics.run import Run
from diagnostics.stats.gain import gain, normalized
from diagnostics.stats.small_weights import began_small, began_sound, far_off, no_measure


def begun(model):
    """A run of which only the first weights were recorded."""
    torch.manual_seed(0)
    told = {}
    names = Names(lambda held, _: told.update(held))
    names.model(model)
    names.of([SimpleNamespace(param_groups=[{"params": list(model.parameters())}])], next(model.parameters()))
    rows = [{"step": 1, "layer": name, "weight_norm": p.detach().norm().item()} for name, p in model.named_parameters()]
    table = pd.DataFrame(rows).assign(update_norm=1e-3, update_ratio=1e-3, grad_norm=1.0)
    return Run("r", {}, layers=table, shapes={name: Shape.parse(text) for name, text in told.items()})


def net(rule=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(16, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(400, 100), nn.Linear(100, 50))
    for weight in [p for p in model.parameters() if rule and p.ndim > 1]:
        rule(weight)
    return model


@pytest.mark.parametrize(
    "rule, size",
    [
        (None, 3**-0.5),
        (lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"), 2**0.5),
        (lambda w: nn.init.normal_(w, std=w[0].numel() ** -0.5), 1.0),
        (lambda w: nn.init.normal_(w, std=0.1 * w[0].numel() ** -0.5), 0.1),
    ],
)
def test_it_is_the_deviation_times_the_root_of_the_fan_in(rule, size):
    assert gain(begun(net(rule))).values == pytest.approx(size, rel=0.05)


@pytest.mark.parametrize("rule", [None, nn.init.xavier_uniform_, nn.init.kaiming_uniform_, nn.init.orthogonal_])
@pytest.mark.parametrize(
    "model", [net, lambda rule: nn.LSTM(32, 64, 2), lambda rule: nn.TransformerEncoderLayer(64, 4)]
)
def test_the_rules_of_the_field_are_sound(model, rule):
    run = begun(model(rule))
    assert began_sound(run) and not began_small(run, 1)


def test_what_is_no_sum_over_inputs_is_left_out():
    norm = nn.utils.parametrizations.weight_norm
    parts = [nn.Embedding(100, 8), nn.LayerNorm((4, 8)), nn.ConvTranspose2d(8, 4, 2), norm(nn.Linear(8, 8))]
    assert gain(begun(nn.Sequential(*parts))) is None
    assert len(gain(begun(nn.Sequential(*parts, nn.Linear(8, 8)))).values) == 1


def test_a_layer_of_zeros_is_no_small_one_but_not_known_to_be_sound():
    model = net()
    nn.init.zeros_(model[-1].weight)
    run = begun(model)
    assert gain(run).typical > 0.5 and not began_small(run, 1) and not began_sound(run)


def test_weights_of_a_tenth_are_small_and_of_a_normal_distribution_too_large():
    assert began_small(begun(net(lambda w: w.data.mul_(0.1))), 1)
    assert not began_sound(begun(net(nn.init.normal_)))


def test_a_normalization_is_seen_and_makes_the_size_of_no_account():
    small = net(lambda w: w.data.mul_(0.1))
    run = begun(nn.Sequential(small, nn.BatchNorm1d(50)))
    assert normalized(run) and not normalized(begun(small)) and not began_small(run, 1)


def test_a_normalization_of_ones_own_is_known_by_its_name():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(50))

    assert normalized(begun(nn.Sequential().append(net()).extend([nn.ModuleDict({"input_norm": Own()})])))


def test_a_model_measured_in_turns_is_seen_whole():
    run = begun(net())
    table = pd.concat([run.layers.iloc[:3], run.layers.iloc[3:].assign(step=2)], ignore_index=True)
    assert gain(replace(run, layers=table)).values == pytest.approx(gain(run).values)


def test_without_shapes_nothing_is_said():
    run = begun(net())
    table = run.layers
    assert gain(Run("r", {}, layers=table)) is None and gain(Run("r", {})) is None
    assert gain(Run("r", {}, layers=table.assign(weight_norm=np.nan), shapes=run.shapes)) is None


def test_zeros_are_no_start_for_several_layers_and_one_for_a_single_one():
    run = begun(net(nn.init.zeros_))
    assert far_off(run) == 0.0 and no_measure(run)
    assert far_off(begun(nn.Linear(20, 2))) is None and gain(begun(nn.Linear(20, 2))) is not None
    single = nn.Linear(20, 2)
    nn.init.zeros_(single.weight)
    assert gain(begun(single)) is None


@pytest.mark.parametrize("times, off", [(0.05, True), (0.2, False), (1.0, False), (1.9, False), (2.5, True)])
def test_what_no_rule_of_the_field_gives_is_far_off_but_for_a_normalization(times, off):
    def rule(weight):
        nn.init.normal_(weight, std=times * weight[0].numel() ** -0.5)

    assert (far_off(begun(net(rule))) is not None) == off
    assert far_off(begun(nn.Sequential(net(rule), nn.LayerNorm(50)))) is None


@pytest.mark.parametrize("ratio, is_a_measure", [(1e-3, False), (3e-2, True)])
def test_weights_that_learned_most_before_they_moved_have_no_size_to_speak_of(ratio, is_a_measure):
    """A factor in the model makes up for it; no signal of a usual network gets through three layers of a tenth."""
    falls = synthetic.make(synthetic.noisy(synthetic.falling(2.3, 0.1, pace=30)), lr=1e-4, update_ratio=ratio)
    shapes = {f"{2 * i}.weight": Shape("Linear", (64, 64)) for i in range(3)}
    run = synthetic.layered(falls, np.ones(3), update_ratio=np.full(3, ratio))
    run = replace(run, layers=run.layers.assign(weight_norm=0.8), shapes=shapes)
    assert (gain(run) is not None) is is_a_measure
    assert began_small(run, 1) is is_a_measure
    assert diagnose(run).verdict != "lr_too_low"
