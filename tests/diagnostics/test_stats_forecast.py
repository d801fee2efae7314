"""What twice the steps should bring."""

import numpy as np

from collector.schema import LR, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.stats.forecast import forecast


def test_a_rate_that_was_nothing_until_the_end_leaves_the_steps_to_measure_by():
    falling = synthetic.falling(pace=2.0)
    plain = synthetic.make(synthetic.noisy(falling), falling)
    late = synthetic.with_curves(plain, Curve(LR, np.array([1, 1000, 2000]), np.array([0.0, 0.0, 0.1])))
    assert forecast(late, VAL_LOSS) == forecast(plain, VAL_LOSS)
