"""Hyperparameters that nobody has to say."""

import json

import pytest
import torch
from torch import nn

from collector import Collector, schema
from collector.settings import settings
from diagnostics.readers import read


class Drops(nn.Dropout1d):
    """A layer of the user's own, made from torch's."""


def _model():
    return nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), Drops(0.5), nn.Linear(8, 2))


def test_the_largest_of_the_groups_and_of_the_layers():
    model = _model()
    groups = [{"params": [model[0].weight], "weight_decay": 0.1}, {"params": [model[0].bias], "weight_decay": 0.0}]
    found = settings([torch.optim.SGD(groups, lr=0.1, momentum=0.9)], model)
    assert found == {"optimizer": "SGD", "weight_decay": 0.1, "momentum": 0.9, "dropout": 0.5}


def test_what_neither_has_is_left_out():
    assert settings([], None) == {}
    assert settings([torch.optim.Rprop(nn.Linear(2, 2).parameters())], nn.Linear(2, 2)) == {"optimizer": "Rprop"}


@pytest.mark.parametrize("said, dropout", [({}, 0.5), ({"dropout": 0.1}, 0.1)])
def test_what_the_user_says_goes_before(tmp_path, said, dropout):
    model = _model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, config=said) as run:
        model(torch.randn(3, 4)).sum().backward()
        optimizer.step()
        run.log(loss=1.0)
    assert json.loads((tmp_path / "run" / schema.RUN_FILE).read_text())["config"] == said
    (found,) = read(tmp_path / "run")
    assert found.config == {"optimizer": "AdamW", "weight_decay": 0.01, "dropout": dropout}
