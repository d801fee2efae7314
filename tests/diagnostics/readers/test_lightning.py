"""Lightning's CSVLogger, against what it was given."""

import shutil
from pathlib import Path

import pytest

from diagnostics.readers import lightning, logs, read, read_all, sources
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("lightning") / "lightning_logs"


def test_each_version_is_a_run() -> None:
    assert sources(log("lightning")) == [HOME / "version_0", HOME / "version_1"]
    for version, lr in (("version_0", 0.01), ("version_1", 0.1)):
        (found,) = logs(HOME / version)
        points = {k: v for k, v in truth("lightning")[version].items() if k != "epoch"}
        run = agree(found, points, rtol=1e-6)
        assert (run.name, run.config["lr"]) == (version, lr)
        assert {"train/loss", "val/loss", "val/accuracy", "optim/lr", "train_loss_epoch", "late"} <= run.curves.keys()
        assert run.epochs is not None and run.epochs.values.max() == 3


def test_the_rate_is_logged_without_an_epoch_and_keeps_its_steps() -> None:
    (run,) = read(HOME / "version_0")
    assert run["optim/lr"].steps.tolist() == list(range(1, 40, 2))


@pytest.mark.parametrize("missing", ["metrics.csv", "hparams.yaml"])
def test_a_folder_without_both_is_no_version(tmp_path: Path, missing: str) -> None:
    shutil.copytree(HOME / "version_0", tmp_path / "version_0")
    (tmp_path / "version_0" / missing).unlink()
    assert not lightning.claims(tmp_path / "version_0")


def test_a_table_alone_is_read_as_one(tmp_path: Path) -> None:
    shutil.copy(HOME / "version_0" / "metrics.csv", tmp_path)
    (run,) = read(tmp_path / "metrics.csv")
    assert len(run["train/loss"]) == 20 and not run.config


@pytest.mark.parametrize("text", ["lr: !!python/object/apply:os.system ['false']\n", "[[[", "lr: [", "a: &a [*a]"])
def test_odd_settings_run_nothing_and_cost_no_curve(tmp_path: Path, text: str) -> None:
    shutil.copytree(HOME / "version_0", tmp_path / "version_0")
    (tmp_path / "version_0" / "hparams.yaml").write_text(text)
    runs, errors = read_all([tmp_path])
    assert len(runs) == 1 and not errors


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(HOME / "version_0", tmp_path, of=Path("metrics.csv")) > 90
