"""Several processes, one run: rank 0 records it, the others a health row each."""

import pytest

from collector import Collector
from diagnostics.readers.run_folder import read


@pytest.fixture
def rank(monkeypatch):
    def become(number, world=2):
        monkeypatch.setenv("RANK", str(number))
        monkeypatch.setenv("WORLD_SIZE", str(world))

    return become


def test_another_rank_keeps_its_loss_and_step_time_only(tmp_path, rank, tiny):
    rank(1)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 3):
            run.log(loss=loss, accuracy=0.5)
        run.log_eval(loss=1.0)
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["ranks"]
    (found,) = read(tmp_path / "run" / "ranks" / "1")
    assert set(found.curves) == {"train/loss", "perf/step_time"}
    assert found["train/loss"].steps.tolist() == [1, 2, 3]
    assert found["perf/step_time"].steps.tolist() == [2, 3]  # nobody saw the first step begin


def test_a_rank_that_logs_nothing_still_shows_its_step_time(tmp_path, rank, tiny):
    rank(1)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", optimizer=optimizer):
        list(tiny.train(model, optimizer, 32))
    (found,) = read(tmp_path / "run" / "ranks" / "1")
    assert len(found["perf/step_time"]) == 3
