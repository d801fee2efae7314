"""SwanLab's local mode, against what was logged."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from diagnostics.readers import ReadError, logs, read_all, sources, understand
from tests.logs import log, truth
from tests.logs.compare import harmless

STORE = log("swanlab_store")


@pytest.mark.parametrize(("place", "name", "state"), [(0, "plain", "finished"), (1, "failed", "crashed")])
def test_every_point_as_logged(place: int, name: str, state: str) -> None:
    found = logs(STORE)[place]
    run = understand(found)
    assert (run.name, run.state, dict(run.config)) == (name, state, {"lr": 0.1, "net": "mlp"})
    for series, tag, scale in (("train/loss", "train/loss", 1), ("val/acc", "val/accuracy", 0.01)):
        steps, values = zip(*truth("swanlab_store")[name][series], strict=True)
        assert run[tag].steps.tolist() == list(steps) and run[tag].values == pytest.approx([v * scale for v in values])
    assert run["train/loss"].wall_time[0] > 1.7e9


def test_the_folder_is_one_input_and_its_database_another_name_of_it(tmp_path: Path) -> None:
    shutil.copytree(STORE, tmp_path / "swanlog")
    assert sources(tmp_path) == [tmp_path / "swanlog"]
    assert [run.name for run in read_all([tmp_path / "swanlog" / "runs.swanlab"])[0]] == ["plain", "failed"]
    for folder in (tmp_path / "swanlog").glob("run-*"):
        shutil.rmtree(folder / "logs")
    with pytest.raises(ReadError, match="name the whole folder swanlog"):
        logs(tmp_path / "swanlog")


def test_the_form_before_0_3(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "runs.swanlab")
    base.executescript(
        "CREATE TABLE experiment (id, run_id, name, status); CREATE TABLE tag (experiment_id, name);"
        "INSERT INTO experiment VALUES (1, 'run-a', 'first', 0); INSERT INTO tag VALUES (1, 'Loss');"
    )
    base.close()
    (tmp_path / "run-a" / "logs" / "Loss").mkdir(parents=True)
    (tmp_path / "run-a" / "logs" / "Loss" / "1000.json").write_text(
        '{"create_time": "2024-03-03T13:54:14.3", "data": [{"index": 0, "data": 2.5, "create_time": "2024-03-03T13:54:14.3"}, '
        '{"index": 1, "data": "a.png"}, {"index": 1, "data": 1.5, "create_time": "2024-03-03T13:54:15.3"}]}'
    )
    (found,) = logs(tmp_path)
    run = understand(found)
    assert (run.name, run.state) == ("first", "running")
    assert run["train/loss"].steps.tolist() == [0, 1] and run["train/loss"].values.tolist() == [2.5, 1.5]
    assert "left out, as no curves: 1 pictures, texts and other media" in run.notes


def test_damage_does_no_harm(tmp_path: Path) -> None:
    harmless(STORE, tmp_path, Path("runs.swanlab"), cuts=20, flips=20)
    harmless(
        STORE, tmp_path / "points", next(STORE.glob("run-*/logs/0/1000.log")).relative_to(STORE), cuts=20, flips=20
    )
