import pytest

from app.throttle import QUICKEST, SHARE, SLOWEST, after


@pytest.mark.parametrize(("tabs", "cost"), [(1, 0.03), (20, 0.03), (10, 0.1)])
def test_tabs_together_take_the_share_they_may(tabs, cost):
    pause = QUICKEST
    for _ in range(5):
        pause = after(pause, tabs * cost / pause)
    assert pause == pytest.approx(min(max(QUICKEST, tabs * cost / SHARE), SLOWEST))


def test_nobody_waits_for_ever():
    assert after(SLOWEST, 1.0) == SLOWEST
    assert after(SLOWEST, 0.0) == QUICKEST
