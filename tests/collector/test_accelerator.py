"""Values on an accelerator, played by an object that says it lives on one: no GPU is needed to test the waiting."""

import threading
from types import SimpleNamespace

import pytest
import torch

from collector import Collector, measure
from collector.values import Later
from diagnostics.readers.run_folder import read


class Remote:
    """A scalar tensor of another device; reading it off the background thread is a fault."""

    device = SimpleNamespace(type="xpu")
    is_cpu = False

    def __init__(self, value):
        self.value = value

    def detach(self):
        return self

    def clone(self):
        return Remote(self.value)

    def numel(self):
        return 1

    def is_complex(self):
        return False

    def reshape(self, _):
        return self

    def tolist(self):
        assert threading.current_thread() is not threading.main_thread() or self.late
        return [self.value]

    late = False


def test_values_of_an_accelerator_are_read_by_the_background_thread(tmp_path, monkeypatch):
    monkeypatch.setattr(Remote, "late", False)
    with Collector(tmp_path / "run") as run:
        loss = Remote(1.0)
        run.log(loss=loss, accuracy=0.5)
        loss.value = 9.0  # what the user does with his tensor afterwards must not show
        run.log(loss=Remote(float("nan")))
        run._writer._stop.wait(0.6)
        monkeypatch.setattr(Remote, "late", True)
        run.log(loss=Remote(3.0))  # fetched at close
    values = read(tmp_path / "run")[0]["train/loss"].values.tolist()
    assert values[0] == 1.0 and values[1] != values[1] and values[2] == 3.0


def test_norms_that_arrive_later_reach_the_same_row_and_the_layer_table(tmp_path, monkeypatch, tiny):
    def remote(scalars):
        return Later(torch.stack([s.reshape(()).float() for s in scalars]))

    def run_once(folder):
        model = tiny.net()
        optimizer = tiny.make["sgd"](model.parameters())
        with Collector(folder, model=model, optimizer=optimizer) as run:
            for loss in tiny.train(model, optimizer, 5):
                run.log(loss=loss, **({"grad_norm": 7.0} if run.step == 2 else {}))
        return read(folder)[0]

    here = run_once(tmp_path / "here")
    monkeypatch.setattr(measure, "_read", remote)
    there = run_once(tmp_path / "there")
    for tag in ("optim/update_ratio", "grad/norm", "train/loss"):
        assert there[tag].values.tolist() == pytest.approx(here[tag].values.tolist(), rel=1e-5)
    assert there["grad/norm"].values[1] == 7.0  # the user's word is the last
    assert len(there.layers) == len(here.layers) == 20
