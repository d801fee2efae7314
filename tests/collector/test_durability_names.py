"""Text, configurations and names that no file can hold cost neither ``run.json`` nor a part."""

import dataclasses
import json
import math
import time

import numpy as np
import pandas as pd
import pytest

from collector import Collector, clean, schema
from collector.sample import Norms
from diagnostics.readers.run_folder import read

AWFUL = ["sur\udc80rogate", "nul\0l", "x" * 5_000, "new\nline", "", " ", "ünï", "a" * 5_000 + "b", 3, (1, 2)]


def about(folder):
    return json.loads((folder / schema.RUN_FILE).read_text())


def test_every_name_becomes_a_column_of_its_own(tmp_path, caplog):
    with Collector(tmp_path / "run") as run:
        for i, name in enumerate(AWFUL):
            run.log({name: float(i)})
        run._writer._layers.add(1, Norms(["layer\udc80"], [1.0], [0.5], [1.0], [False]))
    (found,) = read(tmp_path / "run")
    values = sorted(float(curve.values[0]) for tag, curve in found.curves.items() if tag.startswith("train/"))
    assert values == [float(i) for i in range(len(AWFUL))] and caplog.messages == []
    assert all(len(tag) <= clean.MOST_TAG + 6 and tag.isprintable() for tag in found.curves)
    assert len(pd.read_parquet(tmp_path / "run" / "scalars").columns) == 3 + len(AWFUL)
    assert len(found.layers) == 1


def test_notes_exceptions_and_configurations_of_any_kind(tmp_path):
    @dataclasses.dataclass
    class Config:
        lr: float = math.nan
        path: str = "\udc80"
        huge: int = 10**5000

    class Broken:
        def __repr__(self):
            raise RuntimeError("no repr")

    circle = {}
    circle["self"] = circle
    config = {
        "config": Config(), "broken": Broken(), "circle": circle, 1: {2: math.inf}, "key\udc80": np.float32(0.5),
        "array": np.arange(10**6), "list": list(range(10**6)), "text": "y" * 10**6, "set": {1}, "range": range(5),
    }  # fmt: skip
    run = Collector(tmp_path / "run", config=config, loss="lo\udc80ss")
    run.note("n\0te \udc80" + "z" * 10**6)
    run.log(loss=1.0)
    run.close(ValueError("bad \udc80\0" + "e" * 10**6))
    kept = about(tmp_path / "run")
    assert (tmp_path / "run" / schema.RUN_FILE).stat().st_size < 500_000
    assert kept["config"]["config"] == {"lr": "nan", "path": "\\udc80", "huge": "a whole number of 16,610 bits"}
    assert kept["config"]["broken"] == "<Broken>" and kept["config"]["1"] == {"2": "inf"}
    assert kept["config"]["key\\udc80"] == 0.5 and kept["config"]["text"].startswith("yyy")
    assert (
        kept["state"] == "crashed"
        and kept["exception"].startswith("ValueError: bad")
        and "n\\x00te" in kept["notes"][0]
    )
    assert read(tmp_path / "run")[0].state == "crashed"


def test_a_run_file_with_what_json_should_not_hold_is_mended(tmp_path):
    Collector(tmp_path / "run").close()
    path = tmp_path / "run" / schema.RUN_FILE
    path.write_text(json.dumps(about(tmp_path / "run") | {"config": {"a": math.nan, "b": "\udc80"}, "extra": 1}))
    Collector(tmp_path / "run").close()
    assert about(tmp_path / "run")["config"]["a"] == "NaN" and about(tmp_path / "run")["extra"] == 1


def test_notes_of_earlier_attempts_stay(tmp_path):
    for i in range(3):
        with Collector(tmp_path / "run") as run:
            run.note(f"of attempt {i}")
            run.note("of all")
    assert about(tmp_path / "run")["notes"] == ["of attempt 0", "of all", "of attempt 1", "of attempt 2"]
    with Collector(tmp_path / "run") as run:
        for i in range(200):
            run.note(str(i))
    assert about(tmp_path / "run")["notes"][-1] == "199" and len(about(tmp_path / "run")["notes"]) == 50


def test_names_made_up_at_every_step_are_bounded_and_said(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("collector.journal.MOST_TAGS", 40)
    with Collector(tmp_path / "run") as run:
        for i in range(500):
            run.log({"loss": float(i), f"made/up/{i}": 1.0})
        assert len(list((tmp_path / "run").glob("tail*"))) < 60
    (found,) = read(tmp_path / "run")
    np.testing.assert_array_equal(found["train/loss"].values, np.arange(500))
    assert len(found.curves) == 40 and len(caplog.messages) == 1 and "fixed names" in caplog.messages[0]


def test_three_hundred_tags_that_come_and_go(tmp_path):
    dice = np.random.default_rng(0)
    rows = [{f"t/{k}": float(dice.normal()) for k in sorted(dice.choice(300, 5, replace=False))} for _ in range(3_000)]
    with Collector(tmp_path / "run") as run:
        for step, row in enumerate(rows):
            run.log(row, step=step)
        end = time.monotonic() + 20
        while len(list((tmp_path / "run").glob("tail*"))) > 33:
            assert time.monotonic() < end  # they are sealed, many at a time
            time.sleep(0.05)
    frame = pd.read_parquet(tmp_path / "run" / "scalars").set_index("step")
    for step, row in enumerate(rows):
        assert frame.loc[step].drop(["epoch", "wall_time"]).dropna().to_dict() == row


@pytest.mark.parametrize("text", ["short", "x" * 100_000, "\udc80" * 20_000])
def test_cut_text_says_how_much_is_missing(text):
    kept = clean.text(text)
    assert len(kept) < 130_000 and (kept == text or "characters left out" in kept)
    kept.encode()
