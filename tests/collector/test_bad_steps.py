"""A step or epoch that is none is said once and spoils nothing."""

import logging

import pyarrow.parquet as pq
import pytest

from collector import Collector


@pytest.mark.parametrize("bad", [2**70, "x", float("nan")])
def test_a_bad_step_is_warned_of_and_the_count_goes_on(tmp_path, caplog, bad):
    with caplog.at_level(logging.WARNING, "curvewise"), Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        run.log(loss=2.0, step=bad)
        run.step = bad
        run.epoch = "x"
        run.log(loss=3.0)
    assert pq.read_table(tmp_path / "run" / "scalars")["step"].to_pylist() == [1, 2, 3]
    assert "setting the step" in caplog.text
    assert "setting the epoch" in caplog.text
