"""Measured once, remembered as long as the object lives, and no longer."""

import copy
import gc
import pickle
import weakref

import numpy as np

from diagnostics import Curve
from diagnostics.once import once
from diagnostics.stats.level import blocks, end


def test_asks_once_for_each_argument():
    asked = []

    @once
    def share(curve, of):
        asked.append(of)
        return of

    curve = Curve("train/loss", np.arange(3), np.ones(3))
    assert [share(curve, 0.1), share(curve, 0.1), share(curve, 0.2)] == [0.1, 0.1, 0.2]
    assert asked == [0.1, 0.2]


def test_an_answer_that_holds_the_curve_does_not_keep_it_alive():
    curve = Curve("train/loss", np.arange(100), np.ones(100))
    assert curve.finite() is curve and blocks(curve).curve is curve
    gone = weakref.ref(curve)
    del curve
    gc.collect()
    assert gone() is None


def test_copies_and_pickles_start_afresh():
    curve = Curve("train/loss", np.arange(100), np.ones(100))
    before = len(pickle.dumps(curve))
    end(curve)
    assert len(pickle.dumps(curve)) == before
    assert end(copy.deepcopy(curve)) == end(pickle.loads(pickle.dumps(curve))) == 1.0
