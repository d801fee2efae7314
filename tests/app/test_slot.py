"""Whatever comes and goes on a live page, what a reader works with stays the same element."""

import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from app import library
from collector.schema import TRAIN_LOSS
from diagnostics.curve import Curve
from diagnostics.keep import keep
from diagnostics.run import Run

Path = tuple[int, ...]


def places(node: Any, at: Path = ()) -> Iterator[tuple[str, Path]]:
    """The id of every widget and component below ``node``, with its place in the order."""
    for i, child in getattr(node, "children", {}).items():
        yield from places(child, (*at, i))
    if name := getattr(getattr(node, "proto", None), "id", ""):
        yield name, at


def moved(before: Any, after: Any) -> list[str]:
    """Of what both pages have, what stands elsewhere."""
    then, now = dict(places(before.main)), dict(places(after.main))
    kept = then.keys() & now.keys()
    assert len(kept) >= 3
    return sorted(name for name in kept if then[name] != now[name])


@pytest.mark.parametrize("which", ["runs", "compare"])
def test_nothing_moves_when_all_is_read(which, runs, opened, monkeypatch):
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(library, "progress", lambda: (3, 18))
        before = opened(which)
    assert not moved(before, opened(which))


def test_nothing_moves_when_the_first_run_comes_and_another_breaks(runs, opened):
    before = opened("runs")
    kept(runs)
    (runs / "broken").mkdir()
    (runs / "broken" / "run.json").write_text("{")
    after = opened("runs")
    assert len(after.caption) < len(before.caption)
    assert not moved(before, after)


@pytest.mark.parametrize("which", ["runs", "compare"])
def test_nothing_moves_when_a_filter_is_not_understood(which, opened):
    before, after = opened(which), opened(which, q="lr>")
    assert "All runs are shown" in " ".join(said.value for said in after.caption)
    assert not moved(before, after)


def test_nothing_moves_when_a_run_crashes(runs, opened):
    kept(runs, state="running")
    before = opened("diagnosis", run="a")
    kept(runs, state="crashed", exception="OutOfMemoryError: 2 GiB")
    after = opened("diagnosis", run="a")
    assert "OutOfMemoryError" in " ".join(said.value for said in after.markdown)
    assert not moved(before, after)


def kept(runs, **more) -> None:
    shutil.rmtree(runs / "a", ignore_errors=True)
    curve = Curve(TRAIN_LOSS, np.arange(100), 2.0 - np.arange(100) / 100)
    keep(Run("a", **{"curves": {TRAIN_LOSS: curve}, "state": "finished", "config": {"lr": 0.1}, **more}), runs)
