"""What is advised for a run that diverged."""

import numpy as np
import pytest

from diagnostics import rules, synthetic

RULE = rules.get("diverged")


@pytest.mark.parametrize("val_breaks, first", [(False, "batch"), (True, "lr")])
def test_weights_that_still_give_a_validation_loss_are_not_what_broke(val_breaks, first):
    train, val = synthetic.noisy(synthetic.falling()), synthetic.falling(last=0.5)
    train[600:] = np.nan
    if val_breaks:
        val[610:] = np.nan
    (found,) = RULE.check(synthetic.make(train, val, lr=0.1))
    assert found.severity == "error" and found.remedies[0].parameter == first
