"""A folder that is followed while it is written says at every moment what a fresh reading of it says."""

import shutil

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector import Collector, compact, schema
from diagnostics.readers.run_folder import Followed, read, rows
from diagnostics.readers.run_folder.growing import Growing


def assert_same(found, fresh):
    assert found.curves.keys() == fresh.curves.keys() and found.superseded.keys() == fresh.superseded.keys()
    for tag, curve in [*fresh.curves.items(), ("epoch", fresh.epochs)]:
        other = found.epochs if tag == "epoch" else found[tag]
        if curve is not None:
            for name in ("steps", "values", "wall_time"):
                np.testing.assert_array_equal(getattr(other, name), getattr(curve, name), err_msg=f"{tag} {name}")
    assert (found.resumed_at, found.notes, found.state) == (fresh.resumed_at, fresh.notes, fresh.state)
    if fresh.layers is not None:
        pd.testing.assert_frame_equal(found.layers, fresh.layers)


@pytest.fixture
def followed(tmp_path):
    return Followed(tmp_path / "run")


def part(folder, first, rows, attempt=1, step=None, **columns):
    steps = first + 1 + np.arange(rows) if step is None else step + np.arange(rows)
    table = {"step": steps, "epoch": steps / 100, "wall_time": 1e9 + steps}
    table |= {"train/loss": 1 / steps} | {name.replace("_", "/", 1): values for name, values in columns.items()}
    (folder / schema.SCALARS).mkdir(parents=True, exist_ok=True)
    path = folder / schema.SCALARS / schema.part_name(attempt, first, first + rows - 1)
    pq.write_table(pa.table({name: pa.array(values) for name, values in table.items()}), path)
    return path


def test_a_live_training_is_followed_row_by_row(tmp_path, followed):
    with Collector(tmp_path / "run", config={"lr": 0.1}) as run:
        for step in range(300):
            run.log(loss=1 / (step + 1), lr=0.1)
            if step % 50 == 49:
                run.log(val_loss=0.5)
            if step % 37 == 0:
                assert_same(followed.read(), read(tmp_path / "run")[0])
    assert_same(followed.read(), read(tmp_path / "run")[0])
    with Collector(tmp_path / "run") as run:
        run.step = 200
        run.log(loss=float("nan"))
        assert_same(followed.read(), read(tmp_path / "run")[0])
    assert_same(followed.read(), read(tmp_path / "run")[0])
    assert followed.read().resumed_at


def test_only_new_parts_are_read(tmp_path, followed, monkeypatch):
    folder = tmp_path / "run"
    part(folder, 0, 100)
    followed.read()
    seen = []
    fresh = rows._read
    monkeypatch.setattr(rows, "_read", lambda path: seen.append(path.name) or fresh(path))
    new = part(folder, 100, 10)
    assert followed.read().last_step == 110 and seen == [new.name]
    followed.read()
    compact.settle(folder, schema.SCALARS, 1)
    assert len(list((folder / schema.SCALARS).iterdir())) == 1, "merged"
    assert followed.read().last_step == 110 and seen == [new.name]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: part(folder, 100, 5, val_loss=np.ones(5)),
        lambda folder: part(folder, 100, 5, train_accuracy=[None, 1.0, None, 0.5, None]),
        lambda folder: part(folder, 120, 5),
        lambda folder: part(folder, 100, 5, step=40),
        lambda folder: part(folder, 0, 5, attempt=2, step=60),
        lambda folder: part(folder, 0, 200),
        lambda folder: (folder / schema.SCALARS / schema.part_name(1, 100, 104)).write_bytes(b"torn"),
        lambda folder: shutil.rmtree(folder) or part(folder, 0, 100, step=7),
    ],
    ids=["new tag", "gaps", "missing rows", "back", "new attempt", "merged", "torn", "made again"],
)
def test_whatever_happens_it_says_what_a_fresh_reading_says(tmp_path, followed, change):
    folder = tmp_path / "run"
    part(folder, 0, 100)
    followed.read()
    change(folder)
    for _ in range(2):
        assert_same(followed.read(), read(folder)[0])


def test_what_was_given_out_never_changes():
    growing = Growing()

    def rows(first, loss, grad):
        table = {"step": first + np.arange(len(loss)), "wall_time": np.zeros(len(loss)), "loss": loss, "grad": grad}
        return pa.table({name: pa.array(values) for name, values in table.items()})

    growing.add(rows(0, [1.0] * 50, [2.0] * 50))
    early = growing.with_rows(rows(50, [3.0, 4.0], [None, 5.0]))
    copies = {tag: (curve.steps.copy(), curve.values.copy()) for tag, curve in early.items()}
    later = growing.with_rows(rows(50, [3.0, 4.0, 6.0], [7.0, 5.0, None]))  # a value that arrived late
    for tag, (steps, values) in copies.items():
        np.testing.assert_array_equal(early[tag].steps, steps)
        np.testing.assert_array_equal(early[tag].values, values)
    assert later["grad"].values[-2:].tolist() == [7.0, 5.0] and later["grad"].steps[-2:].tolist() == [50, 51]
    assert later["loss"].values[-3:].tolist() == [3.0, 4.0, 6.0]
