"""Ray Tune's trials, against the results it returned."""

import shutil
from pathlib import Path

import pytest

from diagnostics.readers import logs, ray_tune, read, read_all, sources
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("ray_tune") / "experiment"
TRIALS = sorted(truth("ray_tune"))


def test_an_experiment_is_a_folder_of_trials() -> None:
    assert [path.name for path in sources(log("ray_tune"))] == TRIALS


@pytest.mark.parametrize("trial", TRIALS)
@pytest.mark.parametrize("without", ["", "result.json", "progress.csv"])
def test_each_trial_from_either_file(tmp_path: Path, trial: str, without: str) -> None:
    shutil.copytree(HOME / trial, tmp_path / trial)
    if without:
        (tmp_path / trial / without).unlink()
    (found,) = logs(tmp_path / trial)
    run = agree(found, truth("ray_tune")[trial])
    assert run.name == trial and run.config["lr"] in (0.1, 0.2, 0.4) and "pid" not in run.curves
    assert {"train/loss", "val/loss", "val/accuracy"} <= run.curves.keys()
    assert (run.state, run.exception) == (
        ("crashed", "RuntimeError: diverged") if run.config["lr"] == 0.4 else (None, None)
    )


def test_settings_from_the_rows(tmp_path: Path) -> None:
    shutil.copy(HOME / TRIALS[0] / "result.json", tmp_path)
    (run,) = read(tmp_path)
    assert run.config == {"lr": 0.1} and run["train/loss"].wall_time[0] > 1.7e9


def test_other_results_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text('{"training_iteration": 1, "loss": 2}\n')
    assert not ray_tune.claims(tmp_path)


def test_an_old_trial_of_rllib_with_event_files_beside_is_one_run(tmp_path: Path) -> None:
    shutil.copytree(HOME / TRIALS[0], tmp_path / "PPO_Pong")
    for name in ("result.json", "progress.csv"):
        file = tmp_path / "PPO_Pong" / name
        file.write_text(file.read_text().replace("trial_id", "experiment_id"))
    (tmp_path / "PPO_Pong" / "events.out.tfevents.1612625205.host").write_bytes(b"")
    (run,) = read_all([tmp_path])[0]
    assert run.name == "PPO_Pong" and len(run["train/loss"]) == 12 and run.config["lr"] == 0.1


def test_a_torn_line_is_told(tmp_path: Path) -> None:
    text = (HOME / TRIALS[0] / "result.json").read_text()
    (tmp_path / "result.json").write_text(text[:-30])
    ((run,), errors) = read_all([tmp_path])
    assert len(run["train/loss"]) == 11 and not errors and "line 12, the last, is cut off: left out" in run.notes


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(HOME / TRIALS[0], tmp_path, of=Path("result.json")) > 90
