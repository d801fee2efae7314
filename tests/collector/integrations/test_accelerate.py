import sys

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from collector import Collector
from collector.integrations.accelerate import CurvewiseTracker
from diagnostics.readers.run_folder import read


@pytest.fixture
def train(digits, naive):
    """``train(tracker, log, **options)``: two ``epochs`` of six batches; ``log(accelerator, epoch, step, loss)`` after each."""

    def make(tracker, log, epochs=2, **options):
        accelerator = Accelerator(log_with=tracker, cpu=True, **options)
        accelerator.init_trackers("digits", config={"lr": 0.1, "note": "text"})
        torch.manual_seed(0)
        model = torch.nn.Linear(64, 10)
        optimizer = naive.watch(torch.optim.SGD(model.parameters(), lr=0.1), naive.record, model)
        model, optimizer, loader = accelerator.prepare(model, optimizer, digits.loader())
        step = 0
        try:
            for epoch in range(epochs):
                for x, y in loader:
                    with accelerator.accumulate(model):
                        loss = torch.nn.functional.cross_entropy(model(x), y)
                        accelerator.backward(loss)
                        optimizer.step()
                        optimizer.zero_grad()
                    naive.record.loss.append(loss.item())
                    step += 1
                    log(accelerator, epoch, step, loss.item())
        finally:
            accelerator.end_training()  # also of a loop that was left: an open collector would watch the tests to come

    return make


def run_of(path):
    (found,) = read(path)
    return found


def test_what_is_recorded_is_what_happened(train, naive, tmp_path):
    def log(accelerator, epoch, step, loss):
        accelerator.log({"train_loss": loss, "epoch": epoch, "remark": "text"}, step=step)
        if step % 6 == 0:
            accelerator.log({"eval_loss": 2 * loss, "val_acc": 0.5, "step": step})

    train(CurvewiseTracker(tmp_path / "run"), log)
    found, record = run_of(tmp_path / "run"), naive.record
    assert found["train/loss"].steps.tolist() == list(range(1, 13))
    np.testing.assert_allclose(found["train/loss"].values, record.loss)
    np.testing.assert_allclose(found["optim/lr"].values, record.lr)
    np.testing.assert_allclose(found["optim/update_ratio"].values, record.ratio[:10], rtol=1e-6)
    np.testing.assert_allclose(found["val/loss"].values, [2 * record.loss[5], 2 * record.loss[11]])
    assert found["val/accuracy"].steps.tolist() == [6, 12]
    assert found.state == "finished" and found.config.items() >= {"lr": 0.1, "note": "text", "optimizer": "SGD"}.items()
    assert "train/remark" not in found


def test_accumulated_batches_are_one_step(train, naive, tmp_path):
    train(CurvewiseTracker(tmp_path / "run"), lambda *_: None, gradient_accumulation_steps=3)
    found = run_of(tmp_path / "run")
    assert found["optim/update_ratio"].steps.tolist() == [1, 2, 3, 4]
    taken = [ratio for ratio in naive.record.ratio if ratio]
    np.testing.assert_allclose(found["optim/update_ratio"].values, taken, rtol=1e-6)


def test_a_step_that_counts_epochs_does_not_turn_the_count_back(train, naive, tmp_path):
    def log(accelerator, epoch, step, loss):
        if step % 6 == 0:
            accelerator.log({"train_loss": loss}, step=epoch)

    train(CurvewiseTracker(tmp_path / "run"), log)
    assert run_of(tmp_path / "run")["train/loss"].steps.tolist() == [6, 12]


def test_a_resumed_training_goes_on_at_the_step_it_logs(train, naive, tmp_path):
    def log(offset):
        return lambda accelerator, epoch, step, loss: accelerator.log({"loss": loss}, step=step + offset)

    train(CurvewiseTracker(tmp_path / "run"), log(0))
    train(CurvewiseTracker(tmp_path / "run"), log(12))
    assert run_of(tmp_path / "run")["train/loss"].steps.tolist() == list(range(1, 25))


def test_the_collector_can_be_reached_and_given(train, tmp_path):
    def log(accelerator, epoch, step, loss):
        accelerator.get_tracker("curvewise", unwrap=True).log_eval(loss=loss)

    with Collector(tmp_path / "run", classes=10) as run:
        train(CurvewiseTracker(run), log)
        run.log_eval(accuracy=0.5)
    found = run_of(tmp_path / "run")
    assert len(found["val/loss"]) == 12 and found["val/accuracy"].steps.tolist() == [12]
    assert found.classes == 10 and found.config["lr"] == 0.1
    assert not sys.modules["torch.optim.optimizer"]._global_optimizer_pre_hooks


def test_a_loop_ends_at_accelerates_trigger(train, naive, tmp_path, condemned):
    """As docs/integrations.md says: the main process asks, all check."""
    left = []

    def log(accelerator, epoch, step, loss):
        accelerator.log({"train_loss": loss}, step=step)
        run = accelerator.get_tracker("curvewise", unwrap=True)
        if accelerator.is_main_process and run.should_stop:
            accelerator.set_trigger()
        if accelerator.check_trigger():
            left.append(step)
            raise StopIteration

    with pytest.raises(StopIteration):
        train(CurvewiseTracker(tmp_path / "run"), log, epochs=100_000)
    assert len(left) == 1
