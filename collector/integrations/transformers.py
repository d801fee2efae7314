"""Hugging Face Trainer: ``Trainer(..., callbacks=[CurvewiseCallback("runs/digits")])``.

The Trainer logs a mean over ``logging_steps`` from which ``logging_nan_inf_filter`` (on by default) has removed every NaN and
Inf. The callback listens where the loss is back-propagated instead, so each step's true loss is recorded and the Trainer's
own log stays as it is. A callback is not told of exceptions: a run that raises is marked as crashed when the program ends.
"""

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import torch

from collector.collector import Collector
from collector.integrations.naming import tag
from collector.integrations.recording import WAY_OUT, WHERE, Recording
from collector.schema import LR, TRAIN_LOSS
from collector.tags import TRAIN, VAL

try:
    from accelerate import Accelerator
    from transformers import TrainerCallback
except ImportError as error:
    raise ModuleNotFoundError(
        "collector.integrations.transformers needs Transformers' Trainer: pip install transformers[torch]"
    ) from error

CLIPPED_LATER = "grad/norm_before_clipping"  # what the Trainer calls grad_norm; ours is of what the optimizer got
SUMMARY = "total_flos"  # only in the log at the end, whose means over the whole training are no points of a curve
SPEED = ("_runtime", "_per_second", "_model_preparation_time")  # of an evaluation; they say nothing about learning
SHAPING = (  # settings worth keeping even where they have their default
    "learning_rate",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "num_train_epochs",
    "max_steps",
    "weight_decay",
    "warmup_steps",
    "lr_scheduler_type",
    "max_grad_norm",
    "optim",
    "seed",
)
CLASSIFIERS = ("ForSequenceClassification", "ForTokenClassification", "ForImageClassification")
LANGUAGE_MODELS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM")


class CurvewiseCallback(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Records a training: each step's loss, learning rate and update ratio, evaluations, the settings.

    Args:
        run: the run folder, or a ``Collector`` that has what a folder cannot say (``layers_every`` …).
        obey: end the training when ``curvewise watch``, running beside it, finds that it has diverged, or what the given
            ``Collector(stop_on=…)`` names.

    A call of ``train`` is an attempt of the run. Of several evaluation sets the first one met is ``val/…``; the others are
    ``val/<quantity>/<set>``.
    """

    def __init__(self, run: Collector | str | os.PathLike[str], obey: bool = False) -> None:
        self.recording = Recording(run, obey)
        self._heard = Heard()
        self._first_set: str | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Open the run; the optimizer is there and a checkpoint's state is loaded."""
        with self.recording.guard(WHERE, WAY_OUT):
            optimizer = kwargs.get("optimizer")
            run = self.recording.open(model=model, optimizers=() if optimizer is None else (optimizer,))
            run.step = state.global_step
            self._heard.listen(model, evaluations=args.logging_nan_inf_filter and not args.torch_compile)
            self.recording.describe(config={**_settings(args), **_begun(model)}, **_task(model))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A row for each optimizer step; its loss is the sum of what was back-propagated for it, as the Trainer scales it."""
        if (run := self.recording.run) is None:
            return
        if self.recording.stop:
            control.should_training_stop = True
        with self.recording.guard(WHERE, WAY_OUT):
            loss = self._heard.loss()
            run.log({} if loss is None else {TRAIN_LOSS: loss}, step=state.global_step, epoch=state.epoch)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """What the Trainer, or the user through ``trainer.log``, logs."""
        if not logs or SUMMARY in logs:
            return
        with self.recording.guard(WHERE, WAY_OUT):
            if not (values := self._values(logs)):
                return
            if (run := self.recording.run) is not None:
                run.log_eval(values, step=state.global_step, epoch=state.epoch)
            elif not args.load_best_model_at_end:  # else the weights are not those of the last step
                self.recording.afterwards(values, state.global_step)

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any = None, **kwargs: Any) -> None:
        """What the model computed was no evaluation."""
        self._heard.hidden()

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Finished."""
        with self.recording.guard(WHERE, WAY_OUT):
            self._heard.stop()
            self.recording.close()

    def _values(self, logs: Mapping[str, Any]) -> dict[str, Any]:
        prefix = next(
            (k.removesuffix("_runtime") for k in logs if k.startswith("eval") and k.endswith("_runtime")), None
        )
        name = self._set(prefix) if prefix else ""
        values: dict[str, Any] = {}
        for key, value in logs.items():
            if key == "epoch" or key.endswith(SPEED) or not isinstance(value, int | float):
                continue
            if prefix and key.startswith(f"{prefix}_"):
                values[tag(key[len(prefix) + 1 :], VAL) + name] = value
            elif (own := self._own(key)) is not None:
                values[own] = value
        if prefix and (loss := f"val/loss{name}") in values:
            values[loss] = self._heard.hidden() + values[loss]
        return values

    def _own(self, key: str) -> str | None:
        """The tag of one of the Trainer's own values; None for what is recorded from closer by."""
        if key == "loss":
            return None if self._heard.ever else TRAIN_LOSS
        if key == "learning_rate":
            return None if self._heard.ever else LR
        return CLIPPED_LATER if key == "grad_norm" else tag(key, TRAIN)

    def _set(self, prefix: str) -> str:
        """What a tag of this evaluation set ends with: nothing for the first, ``/<set>`` for the others."""
        name = prefix.removeprefix("eval").removeprefix("_")
        if self._first_set is None:
            self._first_set = name
            if name and self.recording.run is not None:
                self.recording.run.note(f"val/… is the evaluation set {name!r}, the first of several")
        return "" if name == self._first_set else f"/{name}"


class Heard:
    """Listens to every loss that an ``Accelerator`` back-propagates, and to the losses of evaluations.

    Attributes:
        ever: whether a training loss was heard.
    """

    def __init__(self) -> None:
        self.ever = False
        self._loss: Any = None
        self._hidden: Any = 0.0  # sum of the evaluation losses that were not finite
        self._undo: list[Callable[[], None]] = []

    def listen(self, model: Any, evaluations: bool) -> None:
        """Begin. ``evaluations``: the Trainer will leave what is not finite out of their means."""
        self.stop()
        self.ever, self._loss, self._hidden = False, None, 0.0
        original = Accelerator.backward

        @wraps(original)
        def backward(accelerator: Any, loss: Any, **kwargs: Any) -> Any:
            self._add(loss)
            return original(accelerator, loss, **kwargs)

        Accelerator.backward = backward

        def restore() -> None:
            if Accelerator.backward is backward:
                Accelerator.backward = original

        self._undo.append(restore)
        if evaluations and model is not None:
            self._undo.append(model.register_forward_hook(self._evaluated).remove)

    def stop(self) -> None:
        """Leave everything as it was."""
        while self._undo:
            self._undo.pop()()

    def loss(self) -> Any:
        """The sum since the last call, still on its device; None where nothing was heard."""
        loss, self._loss = self._loss, None
        return loss

    def hidden(self) -> Any:
        """0, or NaN or Inf where an evaluation since the last call had such a loss; to be added to its mean."""
        hidden, self._hidden = self._hidden, 0.0
        return hidden

    def _add(self, loss: Any) -> None:
        if isinstance(loss, torch.Tensor):
            self._loss = loss.detach() if self._loss is None else self._loss + loss.detach()
            self.ever = True

    def _evaluated(self, module: Any, args: Any, output: Any) -> None:
        """A forward hook. Returns nothing: a value would replace the output."""
        loss = output.get("loss") if isinstance(output, Mapping) and not module.training else None
        if isinstance(loss, torch.Tensor):
            loss = loss.detach().sum()
            self._hidden = torch.where(loss.isfinite(), 0.0, loss) + self._hidden


def _settings(args: Any) -> dict[str, Any]:
    """The training arguments that shape the curves, and plain ones that differ from their default."""
    fields, given = type(args).__dataclass_fields__, args.to_dict()
    plain = {n: v for n, v in given.items() if isinstance(v, bool | int | float | str) and not n.endswith("_token")}
    return {n: v for n, v in plain.items() if n in SHAPING or (n in fields and v != fields[n].default)}


def _begun(model: Any) -> dict[str, str]:
    """The weights that ``from_pretrained`` loaded; nothing for a model that starts afresh."""
    name = getattr(getattr(model, "config", None), "_name_or_path", None)
    return {"pretrained": name} if isinstance(name, str) and name else {}


def _task(model: Any) -> dict[str, Any]:
    """Classes and loss, for the heads whose loss is the cross-entropy over their classes."""
    config, head = getattr(model, "config", None), type(model).__name__
    if head.endswith(LANGUAGE_MODELS):
        return {"classes": getattr(config, "vocab_size", None), "loss": "cross_entropy"}
    if head.endswith(CLASSIFIERS) and getattr(config, "problem_type", None) in (None, "single_label_classification"):
        classes = getattr(config, "num_labels", 1)
        return {"classes": classes, "loss": "cross_entropy"} if classes > 1 else {}
    return {}
