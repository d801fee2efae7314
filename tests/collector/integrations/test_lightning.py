import importlib
import pickle
import time

import numpy as np
import pytest
import torch

from collector import Collector
from collector.integrations.lightning import CurvewiseCallback, CurvewiseLogger
from diagnostics.readers.run_folder import read

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),  # Lightning 2.6 on torch 2.13
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The '(train|val|test)_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:The number of training batches"),
    pytest.mark.filterwarnings("ignore:You defined a `validation_step`"),
    pytest.mark.filterwarnings("ignore:You are trying to `self.log\\(\\)` but the `self.trainer`"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
    pytest.mark.filterwarnings("ignore:Trying to infer the `batch_size`"),
]


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def either(request):
    return importlib.import_module(request.param)


@pytest.fixture
def L():
    return importlib.import_module("lightning.pytorch")


@pytest.fixture
def module(naive):
    """``module(L, logs=…)``: a classifier that keeps its own record of losses, rates and update ratios."""

    def make(L, logs=True, manual=False):
        class Net(L.LightningModule):
            def __init__(self, lr=0.1, num_classes=10):
                super().__init__()
                self.save_hyperparameters()
                self.net = torch.nn.Linear(64, num_classes)
                self.criterion = torch.nn.CrossEntropyLoss()
                self.automatic_optimization = not manual

            def training_step(self, batch, batch_idx):
                loss = self.criterion(self.net(batch[0]), batch[1])
                naive.record.loss.append(loss.item())
                if logs:
                    self.log("train_loss", loss, on_step=True, on_epoch=True, prog_bar=True)
                    self.log("train_f1", loss * 2)
                    self.log("train_acc", loss / 10, on_step=False, on_epoch=True)
                if manual:
                    self.by_hand(loss)
                    return None
                return loss

            def by_hand(self, loss):
                for optimizer in self.optimizers():
                    optimizer.zero_grad()
                self.manual_backward(loss)
                for optimizer in self.optimizers():
                    optimizer.step()

            def validation_step(self, batch, batch_idx):
                loss = self.criterion(self.net(batch[0]), batch[1])
                self.log("val_loss", loss, on_step=True, on_epoch=True)
                self.log("val_acc", 0.5)

            def on_validation_epoch_end(self):
                self.log("val_late", 7.0)

            def test_step(self, batch, batch_idx):
                self.log("test_acc", 0.25)

            def predict_step(self, batch, batch_idx):
                return self.net(batch[0])

            def configure_optimizers(self):
                if manual:
                    halves = [self.net.weight], [self.net.bias]
                    return [torch.optim.SGD(half, lr=rate) for half, rate in zip(halves, (0.1, 0.2), strict=True)]
                optimizer = naive.watch(torch.optim.SGD(self.parameters(), lr=self.hparams.lr), naive.record, self)
                scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
                return [optimizer], [{"scheduler": scheduler, "interval": "step"}]

        torch.manual_seed(0)
        return Net()

    return make


def trainer(L, **options):
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    return L.Trainer(**{"accelerator": "cpu", "logger": False, "max_epochs": 2, **quiet, **options})


def run_of(path):
    (found,) = read(path)
    return found


@pytest.mark.parametrize("kind", ["callback", "logger"])
def test_what_is_recorded_is_what_happened(either, kind, module, naive, digits, tmp_path):
    model = module(either)
    options = {"callbacks": [CurvewiseCallback(tmp_path / "run")]}
    if kind == "logger":
        options = {"logger": CurvewiseLogger(tmp_path / "run")}
    fit = trainer(either, **options)
    fit.fit(model, digits.loader(), digits.loader(48))
    found, record = run_of(tmp_path / "run"), naive.record
    assert found["train/loss"].steps.tolist() == list(range(1, 13))
    np.testing.assert_allclose(found["train/loss"].values, record.loss, rtol=1e-7)
    np.testing.assert_allclose(found["train/f1"].values, 2 * np.array(record.loss), rtol=1e-6)
    np.testing.assert_allclose(found["optim/lr"].values, record.lr)
    np.testing.assert_allclose(
        found["optim/update_ratio"].values, record.ratio[:10], rtol=1e-6
    )  # each of the first ten
    means = np.array(record.loss).reshape(2, 6).mean(1)
    assert found["train/loss_epoch"].steps.tolist() == [6, 12]
    np.testing.assert_allclose(found["train/loss_epoch"].values, means, rtol=1e-6)
    np.testing.assert_allclose(found["train/accuracy"].values, means / 10, rtol=1e-6)
    assert found["val/loss"].steps.tolist() == [6, 12]  # the sanity check is none
    with torch.no_grad():
        last = model.criterion(model.net(digits.x), digits.y).item()
    assert found["val/loss"].values[-1] == pytest.approx(last, rel=1e-6)
    assert found["val/late"].values.tolist() == [7.0, 7.0] and found["val/accuracy"].values.tolist() == [0.5, 0.5]
    assert found["optim/update_alignment"].steps.tolist() == [11]  # Lightning computes the gradient in a closure
    assert not {"val/loss_step", "val/loss_epoch", "train/loss_step"} & found.curves.keys()
    np.testing.assert_allclose(found.epochs.at(found["train/loss"].steps), np.arange(1, 13) / 6)
    assert found.config.items() >= {"lr": 0.1, "num_classes": 10, "optimizer": "SGD"}.items()
    assert (found.classes, found.loss) == (10, "cross_entropy")
    assert set(found.layers["layer"]) == {"net.weight", "net.bias"} and found.state == "finished"


def test_without_self_log_and_with_accumulation_the_loss_is_the_mean_of_the_batches(L, module, naive, digits, tmp_path):
    fit = trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], accumulate_grad_batches=4, max_epochs=1)
    fit.fit(module(L, logs=False), digits.loader())
    found, losses = run_of(tmp_path / "run"), naive.record.loss
    np.testing.assert_allclose(found["train/loss"].values, [np.mean(losses[:4]), np.mean(losses[4:])], rtol=1e-6)
    assert found["train/loss"].steps.tolist() == [1, 2] == found["optim/update_ratio"].steps.tolist()
    np.testing.assert_allclose(found["optim/update_ratio"].values, naive.record.ratio, rtol=1e-6)


def test_manual_optimization_with_two_optimizers(L, module, naive, digits, tmp_path):
    fit = trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], max_epochs=1)
    fit.fit(module(L, manual=True), digits.loader())
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(found["train/loss"].values, naive.record.loss, rtol=1e-7)
    assert (found["optim/lr"].values[0], found["optim/lr/1"].values[0]) == (0.1, 0.2)


def test_a_resumed_fit_goes_on_at_its_step(L, module, naive, digits, tmp_path):
    callback = CurvewiseCallback(tmp_path / "run")
    first = trainer(L, callbacks=[callback], max_epochs=1, enable_checkpointing=True, default_root_dir=tmp_path)
    first.fit(module(L), digits.loader())
    both = [CurvewiseCallback(tmp_path / "run"), L.callbacks.ModelCheckpoint()]
    again = trainer(L, callbacks=both, enable_checkpointing=True, default_root_dir=tmp_path)
    again.fit(module(L), digits.loader(), ckpt_path=first.checkpoint_callback.best_model_path, weights_only=False)
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == list(range(1, 13)) and found.resumed_at == (7,)
    np.testing.assert_allclose(found["train/loss"].values, naive.record.loss, rtol=1e-7)


def test_the_same_trainer_fits_twice(L, module, naive, digits, tmp_path):
    model, fit = module(L), trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], max_epochs=1)
    fit.fit(model, digits.loader())
    fit.fit_loop.max_epochs = 2
    fit.fit(model, digits.loader())
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == list(range(1, 13)) and found.state == "finished"


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), KeyboardInterrupt()])
def test_an_exception_is_recorded_and_passes(L, module, digits, tmp_path, error):
    model = module(L)
    step, seen = model.training_step, []

    def failing(batch, batch_idx):
        seen.append(1)
        if len(seen) == 3:
            raise error
        return step(batch, batch_idx)

    model.training_step = failing
    with pytest.raises((RuntimeError, SystemExit)):
        trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")]).fit(model, digits.loader())
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2]
    assert found.state == "crashed" and type(error).__name__ in found.exception


@pytest.mark.parametrize("act", ["test", "predict", "validate", "fast_dev_run"])
def test_what_trains_nothing_leaves_no_run(L, module, digits, tmp_path, act):
    for options in (
        {"callbacks": [CurvewiseCallback(tmp_path / "run")]},
        {"logger": CurvewiseLogger(tmp_path / "run")},
    ):
        fit = trainer(L, fast_dev_run=act == "fast_dev_run", **options)
        if act == "fast_dev_run":
            fit.fit(module(L), digits.loader(), digits.loader())
        else:
            getattr(fit, act)(module(L), digits.loader())
    assert not (tmp_path / "run").exists()


def test_the_test_set_goes_beside_the_run(L, module, digits, tmp_path):
    fit = trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], max_epochs=1)
    model = module(L)
    fit.fit(model, digits.loader())
    fit.test(model, digits.loader(), verbose=False)
    found = run_of(tmp_path / "run")
    assert found["test/accuracy"].values.tolist() == [0.25] and found["test/accuracy"].steps.tolist() == [6]


def test_several_validation_sets(L, module, digits, tmp_path):
    model = module(L)
    model.validation_step = lambda batch, batch_idx, dataloader_idx=0: model.log("val_loss", 1.0 + dataloader_idx)
    fit = trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], max_epochs=1)
    fit.fit(model, digits.loader(), [digits.loader(), digits.loader()])
    found = run_of(tmp_path / "run")
    assert found["val/loss"].values.tolist() == [1.0] and found["val/loss/1"].values.tolist() == [2.0]


def test_the_logger_takes_what_is_logged_to_it_and_keeps_checkpoints(L, module, digits, tmp_path):
    class Direct(L.Callback):
        def on_train_batch_end(self, trainer, pl_module, *rest):
            trainer.logger.log_metrics({"mine": 4.0}, step=0)
            trainer.logger.log_hyperparams({"width": 3})

    logger = CurvewiseLogger(tmp_path / "run")
    fit = trainer(L, logger=logger, callbacks=[Direct()], max_epochs=1, enable_checkpointing=True)
    fit.fit(module(L), digits.loader())
    found = run_of(tmp_path / "run")
    assert found["train/mine"].values.tolist() == [4.0] * 6 and found.config["width"] == 3
    assert len(found["train/loss"]) == 6
    assert list((tmp_path / "run" / "checkpoints").glob("*.ckpt"))


def test_a_collector_of_the_users_stays_open(L, module, digits, tmp_path):
    with Collector(tmp_path / "run", classes=10, layers_every=0) as run:
        trainer(L, callbacks=[CurvewiseCallback(run)], max_epochs=1).fit(module(L), digits.loader())
        run.log_eval({"test/accuracy": 0.5})
    found = run_of(tmp_path / "run")
    assert len(found["train/loss"]) == 6 and found.layers is None and found["test/accuracy"].steps.tolist() == [6]
    assert found.config["lr"] == 0.1 and found.resumed_at == ()


def test_a_failure_of_ours_does_not_reach_the_training(L, module, naive, digits, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("collector.integrations.lightning.unforked", None)
    trainer(L, callbacks=[CurvewiseCallback(tmp_path / "run")], max_epochs=1).fit(module(L), digits.loader())
    assert len(naive.record.loss) == 6 and len([m for m in caplog.messages if "training goes on" in m]) == 1


def test_it_can_be_sent_to_a_process_that_lightning_spawns(tmp_path):
    copy = pickle.loads(pickle.dumps(CurvewiseCallback(tmp_path / "run")))
    assert copy.recording.folder == tmp_path / "run"


@pytest.mark.parametrize("kind", ["callback", "logger"])
def test_a_fit_ends_when_the_watcher_says_so(either, kind, module, digits, tmp_path, condemned):
    one = {"callback": CurvewiseCallback, "logger": CurvewiseLogger}[kind](tmp_path / "run", obey=True)
    options = {"callbacks": [one]} if kind == "callback" else {"logger": one}
    fit = trainer(either, max_epochs=100_000, **options)
    fit.fit(module(either), digits.loader(), digits.loader(48))
    found = run_of(tmp_path / "run")
    assert fit.should_stop and 0 < found.last_step < 600_000
    assert found.state == "finished"


def test_unless_asked_to_a_fit_obeys_nobody(L, module, digits, tmp_path, condemned):
    with Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        while not run.should_stop:
            time.sleep(0.05)
        fit = trainer(L, callbacks=[CurvewiseCallback(run)])
        fit.fit(module(L), digits.loader())
        assert not fit.should_stop
    assert run_of(tmp_path / "run").last_step == 12
