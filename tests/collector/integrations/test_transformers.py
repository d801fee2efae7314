import math
from functools import wraps

import numpy as np
import pandas as pd
import pytest
import torch
from accelerate import Accelerator
from transformers import Trainer, TrainingArguments
from transformers.models.bert import BertConfig, BertForSequenceClassification

from collector.integrations.transformers import CurvewiseCallback, _begun
from diagnostics.readers.run_folder import read


class Rows(torch.utils.data.Dataset):
    """Digits as token sequences: 16 brightnesses and a label."""

    def __init__(self, digits, first, last):
        tokens = (digits.x.reshape(-1, 16, 4).mean(2) * 30).long()
        self.rows = [
            {"input_ids": t, "labels": y} for t, y in zip(tokens[first:last], digits.y[first:last], strict=True)
        ]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


class Recorded(Trainer):
    """Keeps each batch's loss as it was computed, and breaks those of the steps in ``spoil``."""

    def __init__(self, *args, record, spoil=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.record, self.spoil = record, spoil

    def compute_loss(self, model, inputs, *args, **kwargs):
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        if model.training:
            loss = loss * math.nan if len(self.record.loss) in self.spoil else loss
            self.record.loss.append(loss.item())
        return loss


@pytest.fixture
def train(digits, naive, tmp_path):
    """``train(**options)`` → the trainer, after 2 epochs of 6 batches into ``tmp_path/"run"``."""

    def make(spoil=(), resume=None, evaluation=None, epochs=2, run=True, obey=False, **options):
        config = BertConfig(
            vocab_size=32,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            num_labels=10,
        )
        torch.manual_seed(0)
        model = BertForSequenceClassification(config)
        quiet = {"report_to": [], "use_cpu": True, "disable_tqdm": True, "save_strategy": "no", "logging_steps": 2}
        settings = {"per_device_train_batch_size": 16, "learning_rate": 1e-2, "max_grad_norm": 0.5, "seed": 3}
        args = TrainingArguments(str(tmp_path / "out"), num_train_epochs=epochs, **{**quiet, **settings, **options})
        optimizer = naive.watch(torch.optim.SGD(model.parameters(), lr=1e-2), naive.record, model)
        trainer = Recorded(
            model,
            args,
            train_dataset=Rows(digits, 0, 96),
            eval_dataset=evaluation or Rows(digits, 0, 32),
            callbacks=[CurvewiseCallback(tmp_path / "run", obey)] if run else [],
            compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
            optimizers=(optimizer, None),
            record=naive.record,
            spoil=spoil,
        )
        trainer.train(resume_from_checkpoint=resume)
        return trainer

    return make


def run_of(path):
    (found,) = read(path)
    return found


def test_what_is_recorded_is_what_happened(train, naive, tmp_path):
    original = Accelerator.backward
    trainer = train(eval_strategy="epoch")
    found, record, log = run_of(tmp_path / "run"), naive.record, trainer.state.log_history
    assert Accelerator.backward is original
    assert found["train/loss"].steps.tolist() == list(range(1, 13))
    np.testing.assert_allclose(found["train/loss"].values, record.loss, rtol=1e-6)
    np.testing.assert_allclose(found["optim/lr"].values, record.lr, rtol=1e-6)
    np.testing.assert_allclose(found["optim/update_ratio"].values, record.ratio[:10], rtol=1e-6)
    assert found["grad/norm"].values.max() <= 0.5 * (1 + 1e-5)  # what the optimizer got
    logged = [row["grad_norm"] for row in log if "grad_norm" in row]
    np.testing.assert_allclose(found["grad/norm_before_clipping"].values, logged)
    for name in ("loss", "accuracy"):
        expected = [row[f"eval_{name}"] for row in log if "eval_loss" in row]
        np.testing.assert_allclose(found[f"val/{name}"].values, expected)
    assert found["val/loss"].steps.tolist() == [6, 12]
    np.testing.assert_allclose(found.epochs.at(found["train/loss"].steps), np.arange(1, 13) / 6)
    assert (found.classes, found.loss, found.state) == (10, "cross_entropy", "finished")
    assert found.config["learning_rate"] == 1e-2 and found.config["per_device_train_batch_size"] == 16
    assert "pretrained" not in found.config
    assert "classifier.weight" in set(found.layers["layer"])
    assert not [tag for tag in found.curves if "runtime" in tag or "per_second" in tag or "flos" in tag]


def test_weights_that_were_loaded_are_named(tmp_path):
    model = BertForSequenceClassification(
        BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2)
    )
    assert _begun(model) == {}
    model.save_pretrained(tmp_path)
    assert _begun(BertForSequenceClassification.from_pretrained(tmp_path)) == {"pretrained": str(tmp_path)}


def test_a_nan_that_the_trainer_filters_from_its_log_is_recorded(train, tmp_path):
    trainer = train(spoil={3}, eval_strategy="epoch")
    found = run_of(tmp_path / "run")
    logged = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    assert np.isfinite(logged).all()  # the Trainer shows nothing of it
    assert found["train/loss"].steps[~np.isfinite(found["train/loss"].values)].tolist() == list(range(4, 13))


def test_an_evaluation_of_which_some_batches_are_not_finite_is_not_finite(train, digits, tmp_path, monkeypatch):
    forward = BertForSequenceClassification.forward

    @wraps(forward)  # the Trainer looks at its signature
    def spoiled(self, input_ids=None, **kwargs):
        output = forward(self, input_ids=input_ids, **kwargs)
        if not self.training and (input_ids == Rows(digits, 0, 1)[0]["input_ids"]).all(1).any():
            output.loss = output.loss * math.inf
        return output

    monkeypatch.setattr(BertForSequenceClassification, "forward", spoiled)
    trainer = train(eval_strategy="epoch", per_device_eval_batch_size=16)
    assert np.isfinite([row["eval_loss"] for row in trainer.state.log_history if "eval_loss" in row]).all()
    assert run_of(tmp_path / "run")["val/loss"].values.tolist() == [math.inf, math.inf]
    assert not trainer.model._forward_hooks


def test_accumulation_gives_a_point_a_step_that_is_what_was_back_propagated(train, naive, tmp_path):
    trainer = train(gradient_accumulation_steps=3, logging_steps=1)
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4]
    logged = [row["loss"] for row in trainer.state.log_history if "loss" in row]
    np.testing.assert_allclose(found["train/loss"].values, logged, rtol=1e-6)
    np.testing.assert_allclose(found["optim/update_ratio"].values, naive.record.ratio, rtol=1e-6)


def test_several_evaluation_sets(train, digits, tmp_path):
    sets = {"near": Rows(digits, 0, 16), "far_off": Rows(digits, 16, 32)}
    trainer = train(eval_strategy="epoch", evaluation=sets)
    found, log = run_of(tmp_path / "run"), trainer.state.log_history
    near, far = ([row[key] for row in log if key in row] for key in ("eval_near_loss", "eval_far_off_loss"))
    np.testing.assert_allclose(found["val/loss"].values, near)
    np.testing.assert_allclose(found["val/loss/far_off"].values, far)
    assert any("'near'" in note for note in found.notes)


def test_a_resumed_training_goes_on_at_its_step(train, naive, tmp_path):
    train(save_strategy="epoch", epochs=1)
    train(epochs=2, resume=str(tmp_path / "out" / "checkpoint-6"))
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == list(range(1, 13)) and found.resumed_at == (7,)
    np.testing.assert_allclose(found["train/loss"].values, naive.record.loss, rtol=1e-6)


@pytest.mark.parametrize("best", [False, True])
def test_an_evaluation_afterwards_is_kept_unless_it_is_of_other_weights(train, tmp_path, best):
    options = {"eval_strategy": "epoch", "save_strategy": "epoch"} if best else {}
    trainer = train(load_best_model_at_end=best, **options)
    before = len(pd.read_parquet(tmp_path / "run" / "scalars"))
    trainer.evaluate()
    rows = pd.read_parquet(tmp_path / "run" / "scalars")
    assert len(rows) == before + (not best)
    if not best:
        assert rows["step"].iloc[-1] == 12 and np.isfinite(rows["val/loss"].iloc[-1])


def test_an_evaluation_alone_leaves_no_run(train, digits, tmp_path):
    trainer = train(run=False, epochs=1)
    trainer.add_callback(CurvewiseCallback(tmp_path / "run"))
    trainer.evaluate()
    trainer.predict(Rows(digits, 0, 16))
    assert not (tmp_path / "run").exists()


def test_an_exception_passes_and_the_next_training_begins_anew(train, naive, tmp_path):
    class Stop(Exception):
        pass

    original = Accelerator.backward
    trainer = train(epochs=1)
    whole, batches = trainer.compute_loss, []

    def failing(*args, **kwargs):
        batches.append(1)
        if len(batches) == 3:
            raise Stop
        return whole(*args, **kwargs)

    trainer.compute_loss = failing
    with pytest.raises(Stop):
        trainer.train()
    trainer.compute_loss = whole
    trainer.train()
    assert Accelerator.backward is original
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5, 6] and found.state == "finished"


def test_a_training_ends_when_the_watcher_says_so(train, tmp_path, condemned):
    trainer = train(epochs=100_000, obey=True)
    assert trainer.control.should_training_stop
    found = run_of(tmp_path / "run")
    assert 0 < found.last_step == trainer.state.global_step < 600_000 and found.state == "finished"
