"""MLflow's two stores: the same runs out of both, every point as logged, and a store that is left as it was."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from diagnostics.readers import Log, ReadError, logs, sources, understand
from diagnostics.readers.mlflow.files import claims as claims_files
from tests.logs import log, truth
from tests.logs.points import agrees, points

FILES, DATABASE = log("mlflow") / "mlruns", log("mlflow") / "mlflow.db"
STORES = pytest.mark.parametrize("store", [FILES, DATABASE], ids=["files", "database"])
NAMES = {
    "plain": "plain",
    "failed": "failed",
    "killed": "killed",
    "running": "running",
    "gone (deleted)": "gone",
    "closed (deleted)": "closed",
}


def by_name(store: Path) -> dict[str, Log]:
    return {found.name: found for found in logs(store)}


@STORES
def test_every_point_of_every_run_as_logged(store: Path) -> None:
    found = by_name(store)
    assert set(found) == set(NAMES)
    for name, told in found.items():
        assert agrees(told, truth("mlflow")[NAMES[name]]) == [] and set(points(told)) == set(
            truth("mlflow")[NAMES[name]]
        )


@STORES
def test_states_parameters_times_and_what_is_noted(store: Path) -> None:
    found = by_name(store)
    states = {name: run.state for name, run in found.items()}
    assert states == {
        "plain": "finished",
        "failed": "crashed",
        "killed": None,
        "running": "running",
        "gone (deleted)": "finished",
        "closed (deleted)": "finished",
    }
    assert found["plain"].config == {
        "lr": 0.01,
        "epochs": 2,
        "amp": True,
        "model": "mlp",
        "seed": None,
        "opt/name": "adam",
    }
    assert found["plain"].series[0].wall_time is not None and found["plain"].series[0].wall_time[:2].tolist() == [
        1.7e9,
        1.7e9 + 0.25,
    ]
    assert found["killed"].notes == ("MLflow says that it was killed",) and found["gone (deleted)"].notes == (
        "it was deleted in MLflow",
    )
    assert any("1 more runs of this store have no metric" in note for run in found.values() for note in run.notes)


@STORES
def test_a_resume_overwrites_and_names_become_tags(store: Path) -> None:
    run = understand(by_name(store)["plain"])
    assert run["train/loss"].steps.tolist() == list(range(120)) and run.resumed_at == (80,)
    assert run["val/loss"].steps.tolist() == list(range(9, 120, 10)) and "val/accuracy" in run and "optim/lr" in run


def test_any_depth_of_the_store_of_files() -> None:
    run = next(p for p in FILES.glob("*/*/metrics/train")).parents[1]
    assert sources(log("mlflow")) == [DATABASE, FILES] and claims_files(run) and claims_files(run.parent)
    assert [found.name for found in logs(run)] == ["plain"] and len(logs(run.parent)) == 5
    assert not claims_files(run / "metrics") and not claims_files(log("mlflow")) and not claims_files(DATABASE)


def test_a_run_folder_without_its_meta_file(tmp_path: Path) -> None:
    run = next(p for p in FILES.glob("*/*/metrics/train")).parents[1]
    shutil.copytree(run, tmp_path / "abc")
    (tmp_path / "abc" / "meta.yaml").unlink()
    (found,) = logs(tmp_path / "abc")
    assert found.name == "plain" and found.state is None and "meta.yaml is missing" in found.notes[0]


def metric(folder: Path, text: str | bytes) -> Log:
    (folder / "metrics").mkdir(exist_ok=True)
    (folder / "meta.yaml").write_text("run_id: abc\n")
    (folder / "metrics" / "loss").write_bytes(text if isinstance(text, bytes) else text.encode())
    return logs(folder)[0]


def test_two_three_or_five_fields_a_line(tmp_path: Path) -> None:
    assert points(metric(tmp_path, "1700000000000 0.5 3\n1700000000001 nan 4 data 0abc\n"))["loss"][0] == (3, 0.5)
    run = understand(metric(tmp_path, "1700000000000 0.5\n1700000000001 -inf\n"))
    assert run["train/loss"].steps.tolist() == [0, 1] and run["train/loss"].values.tolist() == [0.5, float("-inf")]


def test_damaged_lines_are_told_and_the_others_kept(tmp_path: Path) -> None:
    found = metric(tmp_path, "1700000000000 0.5 3\nwhat\n1700000000001 0.25 4\n\xff\xfe 1 2\n1700000000002 0.1")
    assert points(found) == {"loss": [(3, 0.5), (4, 0.25)]}
    assert found.notes == (
        "metrics/loss, line 5: cut off, left out",
        "metrics/loss, line 2: damaged, left out",
        "metrics/loss, line 4: damaged, left out",
    )


def test_truncated_anywhere_what_is_read_was_logged(tmp_path: Path) -> None:
    whole = b"".join(b"1700000000000 %f %d\n" % (1 / (n + 1), n) for n in range(8))
    complete = points(metric(tmp_path, whole))["loss"]
    for end in range(20, len(whole)):
        try:
            found = points(metric(tmp_path, whole[:end]))["loss"]
        except ReadError:
            found = []
        assert found == complete[: len(found)] and len(found) == whole[:end].count(b"\n")


def test_links_pipes_and_odd_names_do_no_harm(tmp_path: Path) -> None:
    metric(tmp_path, "1700000000000 0.5 3\n")
    os.mkfifo(tmp_path / "metrics" / "pipe")
    (tmp_path / "metrics" / "around").symlink_to(tmp_path)
    (tmp_path / "metrics" / "nowhere").symlink_to(tmp_path / "none")
    (tmp_path / "metrics" / "<b>x").write_text("1700000000000 0.5 3\n")
    assert set(points(logs(tmp_path)[0])) == {"loss", "<b>x"}


def test_folders_that_are_no_store(tmp_path: Path) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "params").mkdir()
    (tmp_path / "metrics" / "loss").write_text("0.5\n")
    (tmp_path / "meta.yaml").write_text("name: something else\n")
    assert not claims_files(tmp_path)


# --- the database


def test_an_old_schema_without_steps_and_marks(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "old.sqlite")
    base.executescript(
        """CREATE TABLE experiments (experiment_id, name); CREATE TABLE runs (run_uuid, name, status);
        CREATE TABLE metrics (key, value, timestamp, run_uuid); CREATE TABLE params (key, value, run_uuid);
        INSERT INTO runs VALUES ('a', '', 'FINISHED');
        INSERT INTO metrics VALUES ('loss', 2.0, 1000, 'a'), ('loss', 1.0, 2000, 'a'), ('loss', x'00ff', 'b', 'a'), ('acc', 0.5, 1, 'lost');"""
    )
    base.commit()
    base.close()
    found = by_name(tmp_path / "old.sqlite")
    assert understand(found["a"])["train/loss"].steps.tolist() == [0, 1, 2] and set(found) == {"a", "lost"}


def test_other_databases_are_not_claimed(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "other.db")
    base.executescript(
        """CREATE TABLE runs (run_uuid, status); CREATE TABLE experiments (experiment_id);
        CREATE VIEW metrics AS WITH RECURSIVE n(key) AS (SELECT 1 UNION ALL SELECT key + 1 FROM n)
        SELECT key, 0 AS value, 0 AS timestamp, 'a' AS run_uuid FROM n;"""
    )
    base.close()
    (tmp_path / "short.db").write_bytes(b"SQLite format 3\0")
    (tmp_path / "empty.db").write_bytes(b"")
    assert sources_or_none(tmp_path) == []


def sources_or_none(folder: Path) -> list[Path]:
    try:
        return sources(folder)
    except ReadError:
        return []


def test_what_lies_before_the_damage_is_kept_and_told(tmp_path: Path) -> None:
    data = bytearray(DATABASE.read_bytes())
    leaf = [at for at in range(0, len(data), 512) if data[at] == 13 and data.count(b"train/loss", at, at + 512) > 3][-1]
    data[leaf : leaf + 512] = bytes(512)
    (tmp_path / "mlflow.db").write_bytes(data)
    found = by_name(tmp_path / "mlflow.db")
    assert any("damaged in table metrics after row" in note for run in found.values() for note in run.notes)
    logged = truth("mlflow")["plain"]["train/loss"]
    assert 20 < len(points(found["plain"])["train/loss"]) < len(logged)
