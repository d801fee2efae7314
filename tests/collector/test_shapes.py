"""What run.json says of the layers: once, whatever wraps the model, and never at the cost of the training."""

import json
from types import SimpleNamespace

import pytest
import torch

from collector import Collector
from collector.schema import Shape
from diagnostics.keep import keep
from diagnostics.readers.run_folder import read


def recorded(folder, model, optimizer, tiny, steps=3):
    with Collector(folder, model=model, optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, steps):
            run.log(loss=loss)
    return read(folder)[0]


def test_each_layer_of_the_table_has_its_shape(tiny, tmp_path):
    model = tiny.net()
    run = recorded(tmp_path / "run", model, tiny.make["sgd"](model.parameters()), tiny)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["layers"]["0.weight"] == "Linear 8x6"
    assert run.shapes == {
        "0.weight": Shape("Linear", (8, 6)),
        "0.bias": Shape("Linear", (8,)),
        "2.weight": Shape("Linear", (3, 8)),
        "2.bias": Shape("Linear", (3,)),
    }
    assert set(run.shapes) == set(run.layers["layer"])


class Own(torch.nn.Linear):
    pass


class Bare(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Own(6, 3)
        self.scale = torch.nn.Parameter(torch.tensor(1.0))
        self.frozen = torch.nn.Linear(6, 6).requires_grad_(False)

    def forward(self, x):
        return self.scale * self.inner(x)


def test_a_class_of_ones_own_goes_by_what_it_is_made_from(tiny, tmp_path):
    model = Bare()
    run = recorded(tmp_path / "run", model, tiny.make["sgd"](model.inner.parameters()), tiny)
    assert run.shapes == {"inner.weight": Shape("Linear", (3, 6)), "inner.bias": Shape("Linear", (3,))}
    again = recorded(tmp_path / "own", model, tiny.make["sgd"]([model.scale]), tiny)
    assert again.shapes == {"scale": Shape("-", ())}


def test_what_no_optimizer_holds_is_told_but_for_what_is_frozen(tiny, tmp_path):
    model = Bare()
    run = recorded(tmp_path / "run", model, tiny.make["sgd"]([model.scale]), tiny)
    assert run.left_out == {"inner.weight": Shape("Linear", (3, 6)), "inner.bias": Shape("Linear", (3,))}
    assert read(keep(run, tmp_path / "kept"))[0].left_out == run.left_out
    whole = recorded(
        tmp_path / "whole", model, tiny.make["sgd"](p for p in model.parameters() if p.requires_grad), tiny
    )
    assert whole.left_out == {}
    other = recorded(tmp_path / "other", model, tiny.make["sgd"](Bare().inner.parameters()), tiny)
    assert other.left_out == {}  # copies of its parameters, as far as anyone can tell


def test_without_a_model_the_sizes_are_known_and_compiled_names_are_plain(tiny, tmp_path):
    model = tiny.net()
    run = recorded(
        tmp_path / "run",
        None,
        optimizer := tiny.make["sgd"](model.parameters()),
        SimpleNamespace(train=lambda _, optimizer, steps: tiny.train(model, optimizer, steps)),
    )
    assert run.shapes["0/0"] == Shape("-", (8, 6))
    compiled = torch.compile(model, backend="eager")
    with Collector(tmp_path / "compiled", model=compiled, optimizer=optimizer) as recorder:
        for loss in tiny.train(model, optimizer, 2):
            recorder.log(loss=loss)
    assert read(tmp_path / "compiled")[0].shapes["0.weight"] == Shape("Linear", (8, 6))


def test_an_imported_run_keeps_them_and_an_old_one_has_none(tiny, tmp_path):
    model = tiny.net()
    run = recorded(tmp_path / "run", model, tiny.make["sgd"](model.parameters()), tiny)
    assert read(keep(run, tmp_path / "kept"))[0].shapes == run.shapes
    file = tmp_path / "run" / "run.json"
    about = json.loads(file.read_text())
    del about["layers"]
    file.write_text(json.dumps(about))
    assert read(tmp_path / "run")[0].shapes == {}
    file.write_text(json.dumps(about | {"layers": {"0.weight": 7, "a": "Linear 8x6x", "b": "Conv2d 8x6x3x3"}}))
    assert read(tmp_path / "run")[0].shapes == {"b": Shape("Conv2d", (8, 6, 3, 3))}


@pytest.mark.parametrize("shape", [Shape("Linear", (8, 6)), Shape("-", ()), Shape("GRU", (96,))])
def test_a_shape_is_what_its_text_says(shape):
    assert Shape.parse(str(shape)) == shape
