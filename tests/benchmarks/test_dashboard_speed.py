import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks.dashboard_speed import limit, page
from benchmarks.dashboard_speed.live import SLOW, Kind, Live
from benchmarks.dashboard_speed.page import Sizes

SIZE = Sizes(repeats=1, rows=1, runs=1, fewer=1, tabs=20, seconds=1)


def counts(told: Path, then: str) -> Iterator[int]:
    yield 1
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    told.write_text(f"{os.getpid()} {child.pid}")
    yield 2
    if then == "hangs":
        time.sleep(60)
    if then == "fails":
        raise ValueError
    child.kill()


@pytest.mark.parametrize("then, said, minutes", [("hangs", "cut short", 0.3), ("fails", "it failed", 1)])
def test_what_was_found_before_a_part_hangs_or_fails_is_kept(then, said, minutes, tmp_path):
    pieces = []
    with pytest.raises(limit.CutShort, match=said):
        for piece in limit.within(minutes, counts, tmp_path / "told", then):
            pieces.append(piece)
    hung, child = map(int, (tmp_path / "told").read_text().split())
    assert pieces == [1, 2] and not psutil.pid_exists(hung)
    if then == "hangs":
        assert not psutil.pid_exists(child)
    elif psutil.pid_exists(child):
        psutil.Process(child).kill()


def test_a_part_that_ends_gives_all(tmp_path):
    assert list(limit.within(1, counts, tmp_path / "told", "ends")) == [1, 2]


def test_a_part_cut_short_says_so_and_is_no_promise_kept():
    one = Live(Kind.ALONE, "ours", SLOW, [0.1, 0.2, 0.9])
    text, targets = page.ended("pixels", page.pixels([one], SIZE), 6.0, "cut short at its limit of 6 min")
    assert "not measured" in text and [target.met for target in targets] == [True, False, False]


@pytest.mark.parametrize("show", [page.first, page.long, page.listed, page.pixels, page.tabs, page.soaked])
def test_a_part_that_found_nothing_is_a_page_all_the_same(show):
    text, targets = show([], SIZE)
    assert text.startswith("## ") and not targets
