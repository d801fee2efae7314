"""The shipped histories and how they are scored; training them anew is the benchmark's own business."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.histories import __main__ as histories
from benchmarks.histories import data, rivals, truth
from diagnostics import synthetic


def facts(**given) -> pd.DataFrame:
    sure = {"unseen_best": 1.0, "unseen_final": 1.2, "unseen_late": 1.2, "error": 0.01}
    return pd.DataFrame([{**sure, "train_best": 0.5, "train_final": 0.1, **given}])


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, "overfit"),
        ({"train_final": 0.6}, None),  # training is not lower: something else went wrong
        ({"error": 0.2}, None),  # 20 % ± 40 %
        ({"unseen_late": 1.03}, None),  # only the very last weights are worse
        ({"unseen_final": 1.01, "unseen_late": 1.0}, "sound"),
        ({"unseen_final": 1.01, "unseen_late": 1.0, "error": 0.05}, None),
        ({"unseen_final": 1.03, "unseen_late": 1.03}, None),  # neither
    ],
)
def test_the_label_is_what_unseen_data_says_for_sure(given, expected):
    label = truth.label(facts(**given))[0]
    assert (None if pd.isna(label) else label) == expected


def test_tuning_and_test_share_no_data_set_and_every_history_has_a_label():
    assert not set(data.TUNING) & set(data.TEST)
    labels = pd.read_csv(histories.LABELS, index_col="run")
    runs = histories.histories(data.TUNING | data.TEST)
    assert set(runs) == set(labels.index)
    assert len(runs) >= 120
    assert labels.label.value_counts().min() >= 50
    assert histories.CURVES.stat().st_size < 1_000_000


def test_scores_of_a_perfect_and_of_a_blind_method():
    overfit = pd.Series([True, True, False, False])
    said = pd.DataFrame({"perfect": overfit, "always": True, "said": "x"})
    found = histories.scores(said, overfit)
    assert found.loc["perfect"].to_list() == [1, 1, 0]
    assert found.loc["always"].to_list() == pytest.approx([1 / 3, 1, 1], abs=1e-3)


def test_the_rivals_tell_a_valley_from_a_fall():
    t = np.linspace(0, 1, 40)
    valley = synthetic.make(1 - t, 1 + (t - 0.3) ** 2)
    fall = synthetic.make(1 - t, 1.5 - t)
    assert all(rule(valley) for rule in rivals.RIVALS.values())
    assert not any(rule(fall) for rule in rivals.RIVALS.values())
