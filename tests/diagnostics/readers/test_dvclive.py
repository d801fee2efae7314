"""DVCLive's folder, against what it was given."""

import shutil
from pathlib import Path

from diagnostics.readers import dvclive, logs, read, sources
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("dvclive") / "dvclive"


def test_every_metric_in_its_folder() -> None:
    assert sources(log("dvclive")) == [HOME]
    (found,) = logs(HOME)
    run = agree(found, truth("dvclive")["dvclive"])
    assert {"train/loss", "val/loss", "optim/lr", "grad/norm", "metrics/mAP50(B)"} == run.curves.keys()
    assert run.config == {"lr": 0.1, "optimizer/name": "sgd", "optimizer/momentum": 0.9}


def test_timestamps_and_an_unreadable_metric(tmp_path: Path) -> None:
    metrics = tmp_path / "live" / "plots" / "metrics"
    metrics.mkdir(parents=True)
    (metrics / "loss.tsv").write_text("timestamp\tstep\tloss\n1700000000500\t0\t2\n1700000001500\t1\t1\n")
    (metrics / "empty.tsv").write_text("")
    (metrics / "odd.tsv").write_text("step\n1\n")
    (run,) = read(tmp_path / "live")
    assert run["train/loss"].wall_time.tolist() == [1700000000.5, 1700000001.5] and run.name == "live"
    assert any(note.startswith("empty: ") for note in run.notes) and any(note.startswith("odd: ") for note in run.notes)


def test_tables_elsewhere_are_no_metrics(tmp_path: Path) -> None:
    shutil.copytree(HOME / "plots" / "metrics", tmp_path / "tables")
    assert not dvclive.claims(tmp_path) and not dvclive.claims(tmp_path / "tables")


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(HOME, tmp_path, of=Path("plots/metrics/train/loss.tsv"), cuts=30, flips=30) == 60
