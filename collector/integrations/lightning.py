"""Lightning: ``Trainer(callbacks=[CurvewiseCallback("runs/digits")])``, or ``Trainer(logger=CurvewiseLogger("runs/digits"))``.

The two record the same; the logger brings the callback with it, and also takes what is logged to it directly. Both work with
``lightning.pytorch`` and with ``pytorch_lightning``. Every training step gives its loss: what the module logs in
``training_step`` as the training loss, else what it returns, which needs no ``self.log`` at all.
"""

import importlib
import importlib.util
import os
from collections.abc import Mapping
from typing import Any

from collector.collector import Collector
from collector.integrations.naming import tag, unforked
from collector.integrations.recording import WAY_OUT, WHERE, Recording
from collector.schema import TRAIN_LOSS
from collector.tags import TEST, TRAIN, VAL

PACKAGES = {"lightning": "lightning.pytorch", "pytorch_lightning": "pytorch_lightning"}


def _bases(module: str, name: str) -> tuple[type, ...]:
    """The class ``name`` of each Lightning that is installed: they are two packages, and each accepts only its own."""
    found = [package for top, package in PACKAGES.items() if importlib.util.find_spec(top)]
    if not found:
        raise ModuleNotFoundError("collector.integrations.lightning needs Lightning: pip install lightning")
    return tuple(getattr(importlib.import_module(f"{package}.{module}"), name) for package in found)


class CurvewiseCallback(*_bases("callbacks", "Callback")):  # type: ignore[misc]
    """Records a fit: losses, metrics, learning rates, update ratios, hyperparameters, how it ended.

    Args:
        run: the run folder, or a ``Collector`` that has what a folder cannot say (``classes``, ``layers_every`` …).
        obey: end the training when ``curvewise watch``, running beside it, finds that it has diverged, or what the given
            ``Collector(stop_on=…)`` names.

    A fit is an attempt of the run: finished when ``fit`` returns, crashed when an exception leaves it. Nothing is recorded
    under ``fast_dev_run``, as with Lightning's own loggers.
    """

    def __init__(self, run: Collector | str | os.PathLike[str], obey: bool = False) -> None:
        super().__init__()
        self.recording = Recording(run, obey)
        self.hparams: dict[str, Any] = {}  # beside those of the module and the data module
        self._before: dict[str, Any] = {}  # metrics by name, as seen last
        self._by_step: set[str] = set()  # tags that are logged at every step
        self._sum, self._batches = None, 0  # of the loss, since the last row

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Open the run; the optimizers are there, a checkpoint is loaded, the sanity check is over."""
        if trainer.fast_dev_run:
            return
        with self.recording.guard(WHERE, WAY_OUT):
            run = self.recording.open(model=pl_module, optimizers=trainer.optimizers)
            run.step = _steps_done(trainer, pl_module)
            self._before, self._sum, self._batches = dict(trainer.callback_metrics), None, 0
            config = _hyperparameters(trainer, pl_module) | self.hparams
            self.recording.describe(config=config, classes=_classes(pl_module), loss=_criterion(pl_module))

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """A row for each optimizer step; with gradient accumulation its loss is the mean over the batches."""
        if (run := self.recording.run) is None:
            return
        if self.recording.stop:
            trainer.should_stop = True
        with self.recording.guard(WHERE, WAY_OUT):
            values = self._fresh(trainer, TRAIN)
            self._by_step.update(values)
            self._add(values.pop(TRAIN_LOSS, None), outputs, trainer, pl_module)
            if _accumulating(trainer, pl_module, batch_idx):
                return
            run.epoch = _epoch(trainer, batch_idx)
            run.log({**self._mean_loss(), **values}, step=_step(trainer, pl_module))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """A row of what validation logged, in ``validation_step`` or at its end; the sanity check is none."""
        if (run := self.recording.run) is None or trainer.sanity_checking:
            return
        with self.recording.guard(WHERE, WAY_OUT):
            run.log_eval(self._fresh(trainer, VAL), step=_step(trainer, pl_module))

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """The means over the epoch before, which Lightning has only now; beside a curve by step, never in it."""
        if (run := self.recording.run) is None:
            return
        with self.recording.guard(WHERE, WAY_OUT):
            means = self._fresh(trainer, TRAIN)
            named = {f"{t}_epoch" if t in {*self._by_step, TRAIN_LOSS} else t: mean for t, mean in means.items()}
            if named:
                run.log_eval(named, step=_step(trainer, pl_module))

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """The means over the last epoch."""
        self.on_train_epoch_start(trainer, pl_module)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Finished."""
        with self.recording.guard(WHERE, WAY_OUT):
            self.recording.close()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """Crashed, or interrupted by the user."""
        with self.recording.guard(WHERE, WAY_OUT):
            self.recording.close(exception)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """The test set's figures go beside a run that was trained here; without one there is nothing to add to."""
        with self.recording.guard(WHERE, WAY_OUT):
            if values := self._fresh(trainer, TEST):
                self.recording.afterwards(values, trainer.global_step)

    def _fresh(self, trainer: Any, split: str) -> dict[str, Any]:
        """By tag, the metrics logged since the last call. Lightning keeps the old ones: a new one has memory of its own."""
        now = dict(trainer.callback_metrics)
        names = [n for n, v in now.items() if n not in self._before or self._before[n].data_ptr() != v.data_ptr()]
        self._before = now
        return {tag(plain, split): now[name] for name, plain in unforked(names).items()}

    def _add(self, logged: Any, outputs: Any, trainer: Any, module: Any) -> None:
        """One batch's loss; Lightning has divided what ``training_step`` returned by the batches it accumulates."""
        loss = outputs.get("loss") if logged is None and isinstance(outputs, Mapping) else logged
        if loss is None:
            return
        if logged is None and module.automatic_optimization and trainer.accumulate_grad_batches > 1:
            loss = loss * trainer.accumulate_grad_batches
        self._sum = loss.detach() if self._sum is None else self._sum + loss.detach()
        self._batches += 1

    def _mean_loss(self) -> dict[str, Any]:
        total, batches = self._sum, self._batches
        self._sum, self._batches = None, 0
        return {} if total is None else {TRAIN_LOSS: total if batches == 1 else total / batches}


class CurvewiseLogger(*_bases("loggers", "Logger")):  # type: ignore[misc]
    """A logger for ``Trainer(logger=…)``: adds its ``CurvewiseCallback`` to the trainer, which records the fit.

    Args:
        run, obey: as for ``CurvewiseCallback``.

    What is logged to it directly (``self.logger.log_metrics``) is kept too. Checkpoints go into the run folder, as with
    Lightning's own loggers.
    """

    def __init__(self, run: Collector | str | os.PathLike[str], obey: bool = False) -> None:
        super().__init__()
        self.callback = CurvewiseCallback(run, obey)
        self._trainer: Any = None

    @property
    def name(self) -> str:
        """The run's name."""
        folder = self.callback.recording.folder
        return folder.name if folder else "curvewise"

    @property
    def version(self) -> str:
        """Empty: a further fit is a further attempt of the same run, in the same folder."""
        return ""

    @property
    def save_dir(self) -> str | None:
        """The folder of runs; with a collector of the user's, Lightning decides."""
        folder = self.callback.recording.folder
        return str(folder.parent) if folder else None

    @property
    def experiment(self) -> Collector | None:
        """The collector while a fit goes on."""
        return self.callback.recording.run

    def log_graph(self, model: Any, *args: Any, **kwargs: Any) -> None:
        """The first time that Lightning shows a logger its trainer: the callback joins in."""
        self._trainer = model.trainer
        if self.callback not in self._trainer.callbacks:
            self._trainer.callbacks.insert(0, self.callback)

    def log_hyperparams(self, params: Any, *args: Any, **kwargs: Any) -> None:
        """Hyperparameters that are not the module's are kept too."""
        with self.callback.recording.guard(WHERE, WAY_OUT):
            self.callback.hparams |= params if isinstance(params, Mapping) else vars(params)
            if self.experiment is not None:
                self.experiment.describe(config=self.callback.hparams)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Values that did not come through ``self.log``: those the callback has, at every step."""
        run, trainer = self.experiment, self._trainer
        if run is None or trainer is None:
            return
        with self.callback.recording.guard(WHERE, WAY_OUT):
            others = [name for name in metrics if name not in trainer.logged_metrics and name != "epoch"]
            values = {tag(plain, TRAIN): metrics[name] for name, plain in unforked(others).items()}
            if values:
                run.log_eval(values, step=_step(trainer, trainer.lightning_module))


def _step(trainer: Any, module: Any) -> int | None:
    """Lightning's own count; with manual optimization it adds up all optimizers, so the collector's is taken."""
    return int(trainer.global_step) if module.automatic_optimization else None


def _steps_done(trainer: Any, module: Any) -> int:
    """Optimizer steps before this fit."""
    if module.automatic_optimization or len(trainer.optimizers) == 1:
        return int(trainer.global_step)
    return int(getattr(trainer.fit_loop.epoch_loop, "_batches_that_stepped", trainer.global_step))


def _accumulating(trainer: Any, module: Any, batch_idx: int) -> bool:
    """Whether this batch's gradients wait for the next ones'."""
    done = batch_idx + 1
    last = trainer.is_last_batch or done >= trainer.num_training_batches
    return bool(module.automatic_optimization and done % trainer.accumulate_grad_batches and not last)


def _epoch(trainer: Any, batch_idx: int) -> float:
    """Passes over the training data; whole ones where its length is unknown."""
    return float(trainer.current_epoch + (batch_idx + 1) / trainer.num_training_batches)


def _hyperparameters(trainer: Any, module: Any) -> dict[str, Any]:
    """What ``save_hyperparameters`` saved."""
    given = {**getattr(trainer.datamodule, "hparams", {}), **module.hparams}
    return {name: value for name, value in given.items() if not name.startswith("_")}


def _classes(module: Any) -> int | None:
    """The number of classes, where the hyperparameters or a torchmetrics metric name it."""
    named = [module.hparams, *(vars(m) for m in module.modules())]
    return next((n["num_classes"] for n in named if isinstance(n.get("num_classes"), int)), None)


def _criterion(module: Any) -> Any:
    """The loss, where it is one of torch's modules."""
    from torch.nn.modules.loss import _Loss

    return next((m for m in module.modules() if isinstance(m, _Loss)), None)
