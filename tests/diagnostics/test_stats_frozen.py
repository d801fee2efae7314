"""A network of which only the biases are trained."""

from dataclasses import replace

import numpy as np
import pytest

from collector.schema import Shape
from diagnostics import diagnose, synthetic
from diagnostics.stats.frozen import frozen

SHAPES = {
    "2.weight": Shape("Linear", (64, 64)),
    "4.weight": Shape("Linear", (10, 64)),
    "4.bias": Shape("Linear", (10,)),
}


def trained(*names: str):
    """A loss at rest, with updates of parameters of these names."""
    run = synthetic.make(synthetic.noisy(np.full(synthetic.STEPS, 2.3), 0.02), lr=0.1)
    run = synthetic.layered(run, np.ones(len(names)))
    renamed = run.layers.replace({"layer": {f"{2 * i}.weight": name for i, name in enumerate(names)}})
    return replace(run, layers=renamed, shapes=SHAPES)


@pytest.mark.parametrize(
    "names, said",
    [
        (("4.bias",), " Nothing but 4.bias was ever updated"),
        (("2.norm.weight", "4.bias"), " Nothing but 2.norm.weight and 1 more like it was"),
        (("4.weight", "4.bias"), ""),
    ],
)
def test_says_what_alone_is_trained(names, said):
    assert frozen(trained(*names))[: len(said)] == said and bool(frozen(trained(*names))) is bool(said)


def test_without_shapes_nothing_is_known():
    assert not frozen(replace(trained("4.bias"), shapes={})) and not frozen(synthetic.healthy())


def test_weights_are_to_be_trained_before_they_are_begun_otherwise():
    found = diagnose(trained("4.bias")).headline
    assert found.rule == "bad_initialization" and "no weight matrix is trained" in found.message
    assert found.remedies[0].parameter == "requires_grad"
    assert diagnose(trained("4.weight")).headline.remedies[0].parameter != "requires_grad"
