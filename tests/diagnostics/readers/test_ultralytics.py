"""Ultralytics' results.csv, against what the trainer said."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from diagnostics.readers import Limits, dvclive, logs, read, sources, ultralytics
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("ultralytics")
VERSIONS = sorted(truth("ultralytics"))


def test_each_folder_is_a_run() -> None:
    assert [path.name for path in sources(HOME)] == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_every_column_and_the_sums(version: str) -> None:
    points = truth("ultralytics")[version]
    (found,) = logs(HOME / version)
    run = agree(found, points, rtol=1e-4)  # the tables are rounded
    for split in ("train", "val"):
        parts = [values for name, values in points.items() if name.startswith(f"{split}/") and name.endswith("_loss")]
        expected = [sum(v for _, v in row) for row in zip(*parts, strict=True)]
        np.testing.assert_allclose(run[f"{split}/loss"].values, expected, 1e-3)
        assert any(note.startswith(f"{split}/loss is the sum of {split}/box_loss, ") for note in run.notes)
    assert run.name == version and "optim/lr" in run and run.config["epochs"] in (4, 12)
    assert any(tag.startswith("metrics/mAP") for tag in run.curves) and "val/accuracy" not in run


def test_old_tables_are_padded_and_new_ones_may_end_lines_otherwise(tmp_path: Path) -> None:
    text = (HOME / "v5" / "results.csv").read_text()
    assert text.startswith(" ")
    (tmp_path / "results.csv").write_bytes(text.replace("\n", "\r\n").encode())
    (run,) = read(tmp_path / "results.csv")
    assert len(run["train/loss"]) == 12 and np.isnan(run["val/loss"].values).all()


def test_a_classifier_has_its_losses_and_accuracy(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text(
        "epoch,time,train/loss,metrics/accuracy_top1,metrics/accuracy_top5,val/loss,lr/pg0,lr/pg1\n"
        "1,3.5,2.3,0.1,0.5,2.2,0.01,0.01\n2,7.1,2.0,0.3,0.7,1.9,0.009,0.009\n"
    )
    (run,) = read(tmp_path / "results.csv")
    assert {"train/loss", "val/loss", "val/accuracy", "optim/lr", "optim/lr/1", "time"} <= run.curves.keys()
    assert run["val/accuracy"].values.tolist() == [0.1, 0.3] and not any("sum" in note for note in run.notes)


def test_its_losses_are_summed_where_dvclive_logged_them(tmp_path: Path) -> None:
    for name in ("train/box_loss", "train/cls_loss", "val/box_loss"):
        file = tmp_path / "plots" / "metrics" / f"{name}.tsv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"step\t{file.stem}\n1\t2\n2\t1.5\n")
    (found,) = dvclive.read(tmp_path, Limits())
    assert [s.values.tolist() for s in found.series if s.name == "train/loss"] == [[4, 3]]


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("epoch,train/box_loss\n1,2\n")
    assert not ultralytics.claims(tmp_path / "results.csv") and not ultralytics.claims(tmp_path)


def test_damage_does_no_harm(tmp_path: Path) -> None:
    shutil.copytree(HOME / "v5", tmp_path / "from" / "v5")
    assert harmless(tmp_path / "from" / "v5", tmp_path, of=Path("results.csv")) > 80


ROW = "{0}/3     2.1G    0.0{1}5     0.02         0     0.0{1}7       101       640    0.{0}5    0.5   {2}     0.1   0.09  {1}  0\n"


def test_the_rows_of_older_versions_have_no_names(tmp_path: Path) -> None:
    (tmp_path / "results.txt").write_text("".join(ROW.format(e, 9 - e, "0.4") for e in range(4)))
    (run,) = read(tmp_path / "results.txt")
    assert run["train/loss"].values.tolist() == [0.097, 0.087, 0.077, 0.067]
    assert run["val/loss"].values.tolist() == [9.09, 8.09, 7.09, 6.09]
    assert run["metrics/mAP_0.5"].steps.tolist() == [0, 1, 2, 3] and "metrics/F1" not in run


def test_the_oldest_wrote_f1_where_others_write_the_second_map(tmp_path: Path) -> None:
    row = "{0}/2 0.279G 4.67 6.77 31.7 43.2 31 416 {1} {1} 0.0831 {1} 4.21 11.3 5.27\n"
    (tmp_path / "results.txt").write_text("".join(row.format(e, f"0.{e + 1}5") for e in range(3)))
    (run,) = read(tmp_path / "results.txt")
    assert run["metrics/F1"].values.tolist() == [0.15, 0.25, 0.35]
    (tmp_path / "notes.txt").write_text("0/2 of the work is done\n")
    assert not ultralytics.claims(tmp_path / "notes.txt")
