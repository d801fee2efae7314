"""Tables of timm and fastai, which the table reader reads, against what the tools were told."""

from pathlib import Path

import pytest

from diagnostics.readers import logs, read
from tests.logs import log, truth
from tests.logs.compare import agree


def test_timms_accuracies_are_per_cent_however_low() -> None:
    (found,) = logs(log("timm") / "summary.csv")
    run = agree(found, truth("timm")["summary"], rtol=1e-9)
    assert run["val/accuracy"].values[-1] == pytest.approx(0.0055)
    assert {"train/loss", "val/loss", "optim/lr", "eval_top5"} <= run.curves.keys()


def test_fastais_bare_accuracy_is_the_validations_and_its_time_is_seconds() -> None:
    (found,) = logs(log("fastai") / "history.csv")
    run = agree(found, truth("fastai")["log"], rtol=1e-6)
    assert {"train/loss", "val/loss", "val/accuracy", "error_rate", "time"} == run.curves.keys()


@pytest.mark.parametrize(
    ("header", "row", "tags"),
    [
        ("epoch,train_loss,train_acc1,train_acc5,test_loss,test_acc1,test_acc5", "0,2,50,80,2,45,75",
         {"train/loss", "train/accuracy", "val/loss", "val/accuracy", "train_acc5", "test_acc5"}),
        ("Epoch,Train Loss,Train Acc,Val Loss,Val Acc", "1,2,0.5,2,0.4",
         {"train/loss", "train/accuracy", "val/loss", "val/accuracy"}),
        ("Learning Rate,Train Loss,Valid Loss,Train Acc.,Valid Acc.", "0.1,2,2,10,9",
         {"optim/lr", "train/loss", "val/loss", "train/accuracy", "val/accuracy"}),
        ("epoch;learning_rate;loss;val_loss", "0;0.1;2;2", {"optim/lr", "train/loss", "val/loss"}),
    ],
)  # fmt: skip
def test_other_tables(tmp_path: Path, header: str, row: str, tags: set[str]) -> None:
    (tmp_path / "log.csv").write_text(f"{header}\n{row}\n")
    (run,) = read(tmp_path / "log.csv")
    assert run.curves.keys() == tags
