import math

import keras
import numpy as np
import pytest

from collector import Collector
from collector.integrations.keras import CLIPS, CurvewiseCallback
from diagnostics.readers.run_folder import read

# Keras 3.15 reads its variables' values this way
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


@pytest.fixture
def record(naive, monkeypatch):
    """What each call of ``Model._compute_loss`` for training gave, and what each update did to the weights."""
    compute, update = keras.Model._compute_loss, keras.optimizers.Optimizer._backend_apply_gradients

    def computed(self, *args, training=True, **kwargs):
        loss = compute(self, *args, training=training, **kwargs)
        if training:
            naive.record.loss.append(float(loss.detach()))
        return loss

    def updated(self, grads, variables):
        before = [v.value.detach().clone() for v in variables]
        naive.record.lr.append(float(keras.ops.convert_to_tensor(self.learning_rate).detach()))
        update(self, grads, variables)
        naive.record.ratio.append(naive.ratio(before, [v.value.detach() for v in variables]))

    monkeypatch.setattr(keras.Model, "_compute_loss", computed)
    monkeypatch.setattr(keras.optimizers.Optimizer, "_backend_apply_gradients", updated)
    return naive.record


@pytest.fixture
def fit(digits, tmp_path):
    """``fit(optimizer, run=…, spoil=…)`` → the model, after ``epochs`` (2) of 5 batches and a last one of 8."""

    def make(optimizer, run=None, spoil=None, epochs=2, obey=False, **options):
        keras.utils.set_random_seed(0)
        layers = [keras.layers.Input((64,)), keras.layers.Dense(16, activation="tanh"), keras.layers.Dense(10)]
        model = keras.Sequential(layers, name="net")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"], **options)
        x, y = digits.x.numpy()[:88].copy(), digits.y.numpy()[:88]
        if spoil is not None:
            x[spoil] = math.nan
        callback = CurvewiseCallback(run or tmp_path / "run", obey)
        model.fit(x, y, 16, epochs, verbose=0, callbacks=[callback], validation_data=(x[:32], y[:32]), shuffle=False)
        return model

    return make


def run_of(path):
    (found,) = read(path)
    return found


def test_what_is_recorded_is_what_happened(fit, record, tmp_path):
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 4, 0.5)
    model = fit(keras.optimizers.SGD(schedule, momentum=0.9))
    found, history = run_of(tmp_path / "run"), model.history.history
    assert found["train/loss"].steps.tolist() == list(range(1, 13))
    np.testing.assert_allclose(found["train/loss"].values, record.loss, rtol=1e-6)
    np.testing.assert_allclose(found["optim/lr"].values, record.lr, rtol=1e-6)
    np.testing.assert_allclose(found["optim/update_ratio"].values, record.ratio[:10], rtol=1e-6)
    sizes = np.array([16, 16, 16, 16, 16, 8])
    means = (np.array(record.loss).reshape(2, 6) * sizes).sum(1) / 88  # Keras' own figure, from ours
    np.testing.assert_allclose(history["loss"], means, rtol=1e-5)
    np.testing.assert_allclose(found["train/loss_epoch"].values, history["loss"])
    for tag, name in (("train/accuracy", "accuracy"), ("val/loss", "val_loss"), ("val/accuracy", "val_accuracy")):
        assert found[tag].steps.tolist() == [6, 12]
        np.testing.assert_allclose(found[tag].values, history[name])
    np.testing.assert_allclose(found.epochs.at(found["train/loss"].steps), np.arange(1, 13) / 6)
    assert set(found.layers["layer"]) == {v.path for v in model.trainable_variables}
    assert (found.classes, found.loss, found.state) == (10, "cross_entropy", "finished")
    assert found.config["momentum"] == 0.9 and found.config["epochs"] == 2
    assert not {"apply", "scale_loss"} & model.optimizer.__dict__.keys()


def test_a_nan_in_one_batch_is_seen_where_it_is_although_keras_shows_a_running_mean(fit, record, tmp_path):
    fit(keras.optimizers.SGD(0.1), spoil=40)
    found = run_of(tmp_path / "run")
    np.testing.assert_array_equal(found["train/loss"].values, np.float32(record.loss))
    assert np.isfinite(found["train/loss"].values[:2]).all() and math.isnan(found["train/loss"].values[2])


def test_the_gradient_norm_is_that_of_the_loss_and_clipping_is_noted(fit, record, tmp_path):
    fit(keras.optimizers.SGD(0.1, global_clipnorm=1e-3))
    found = run_of(tmp_path / "run")
    weights = found.layers.groupby("step")["weight_norm"].apply(lambda n: math.sqrt((n**2).sum()))
    np.testing.assert_allclose(found["optim/update_ratio"].values * weights.to_numpy(), 0.1 * 1e-3, rtol=1e-3)
    assert found["grad/norm"].values.min() > 1e-2 and CLIPS in found.notes


def test_accumulated_batches_are_one_step(fit, record, tmp_path):
    fit(keras.optimizers.SGD(0.1, gradient_accumulation_steps=3))
    found, losses = run_of(tmp_path / "run"), np.array(record.loss)
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4] == found["optim/update_ratio"].steps.tolist()
    np.testing.assert_allclose(found["train/loss"].values, losses.reshape(4, 3).mean(1), rtol=1e-6)
    np.testing.assert_allclose(found["optim/update_ratio"].values, record.ratio[2::3], rtol=1e-6)
    assert "grad/norm" not in found and any("gradient_accumulation_steps" in note for note in found.notes)


@pytest.mark.parametrize("overflow", [False, True])
def test_half_precision_with_a_loss_scale(fit, record, tmp_path, overflow):
    scale = 2.0**120 if overflow else 1024.0
    fit(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), initial_scale=scale))
    found = run_of(tmp_path / "run")
    np.testing.assert_allclose(found["train/loss"].values, record.loss, rtol=1e-6)  # of skipped steps, too
    if not overflow:
        fit(keras.optimizers.SGD(0.1), run=tmp_path / "plain")
        plain = run_of(tmp_path / "plain")
        np.testing.assert_allclose(found["grad/norm"].values, plain["grad/norm"].values, rtol=1e-4)


def test_a_second_fit_goes_on(fit, record, digits, tmp_path):
    model = fit(keras.optimizers.Adam())
    model.fit(
        digits.x.numpy()[:32], digits.y.numpy()[:32], 16, verbose=0, callbacks=[CurvewiseCallback(tmp_path / "run")]
    )
    found = run_of(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == list(range(1, 15)) and found.resumed_at == (13,)


def test_a_collector_of_the_users(fit, record, tmp_path):
    with Collector(tmp_path / "run", config={"mine": 1}) as run:
        fit(keras.optimizers.Adam(), run=run)
        run.log_eval({"test/accuracy": 0.5})
    found = run_of(tmp_path / "run")
    assert len(found["train/loss"]) == 12 and found["test/accuracy"].steps.tolist() == [12]
    assert found.config["mine"] == 1 and found.config["optimizer"] == "Adam"


def test_a_model_can_be_saved_while_it_trains(fit, record, digits, tmp_path):
    model = fit(keras.optimizers.Adam())
    both = [CurvewiseCallback(tmp_path / "run"), keras.callbacks.ModelCheckpoint(tmp_path / "net.keras")]
    model.fit(digits.x.numpy(), digits.y.numpy(), 48, verbose=0, callbacks=both)
    assert int(keras.models.load_model(tmp_path / "net.keras").optimizer.iterations.value) == 14


def test_what_cannot_be_seen_is_said(fit, record, tmp_path, monkeypatch):
    monkeypatch.setattr("collector.integrations.keras._deaf", lambda model: "for this test")
    history = fit(keras.optimizers.SGD(0.1)).history.history
    found = run_of(tmp_path / "run")
    np.testing.assert_allclose(found["train/loss"].values, history["loss"])
    assert found["train/loss"].steps.tolist() == [6, 12] and any("for this test" in note for note in found.notes)


def test_a_fit_ends_when_the_watcher_says_so(fit, tmp_path, condemned):
    model = fit(keras.optimizers.SGD(0.1), epochs=100_000, obey=True)
    assert model.stop_training
    found = run_of(tmp_path / "run")
    assert 0 < found.last_step < 600_000 and found.state == "finished"
