import io

import numpy as np
import pandas as pd
import pytest

from app.plot import download
from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.curve import Curve
from diagnostics.run import Run

VALUES = np.array([1.0, np.nan, np.inf, -np.inf, 0.1 + 0.2])
ODD = "=cmd()"


@pytest.fixture
def run() -> Run:
    steps = np.array([0, 1, 2, 2, 2**40])
    return Run(
        "r",
        {TRAIN_LOSS: Curve(TRAIN_LOSS, steps, VALUES, steps * 1.5), ODD: Curve(ODD, steps[:1], VALUES[:1])},
        superseded={TRAIN_LOSS: Curve(TRAIN_LOSS, steps[:2], VALUES[:2])},
    )


def test_parquet_is_what_was_logged_to_the_last_bit(run, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 2)
    table = pd.read_parquet(io.BytesIO(b"".join(download.parquet(run, [TRAIN_LOSS, ODD, VAL_LOSS]))))
    loss = table[(table.tag == TRAIN_LOSS) & ~table.superseded]
    np.testing.assert_array_equal(loss.value, VALUES)
    assert loss.step.tolist() == [0, 1, 2, 2, 2**40] and loss.wall_time.iloc[1] == 1.5
    assert table.superseded.sum() == 2 and table.epoch.isna().all() and (table.tag == ODD).sum() == 1


def test_csv_is_the_same_and_runs_nothing_in_a_spreadsheet(run):
    table = pd.read_csv(io.BytesIO(b"".join(download.rows(run, [TRAIN_LOSS, ODD]))))
    np.testing.assert_array_equal(table[(table.tag == TRAIN_LOSS) & ~table.superseded].value, VALUES)
    assert "'=cmd()" in set(table.tag)


def test_a_run_without_curves_is_an_empty_table():
    assert len(pd.read_parquet(io.BytesIO(b"".join(download.parquet(Run("r", {}), []))))) == 0
