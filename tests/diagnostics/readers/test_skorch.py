"""skorch's history, against the net's own."""

from pathlib import Path

from diagnostics.readers import logs, skorch
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

FILE = log("skorch") / "history.json"


def test_epochs_stand_at_the_batches_trained_by_their_end() -> None:
    points = truth("skorch")["history"]
    batches = points["batches/train_loss"]
    at_the_end = {
        name: [(4 * epoch, value) for epoch, value in rows] for name, rows in points.items() if "/" not in name
    }
    (found,) = logs(FILE)
    run = agree(found, {**at_the_end, "batches/train_loss": batches}, rtol=1e-9)
    assert {"train/loss", "val/loss", "train/accuracy", "val/accuracy", "dur"} <= run.curves.keys()
    assert run.epochs is not None and run.epochs.steps.tolist() == [4, 8, 12, 16, 20]


def test_rows_without_batches_are_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text('[{"epoch": 1, "train_loss": 2}]')
    assert not skorch.claims(tmp_path / "history.json")


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(FILE, tmp_path) > 90
