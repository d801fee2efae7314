"""Keras 3 on the torch backend: ``model.fit(..., callbacks=[CurvewiseCallback("runs/digits")])``.

Keras logs a mean over the epoch so far, which hides each batch's loss and, after a NaN, every later one. Its optimizers are
no torch optimizers. So the two calls that every training step makes to the optimizer are listened to while ``fit`` runs:
``scale_loss``, which gets the batch's loss, and ``apply``, which moves the weights.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from collector.collector import Collector
from collector.guard import Guard
from collector.integrations.naming import tag
from collector.integrations.recording import WAY_OUT, WHERE, Recording
from collector.schema import TRAIN_LOSS
from collector.tags import TRAIN

try:
    import keras
    import torch
except ImportError as error:
    raise ModuleNotFoundError("collector.integrations.keras needs Keras: pip install keras") from error

UNSEEN = "Each batch's loss and the updates were not seen: {}; the training loss is Keras' mean over each epoch."
CLIPS = "grad/norm is before clipping: Keras clips inside the optimizer."
ACCUMULATES = "grad/norm is missing: with gradient_accumulation_steps Keras keeps the gradients to itself."
CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")


class CurvewiseCallback(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]
    """Records a ``fit``: each step's loss, learning rate and update ratio, the epochs' metrics, how it ended.

    Args:
        run: the run folder, or a ``Collector`` that has what a folder cannot say (``config``, ``classes`` …).
        obey: end the training when ``curvewise watch``, running beside it, finds that it has diverged, or what the given
            ``Collector(stop_on=…)`` names.

    A ``fit`` is an attempt of the run. A callback is not told of exceptions: a run that raises is marked as crashed when the
    program ends.
    """

    def __init__(self, run: Collector | str | os.PathLike[str], obey: bool = False) -> None:
        super().__init__()
        self.recording = Recording(run, obey)
        self._steps: Steps | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Open the run and begin to listen to the optimizer."""
        with self.recording.guard(WHERE, WAY_OUT):
            run = self.recording.open()
            why = _deaf(self.model)
            if why:
                run.note(UNSEEN.format(why))
            else:
                self._steps = Steps(run, self.model, self.recording.guard, (self.params or {}).get("steps"))
            run.step = _updates(self.model)
            self.recording.describe(config=_settings(self), **_task(self.model))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Where the steps to come stand."""
        if self._steps is not None:
            self._steps.begin(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Leave, when the watcher says so."""
        if self.recording.stop:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """The epoch's metrics: Keras' means while the weights moved, and validation's."""
        if (run := self.recording.run) is None:
            return
        with self.recording.guard(WHERE, WAY_OUT):
            values = {tag(name, TRAIN): value for name, value in (logs or {}).items() if name != "learning_rate"}
            if self._steps is not None and self._steps.heard:
                values[f"{TRAIN_LOSS}_epoch"] = values.pop(TRAIN_LOSS, None)
            if self._steps is None:
                run.step = _updates(self.model)
            run.log_eval(values, epoch=epoch + 1)

    def on_train_end(self, logs: Any = None) -> None:
        """Finished."""
        with self.recording.guard(WHERE, WAY_OUT):
            if self._steps is not None:
                self._steps.stop()
                self._steps = None
            self.recording.close()


class Mirror(torch.optim.Optimizer):
    """A torch optimizer whose step is an update by a Keras optimizer: torch calls the collector's hooks around it."""

    def __init__(self, params: list[torch.Tensor]) -> None:
        super().__init__(params, {"lr": 0.0})
        self.grad_scale: torch.Tensor | None = None  # where GradScaler puts it, too

    def step(self, update: Any = None) -> None:  # type: ignore[override]
        """Call ``update``."""
        update()


class Steps:
    """Listens to the two calls that each training step makes to the optimizer, until ``stop``.

    Attributes:
        heard: whether a loss was; a ``train_step`` of the user's own may not pass it on.
    """

    def __init__(self, run: Collector, model: Any, guard: Guard, steps_per_epoch: int | None) -> None:
        self.heard = False
        self._run, self._guard, self._per_epoch = run, guard, steps_per_epoch
        self._outer = model.optimizer
        self._inner = getattr(self._outer, "inner_optimizer", self._outer)  # LossScaleOptimizer: applies what is finite
        self._scale_loss, self._apply = self._outer.scale_loss, self._inner.apply
        self._accumulate = self._inner.gradient_accumulation_steps or 1
        self._applied = _updates(model) * self._accumulate
        self._sum: Any = None
        self._batches, self._done, self._epoch = 0, 0, 0
        named = [(v.path, v.value) for v in model.trainable_variables]
        self._mirror = Mirror([tensor for _, tensor in named])
        run.watch(self._mirror, model=SimpleNamespace(named_parameters=lambda: named))
        if self._accumulate > 1:
            run.note(ACCUMULATES)
        elif any(getattr(self._inner, name, None) for name in CLIPPING):
            run.note(CLIPS)
        self._outer.scale_loss, self._inner.apply = self._hear, self._step

    def begin(self, epoch: int) -> None:
        """Count the batches of this epoch from 0."""
        self._epoch, self._done = epoch, 0

    def stop(self) -> None:
        """Leave the optimizer as it was."""
        self._row()
        for optimizer, name in ((self._outer, "scale_loss"), (self._inner, "apply")):
            optimizer.__dict__.pop(name, None)

    def _hear(self, loss: Any) -> Any:
        with self._guard(WHERE, WAY_OUT):
            if self._batches >= self._accumulate:
                self._row()  # the optimizer made no step of it: an overflow in half precision
            self._sum = loss.detach() if self._sum is None else self._sum + loss.detach()
            self._batches, self._done, self.heard = self._batches + 1, self._done + 1, True
        return self._scale_loss(loss)

    def _step(self, grads: Any, trainable_variables: Any = None) -> Any:
        self._applied += 1
        if self._applied % self._accumulate:
            return self._apply(grads, trainable_variables)
        with self._guard(WHERE, WAY_OUT):
            self._mirror.param_groups[0]["lr"] = _tensor(self._inner.learning_rate)
            self._mirror.grad_scale = self._scale()
        with self._last_gradients_aside():
            self._mirror.step(lambda: self._apply(grads, trainable_variables))
        return self._row()

    def _scale(self) -> torch.Tensor | None:
        """What Keras multiplied the loss, and so the gradients, with."""
        scale = getattr(self._outer, "dynamic_scale", self._inner.loss_scale_factor)
        return None if scale is None else torch.as_tensor(_tensor(scale))

    @contextmanager
    def _last_gradients_aside(self) -> Iterator[None]:
        """Of accumulated gradients the tensors hold only the last batch's share, which must not pass for the whole."""
        params = self._mirror.param_groups[0]["params"] if self._accumulate > 1 else []
        grads = [param.grad for param in params]
        try:
            for param in params:
                param.grad = None
            yield
        finally:
            for param, grad in zip(params, grads, strict=True):
                param.grad = grad

    def _row(self) -> None:
        """One optimizer step, with the mean loss of its batches."""
        if self._sum is None:
            return
        with self._guard(WHERE, WAY_OUT):
            loss, self._sum = self._sum / self._batches, None
            self._batches = 0
            self._run.epoch = self._epoch + (self._done / self._per_epoch if self._per_epoch else 0)
            self._run.log({TRAIN_LOSS: loss})


def _deaf(model: Any) -> str | None:
    """Why the steps of this model cannot be listened to, if so."""
    if keras.backend.backend() != "torch":
        return f"Keras runs on {keras.backend.backend()}, not on torch"
    return "the training step is compiled (jit_compile)" if model.jit_compile else None


def _tensor(value: Any) -> Any:
    """A Keras variable's tensor; other numbers as they are."""
    value = getattr(value, "value", value)
    return value.detach() if isinstance(value, torch.Tensor) else value


def _updates(model: Any) -> int:
    """Optimizer steps so far; with gradient accumulation Keras counts these, not the batches."""
    return int(_tensor(model.optimizer.iterations))


def _settings(callback: Any) -> dict[str, Any]:
    """Epochs, steps an epoch, and what the optimizer is set to."""
    optimizer = callback.model.optimizer
    given = {**(callback.params or {}), **optimizer.get_config(), "optimizer": type(optimizer).__name__}
    return {name: value for name, value in given.items() if value is not None and name not in ("verbose", "name")}


def _task(model: Any) -> dict[str, Any]:
    """The loss as it was compiled, and the classes where it is a cross-entropy over them."""
    given = model.loss
    name = given if isinstance(given, str) else getattr(given, "name", getattr(given, "__name__", None))
    if name in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
        return {"loss": "cross_entropy", "classes": model.output_shape[-1]}
    return {"loss": name}
