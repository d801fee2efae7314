"""Hugging Face's trainer state, against what the Trainer told its callbacks."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from diagnostics.readers import Limits, ReadError, huggingface, logs, read, read_all, sources, understand
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

OUTPUT = log("huggingface") / "output"


def test_a_folder_of_checkpoints_is_one_run() -> None:
    assert sources(log("huggingface")) == [OUTPUT]
    (found,) = logs(OUTPUT)
    run = agree(found, truth("huggingface")["output"])
    assert (run.name, run.state, run.config["max_steps"]) == ("output", "finished", 60)
    assert {"train/loss", "val/loss", "val/accuracy", "optim/lr", "grad/norm", "eval_far_loss"} <= run.curves.keys()
    assert "train_runtime" not in run.curves and any("means over the whole run" in note for note in run.notes)
    assert run.epochs is not None and run.epochs.values[-1] == 7.5
    assert run.means == {"train/loss"}, "the Trainer logs the mean since its last row"
    assert any("eval_near_loss as val/loss: the first of 2 evaluation sets" in note for note in run.notes)


def test_the_checkpoint_that_went_furthest_counts(tmp_path: Path) -> None:
    shutil.copytree(OUTPUT, tmp_path / "out")
    (tmp_path / "out" / "trainer_state.json").unlink()
    (run,) = read(tmp_path / "out")
    assert run.last_step == 60 and run.state is None and run.name == "out"


@pytest.mark.parametrize(("broken", "last"), [("", 40), ("[", 40), ("half", 40)])
def test_a_damaged_checkpoint_is_told_and_an_earlier_one_read(tmp_path: Path, broken: str, last: int) -> None:
    shutil.copytree(OUTPUT, tmp_path / "out")
    (tmp_path / "out" / "trainer_state.json").unlink()
    latest = tmp_path / "out" / "checkpoint-60" / "trainer_state.json"
    latest.write_text(latest.read_text()[:1000] if broken == "half" else broken)
    (run,) = read(tmp_path / "out")
    assert run.last_step == last and any("checkpoint-60/trainer_state.json" in note for note in run.notes)


def test_one_state_and_the_bare_history(tmp_path: Path) -> None:
    state = json.loads((OUTPUT / "trainer_state.json").read_text())
    (tmp_path / "history.json").write_text(json.dumps(state["log_history"]))
    (tmp_path / "line.json").write_text(json.dumps(state))
    whole = truth("huggingface")["output"]
    for path in (OUTPUT / "trainer_state.json", tmp_path / "history.json", tmp_path / "line.json"):
        (found,) = logs(path)
        agree(found, whole)
    assert logs(OUTPUT / "checkpoint-20" / "trainer_state.json")[0].name == "output"


def test_nothing_but_the_state_is_opened(tmp_path: Path) -> None:
    shutil.copytree(OUTPUT, tmp_path / "out")
    (tmp_path / "out" / "checkpoint-60" / "training_args.bin").write_bytes(b"\x80\x04cos\nsystem\n")
    runs, errors = read_all([tmp_path])
    assert len(runs) == 1 and not errors


def state_of(tmp_path: Path, history: list[dict[str, object]]) -> Path:
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"global_step": 9, "log_history": history}))
    return path


def test_nan_and_old_forms(tmp_path: Path) -> None:
    rows = [{"epoch": 1, "loss": float("nan"), "learning_rate": 1e-5, "step": 1},
            {"epoch": 1, "loss": "2.5", "learning_rate": 1e-5, "step": 2, "total_flos": 10},
            {"epoch": 1, "eval_loss": float("inf"), "step": 2}]  # fmt: skip
    (run,) = read(state_of(tmp_path, rows))
    np.testing.assert_array_equal(run["train/loss"].values, [np.nan, 2.5])
    assert run["val/loss"].values.tolist() == [np.inf] and run["total_flos"].steps.tolist() == [2]


def test_names_of_those_who_build_on_it(tmp_path: Path) -> None:
    rows = [{"step": s, "epoch": s / 10, "loss": 2.0, "learning_rate": 1e-5, "rewards/chosen": 0.1, "mean_token_accuracy": 0.5}
            for s in range(1, 9)]  # fmt: skip
    (run,) = read(state_of(tmp_path, rows))
    assert {"rewards/chosen", "mean_token_accuracy", "train/loss"} <= run.curves.keys()


def test_an_evaluation_of_the_training_set_is_no_validation(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"step": 1, "epoch": 1, "loss": 2.0, "learning_rate": 1e-5}]
    rows += [
        {"step": 1, "epoch": 1, f"eval_{s}_loss": v, f"eval_{s}_runtime": 1} for s, v in (("train", 1), ("held", 3))
    ]
    (run,) = read(state_of(tmp_path, rows))
    assert run["val/loss"].values.tolist() == [3] and run["eval_train_loss"].values.tolist() == [1]


def test_an_empty_history_says_so(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no column holds a number"):
        read(state_of(tmp_path, []))


@pytest.mark.parametrize(
    "text", ["{}", '{"log_history": 3}', "[]", '[{"step": 1}]', "", "{", '{"a": "log_history"}', "[[[["]
)
def test_other_json_is_not_claimed(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert not huggingface.claims(tmp_path / "a.json")


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(OUTPUT / "trainer_state.json", tmp_path) > 90


def test_what_stands_around_damage_is_kept(tmp_path: Path) -> None:
    text = (OUTPUT / "trainer_state.json").read_text()
    middle = text.index('"loss"', len(text) // 2)
    (tmp_path / "trainer_state.json").write_text(text[:middle] + "\x00" + text[middle + 3 :])
    (found,) = huggingface.read(tmp_path / "trainer_state.json", Limits())
    run = understand(found)
    assert len(run["train/loss"]) == len(truth("huggingface")["output"]["loss"]) - 1
    assert run.last_step == 60 and any(note.startswith(f"byte {middle}: damaged JSON") for note in run.notes)
