"""AlgoPerf's measurements: the evaluations are the curves."""

from pathlib import Path

import pytest

from diagnostics.readers import algoperf, logs, read, sources
from tests.logs import log, truth
from tests.logs.compare import agree, harmless

HOME = log("algoperf")
TRIALS = sorted(truth("algoperf"))


def test_each_trial_is_a_run() -> None:
    assert [path.relative_to(HOME).as_posix() for path in sources(HOME)] == TRIALS


@pytest.mark.parametrize("trial", TRIALS)
def test_evaluations_are_the_curves_and_batches_keep_their_name(trial: str) -> None:
    (found,) = logs(HOME / trial)
    run = agree(found, truth("algoperf")[trial], rtol=1e-12)
    assert run.name == trial and run.config == {"learning_rate": 0.001, "beta1": 0.9}
    assert run["train/loss"].steps.tolist() == run["val/loss"].steps.tolist() == list(range(0, 3001, 600))
    assert len(run["loss"]) == 9 and len(run["grad/norm"]) == 9
    assert ("val/accuracy" in run) == ("resnet" in trial)
    assert ("validation/wer" in run) == ("speech" in trial)


def test_evaluations_alone(tmp_path: Path) -> None:
    (run,) = read(HOME / TRIALS[0] / "eval_measurements.csv")
    assert len(run["val/loss"]) == 6


def test_other_tables_are_not_claimed(tmp_path: Path) -> None:
    (tmp_path / "measurements.csv").write_text("global_step,loss\n1,2\n")
    assert not algoperf.claims(tmp_path / "measurements.csv") and not algoperf.claims(tmp_path)


def test_damage_does_no_harm(tmp_path: Path) -> None:
    assert harmless(HOME / TRIALS[0], tmp_path, of=Path("measurements.csv")) > 80
