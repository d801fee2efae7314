"""MMEngine and MMCV 1, against what the runners logged."""

import json
import shutil
from pathlib import Path

from diagnostics.readers import logs, read, sources
from diagnostics.readers.openmmlab import mmcv, mmengine
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

SCALARS = log("mmengine") / "vis_data" / "scalars.json"


def test_mmengine_puts_evaluations_where_the_training_stood() -> None:
    (found,) = logs(SCALARS)
    points = truth("mmengine")["small"]
    points = {name: rows for name, rows in points.items() if name in ("loss", "lr", "accuracy")}
    run = agree(found, points, rtol=1e-6)
    assert {"train/loss", "optim/lr", "val/accuracy", "data_time", "val/data_time"} <= run.curves.keys()
    assert run["val/accuracy"].steps.tolist() == [10, 20, 30, 40] and run["val/accuracy"].values.max() <= 1


def test_a_folder_is_read_once_though_it_holds_the_scalars_twice(tmp_path: Path) -> None:
    shutil.copytree(SCALARS.parent, tmp_path / "20240101_000000" / "vis_data")
    assert sources(tmp_path) == [tmp_path / "20240101_000000"]
    (run,) = read(tmp_path / "20240101_000000")
    assert run.name == "20240101_000000" and len(run["train/loss"]) == 20
    assert sources(tmp_path / "20240101_000000" / "vis_data") == [tmp_path / "20240101_000000" / "vis_data"]


def test_an_evaluation_by_iterations_keeps_its_step_and_one_logged_twice_counts_once(tmp_path: Path) -> None:
    rows = [{"iter": i, "step": i, "loss": 1.0, "time": 0.1} for i in range(50, 201, 50)]
    rows[2:2] = [{"mIoU": 0.5, "time": 0.2, "step": 100}] * 2 + [{}]
    (tmp_path / "scalars.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (run,) = read(tmp_path / "scalars.json")
    assert run["mIoU"].steps.tolist() == [100] and "evaluations logged twice: 1, read once" in run.notes
    assert not any("no JSON object" in note for note in run.notes)


def test_mmengine_before_0_8_wrote_no_iter_and_a_file_may_be_called_after_its_time(tmp_path: Path) -> None:
    (tmp_path / "20230608_171321" / "vis_data").mkdir(parents=True)
    train = '{{"lr": 0.1, "data_time": 0.01, "loss": {0}, "time": 0.1, "epoch": {1}, "step": {2}}}\n'
    lines = [train.format(3, 1, 100), '{"accuracy/top1": 4.5, "data_time": 0.01, "time": 0.1, "step": 1}\n', train.format(2, 2, 201),
             '{"accuracy/top1": 8.5, "data_time": 0.01, "time": 0.1, "step": 2}\n']  # fmt: skip
    (tmp_path / "20230608_171321" / "vis_data" / "20230608_171321.json").write_text("<<<<<<< HEAD\n" + "".join(lines))
    (run,) = read(tmp_path / "20230608_171321")
    assert run.name == "20230608_171321" and run["train/loss"].steps.tolist() == [100, 201]
    assert run["val/accuracy"].steps.tolist() == [100, 201] and run["val/accuracy"].values.tolist() == [0.045, 0.085]
    assert run["val/time"].steps.tolist() == [100, 201] and "line 1 is no JSON object: left out" in run.notes


def test_mmcv_counts_on_over_epochs(tmp_path: Path) -> None:
    for name in ("by_epoch", "by_iter"):
        (found,) = logs(log("mmcv") / f"{name}.log.json")
        run = agree(found, truth("mmcv")[name])
        assert run.name == name and run.config["exp_name"] == name
        assert {"train/loss", "val/accuracy", "optim/lr"} <= run.curves.keys()


def test_others_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"step": 1, "loss": 2}\n')
    assert not mmengine.claims(tmp_path / "a.json") and not mmcv.claims(tmp_path / "a.json")
    assert not mmengine.claims(tmp_path)


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(SCALARS, tmp_path) > 90
    assert harmless(log("mmcv") / "by_epoch.log.json", tmp_path) > 90
