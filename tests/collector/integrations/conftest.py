"""Digits, a small network and the naive update ratio, that the frameworks' tests share."""

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it when it is imported
os.environ["HF_HUB_OFFLINE"] = "1"

from types import MethodType, SimpleNamespace

import pytest
import torch
from sklearn.datasets import load_digits

from collector import advice

sys.path.insert(0, str(Path(__file__).parents[1]))

from left import condemning

torch.set_num_threads(1)


def ratio(before, after):
    """‖ΔW‖ / ‖W‖ over all tensors, from clones."""
    moved = sum(((a - b).double() ** 2).sum() for a, b in zip(after, before, strict=True)) ** 0.5
    return float(moved / sum((b.double() ** 2).sum() for b in before) ** 0.5)


def watch(optimizer, record, model):
    """Note in ``record`` the learning rate and the naive update ratio of every step, around the optimizer's own ``step``."""
    params, step = list(model.parameters()), optimizer.step

    def noted(_, *args, **kwargs):
        before = [p.detach().clone() for p in params]
        record.lr.append(optimizer.param_groups[0]["lr"])
        result = step(*args, **kwargs)
        record.ratio.append(ratio(before, [p.detach() for p in params]))
        return result

    optimizer.step = MethodType(noted, optimizer)
    return optimizer


@pytest.fixture(scope="session")
def digits():
    """``x`` [96, 64] in 0–1 and ``y`` [96]; ``loader(batch)`` of them, in order."""
    data = load_digits()
    x = torch.tensor(data.data[:96] / 16, dtype=torch.float32)
    y = torch.tensor(data.target[:96])
    whole = torch.utils.data.TensorDataset(x, y)
    return SimpleNamespace(x=x, y=y, loader=lambda batch=16: torch.utils.data.DataLoader(whole, batch))


@pytest.fixture
def naive():
    """An empty record, ``watch(optimizer, record, model)`` and ``ratio(before, after)``."""
    record = SimpleNamespace(loss=[], lr=[], ratio=[], val=[])
    return SimpleNamespace(record=record, watch=watch, ratio=ratio)


@pytest.fixture
def condemned(tmp_path, monkeypatch):
    """A watcher beside the test that finds the run in ``tmp_path/"run"`` diverged; the collector looks often."""
    monkeypatch.setattr(advice, "EVERY", 0.05)
    with condemning(tmp_path / "run"):
        yield
