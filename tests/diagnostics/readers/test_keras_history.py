"""Keras: CSVLogger and the History as JSON, against what ``fit`` returned."""

import json
from pathlib import Path

import pytest

from diagnostics.readers import keras_history, logs, read, read_all
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("keras")
TAGS = {"train/loss", "val/loss", "train/accuracy", "val/accuracy", "optim/lr"}


@pytest.mark.parametrize("name", ["training.csv", "appended.csv", "history.json", "by_pandas.json"])
def test_every_form_gives_the_same(name: str) -> None:
    (found,) = logs(HOME / name)
    run = agree(found, truth("keras")[Path(name).stem], rtol=1e-9)
    assert run.curves.keys() == TAGS


def test_epochs_that_begin_anew_are_counted_on() -> None:
    (run,) = read(HOME / "appended.csv")
    assert run["train/loss"].steps.tolist() == list(range(12)) and any("row numbers" in note for note in run.notes)


def test_a_fit_that_went_on_at_a_later_epoch_overwrites_what_came_after(tmp_path: Path) -> None:
    epochs = [*range(20), *range(15, 30)]
    (tmp_path / "a.csv").write_text("epoch,loss\n" + "".join(f"{e},{i}\n" for i, e in enumerate(epochs)))
    (run,) = read(tmp_path / "a.csv")
    assert run["train/loss"].steps.tolist() == list(range(30)) and run["train/loss"].values[15] == 20
    assert run.resumed_at == (15,) and len(run.superseded["train/loss"]) == 5


def test_history_counts_epochs_and_may_lie_deeper(tmp_path: Path) -> None:
    history = {"loss": [3, 2, 1], "val_loss": [3.5, 2.5, 1.5]}
    for name, value in {"a": history, "b": {"history": history, "epoch": [0, 1, 2], "params": {"epochs": 3}}}.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
        (run,) = read(tmp_path / f"{name}.json")
        assert run["val/loss"].steps.tolist() == [0, 1, 2] and run.per_epoch("train/loss")


def test_several_histories_are_several_runs(tmp_path: Path) -> None:
    one = {"loss": [3, 2], "val_loss": [3, 2]}
    (tmp_path / "a.json").write_text(json.dumps({"small": one, "large": one}))
    assert [run.name for run in read(tmp_path / "a.json")] == ["small", "large"]


def test_a_pickle_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "history.pkl").write_bytes(
        b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x04loss\x94]\x94(K\x02K\x01es."
    )
    _, (error,) = read_all([tmp_path / "history.pkl"])
    assert "pickle" in error.message and "json.dump" in error.message and "\n" not in error.message


@pytest.mark.parametrize("value", [{"loss": 3, "val_loss": 2}, {"a": [1, 2]}, {"loss": "x"}, [1], {"loss": []}])
def test_other_json_is_not_claimed(tmp_path: Path, value: object) -> None:
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert not keras_history.claims(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["history.json", "by_pandas.json", "appended.csv"])
def test_damage_does_no_harm(tmp_path: Path, name: str) -> None:
    assert harmless(HOME / name, tmp_path) > 60
