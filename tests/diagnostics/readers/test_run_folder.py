import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector import schema
from collector.mapped_tail import Tail
from diagnostics.readers.errors import ReadError
from diagnostics.readers.run_folder import claims, read


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "digits"
    (folder / schema.SCALARS).mkdir(parents=True)
    (folder / schema.RUN_FILE).write_text(json.dumps({"name": "digits", "state": "running", "classes": 10}))
    return folder


def part(folder, attempt, first, steps, **tags):
    table = pa.table(
        {
            "step": pa.array(steps, pa.int64()),
            "epoch": pa.array([None] * len(steps), pa.float64()),
            "wall_time": pa.array([100.0 + s for s in steps]),
            **{tag.replace("_", "/"): pa.array(values, pa.float64()) for tag, values in tags.items()},
        }
    )
    path = folder / schema.SCALARS / schema.part_name(attempt, first, first + len(steps) - 1)
    pq.write_table(table, path)
    return path


def tail(folder, attempt, first, steps, **tags):
    written = Tail(folder / schema.tail_name(attempt, first), first, [tag.replace("_", "/") for tag in tags])
    for i, step in enumerate(steps):
        written.append(step, None, 100.0 + step, written.tags, [values[i] for values in tags.values()])
    return written.path


def test_claims_a_folder_with_a_run_file_or_scalars(folder, tmp_path):
    assert claims(folder)
    (folder / schema.RUN_FILE).unlink()
    assert claims(folder)
    assert not claims(tmp_path) and not claims(tmp_path / "nothing")


def test_parts_and_tail_together_each_row_once(folder):
    part(folder, 1, 0, [1, 2, 3], train_loss=[3.0, 2.0, 1.0])
    tail(folder, 1, 1, [2, 3, 4], train_loss=[2.0, 1.0, 0.5])  # sealed in part, not yet deleted
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [1, 2, 3, 4]
    assert run["train/loss"].wall_time.tolist() == [101, 102, 103, 104]
    assert (run.name, run.state, run.classes, run.notes) == ("digits", "running", 10, ())


def test_the_merged_part_replaces_the_small_ones(folder):
    part(folder, 1, 0, [1], train_loss=[1.0])
    part(folder, 1, 1, [2], val_loss=[2.0])
    part(folder, 1, 0, [1, 2], train_loss=[1.0, None], val_loss=[None, 2.0])
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [1] and run["val/loss"].steps.tolist() == [2]


def test_null_is_absent_nan_stays_and_equal_steps_are_kept(folder):
    part(folder, 1, 0, [0, 2, 1, 1], train_loss=[math.nan, None, 5.0, 6.0], train_never=[None] * 4)
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(run["train/loss"].values, [math.nan, 5.0, 6.0])
    assert "train/never" not in run


def test_accuracies_in_per_cent_are_read_as_fractions_and_noted(folder):
    part(folder, 1, 0, [1, 2, 3], train_accuracy=[10.0, math.nan, 99.5], val_accuracy=[0.5, 0.7, 1.0])
    (run,) = read(folder)
    assert np.array_equal(run["train/accuracy"].values, [0.1, np.nan, 0.995], equal_nan=True)
    assert run["val/accuracy"].values.tolist() == [0.5, 0.7, 1.0]
    assert [note for note in run.notes if "per cent" in note] == [
        "train/accuracy was logged in per cent and is read as a fraction; the files keep what was logged"
    ]


@pytest.mark.parametrize("value", [1.01, 1e6, math.inf])
def test_what_is_no_per_cent_is_left_as_it_is(folder, value):
    part(folder, 1, 0, [1, 2], train_accuracy=[0.5, value])
    assert read(folder)[0]["train/accuracy"].values.tolist() == [0.5, value]


def test_the_later_attempt_wins_from_its_first_step_on(folder):
    part(folder, 1, 0, [1, 2, 3, 4], train_loss=[1, 1, 1, 1])
    part(folder, 2, 0, [3, 4, 5], train_loss=[2, 2, 2])
    tail(folder, 10, 0, [4, 5], train_loss=[3.0, 3.0])
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [1, 2, 3, 4, 5]
    assert run["train/loss"].values.tolist() == [1, 1, 2, 3, 3]
    assert run.superseded["train/loss"].steps.tolist() == [3, 4, 4, 5]
    assert run.resumed_at == (3, 4)


def test_a_torn_part_is_named_and_the_rest_is_kept(folder):
    part(folder, 1, 0, [1, 2], train_loss=[1, 1])
    torn = part(folder, 1, 2, [3], train_loss=[1])
    torn.write_bytes(torn.read_bytes()[:-20])
    part(folder, 1, 3, [4], train_loss=[1])
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [1, 2, 4]
    assert torn.name in run.notes[0] and "\n" not in run.notes[0]
    assert "1 of 4 rows are missing" in run.notes[1]


def test_a_torn_tail_is_named_and_the_rest_is_kept(folder):
    part(folder, 1, 0, [1], train_loss=[1])
    torn = tail(folder, 1, 1, [2, 3], train_loss=[1, 1])
    torn.write_bytes(torn.read_bytes()[:30])
    (run,) = read(folder)
    assert run["train/loss"].steps.tolist() == [1]
    assert torn.name in run.notes[0]


@pytest.mark.parametrize("text", ["{", "[1]", "\xff"])
def test_a_bad_run_file_costs_only_what_it_held(folder, text):
    (folder / schema.RUN_FILE).write_bytes(text.encode("latin-1"))
    part(folder, 1, 0, [1], train_loss=[1])
    (run,) = read(folder)
    assert run.name == "digits" and run.state is None and len(run["train/loss"]) == 1
    assert schema.RUN_FILE in run.notes[0]


def test_wrong_types_in_the_run_file_do_no_harm(folder):
    bad = {"name": 5, "classes": "ten", "config": [1], "state": {}, "format_version": 99}
    (folder / schema.RUN_FILE).write_text(json.dumps(bad))
    (run,) = read(folder)
    assert (run.name, run.classes, dict(run.config), run.state) == ("5", None, {}, None)
    assert "version 99" in run.notes[0]


def test_parts_of_somebody_else_in_name_order(folder):
    (folder / schema.RUN_FILE).unlink()
    for name, steps in (("part-0", [1, 2]), ("part-1", [3])):
        table = pa.table({"step": steps, "loss": [s * 1.0 for s in steps], "text": ["a"] * len(steps)})
        pq.write_table(table, folder / schema.SCALARS / f"{name}.parquet")
    (run,) = read(folder)
    assert run["loss"].steps.tolist() == [1, 2, 3] and "text" not in run
    assert np.isnan(run["loss"].wall_time).all()


def test_a_run_that_has_just_begun_is_empty_and_nothing_readable_is_an_error(folder):
    assert read(folder)[0].curves == {}
    (folder / schema.RUN_FILE).write_text("{")
    with pytest.raises(ReadError, match=r"digits: run\.json cannot be read"):
        read(folder)


def test_layers_of_rewound_steps_are_left_out(folder):
    part(folder, 1, 0, [1, 2], train_loss=[1, 1])
    part(folder, 2, 0, [2], train_loss=[1])
    (folder / schema.LAYERS).mkdir()
    for attempt, steps in ((1, [1, 2]), (2, [2])):
        rows = [{"step": s, "layer": "w", "weight_norm": attempt, "grad_norm": None} for s in steps]
        table = pa.Table.from_pylist(rows, schema=schema.LAYERS_SCHEMA)
        pq.write_table(table, folder / schema.LAYERS / schema.part_name(attempt, 0, len(steps) - 1))
    (run,) = read(folder)
    assert run.layers is not None
    assert run.layers[["step", "weight_norm"]].to_numpy().tolist() == [[1, 1], [2, 2]]
    assert run.layers["grad_norm"].isna().all()
