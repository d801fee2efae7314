"""The label of a history, from a third part of the data that neither training nor validation saw."""

import pandas as pd

OVERFIT = 1.05  # the third part's loss of the final weights over that of the weights validation liked best
SOUND = 1.02
SURE = 2.0  # standard errors


def label(facts: pd.DataFrame) -> pd.Series:
    """``overfit``, ``sound``, or missing where the third part cannot tell; the index is that of ``facts``."""
    ratio = facts[["unseen_final", "unseen_late"]].div(facts.unseen_best, axis=0)
    error = SURE * facts.error / facts.unseen_best
    overfit = (ratio.min(axis=1) > OVERFIT) & (ratio.unseen_final - error > 1) & (facts.train_final < facts.train_best)
    sound = (ratio.max(axis=1) < SOUND) & (ratio.unseen_final + error < OVERFIT)
    named = pd.Series(pd.NA, index=facts.index, dtype="string")
    return named.mask(overfit, "overfit").mask(sound, "sound")
