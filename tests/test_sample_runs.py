"""The sample runs are real, complete and get the verdict they must."""

import json
from pathlib import Path

import pandas as pd
import pytest

from collector.schema import RUN_FILE, SCALARS
from diagnostics import diagnose
from diagnostics.engine import HEADLINES
from diagnostics.readers import read

SAMPLES = Path(__file__).parents[1] / "sample_runs"
VERDICTS = json.loads((SAMPLES / "verdicts.json").read_text())


@pytest.mark.parametrize("name", VERDICTS)
def test_gets_its_verdict(name):
    (run,) = read(SAMPLES / name)
    assert diagnose(run).verdict == VERDICTS[name]
    assert run.notes == ()


@pytest.mark.parametrize("name", VERDICTS)
def test_says_what_trained_it_and_opens_in_pandas(name):
    told = json.loads((SAMPLES / name / RUN_FILE).read_text())
    assert {"data", "model", "optimizer", "lr", "steps", "seed"} <= set(told["config"])
    assert told["state"] == "finished"
    table = pd.read_parquet(SAMPLES / name / SCALARS)
    assert len(table) == len(table.dropna(subset="train/loss")) + len(table.dropna(subset="val/loss"))
    assert table["optim/lr"].notna().sum() == told["config"]["steps"]


def test_there_is_one_for_every_verdict():
    assert set(VERDICTS.values()) == set(HEADLINES)


def test_together_they_are_small():
    assert sum(f.stat().st_size for f in SAMPLES.rglob("*.parquet")) < 3e6
