"""Layers that get no gradient since long steps threw weights out."""

from dataclasses import replace

import numpy as np
import pytest

from diagnostics import synthetic
from diagnostics.stats.killed import killed

ALIVE = np.ones((50, 3))


def _run(grads, grown=5.0):
    run = synthetic.layered(synthetic.healthy(), grads)
    norms = np.where(run.layers["step"] > 100, 5.0 * grown, 5.0)
    return replace(run, layers=run.layers.assign(weight_norm=norms))


def _dies(at=10, to=0.0, layer=1):
    grads = ALIVE.copy()
    grads[at:, layer] = to
    return grads


def test_the_layer_is_named():
    seen = killed(_run(_dies()))
    assert seen is not None
    assert (seen.names, seen.of, seen.left) == (("2.weight",), 3, 0.0)
    assert seen.grown == pytest.approx(5.0)


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(synthetic.healthy(), id="no layers"),
        pytest.param(_run(ALIVE), id="all alive"),
        pytest.param(_run(_dies(to=1e-3)), id="a small gradient"),
        pytest.param(_run(_dies(at=48)), id="two samples without one"),
        pytest.param(_run(_dies(at=0)), id="never had one"),
        pytest.param(_run(_dies(), grown=1.5), id="at about its first size"),
        pytest.param(_run(_dies()).until(40), id="three samples"),
    ],
)
def test_nothing_was_killed(run):
    assert killed(run) is None


def test_weights_that_began_at_nothing_are_no_measure_of_growth():
    run = _run(_dies(), grown=1.0)
    zero = run.layers.assign(weight_norm=np.where(run.layers["step"] > 100, 5.0, 0.0))
    assert killed(replace(run, layers=zero)) is None
