import math

import pytest

from collector.schema import TRAIN_LOSS
from diagnostics.doubt import factor, turns
from diagnostics.report import Evidence, Finding


def evidence(measured: float, threshold: float) -> Evidence:
    return Evidence(TRAIN_LOSS, 1, 9, "height", measured, threshold)


def sides(*pairs: tuple[float, float]) -> list[str]:
    finding = Finding("overfitting", "warning", "It rose.", tuple(evidence(*pair) for pair in pairs))
    return [turn.side for turn in turns(finding)]


def test_a_measurement_would_have_to_come_back_over_its_threshold():
    assert sides((1.57, 1.05)) == ["below"]
    assert sides((3, 4), (math.inf, 2)) == ["above", "below"]


def test_what_is_on_no_side_turns_nothing():
    assert sides((200, 200), (math.nan, 1), (1, math.nan), (2.308, 2.309)) == []


def test_healthy_is_said_when_nothing_else_is():
    assert turns(Finding("healthy", "info", "It fell.", (evidence(0.1, 2.3),))) == []


@pytest.mark.parametrize(
    "measured, threshold, expected",
    [
        (3.0, 2.0, 1.5),
        (-3.0, -2.0, 1.5),
        (1, 0, None),
        (0, 1, None),
        (-1, 1, None),
        (math.inf, 1, None),
        (math.nan, 1, None),
    ],
)
def test_how_far_it_is_beyond(measured, threshold, expected):
    assert factor(evidence(measured, threshold)) == expected
