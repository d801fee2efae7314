"""The collector: what a training loop holds to record its run. It never raises into the loop and never waits."""

import atexit
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from collector import run_file, schema
from collector.epochs import Epochs
from collector.guard import Guard
from collector.hooks import OptimizerHooks, Seen
from collector.journal import Journal
from collector.names import Names
from collector.place import Place
from collector.sample import Sample, totals
from collector.tags import TRAIN, VAL, tag_of
from collector.values import Later, as_number
from collector.writer import Writer

LOGGING = "logging a row"
LARGEST_STEP = 2**53  # beyond it float64, in which the tail keeps its columns, skips whole numbers
TOTALS = (schema.UPDATE_RATIO, schema.GRAD_NORM)
NOTHING = Seen()  # only ever read


class Collector:
    """Records one run into ``folder``; opening a folder that holds a run continues it as a new attempt.

    Args:
        folder: the run folder; its last part is the run's name.
        model: names the parameters in the layer table.
        optimizer: a torch optimizer or a list of them: counts the steps, gives learning rates and update ratios.
            Without one a step is a call of ``log``.
        config: hyperparameters, any mapping or namespace; kept as JSON.
        classes: number of classes of a classification.
        loss: the loss' name, function or module.
        layers_every: measure every so many optimizer steps, and each of the first ten; made rarer (at most 16 times)
            while measuring costs more than 1 % of the training time.

    With several processes (torch.distributed) only rank 0 writes. An exception that leaves the ``with`` block marks the
    run as crashed and passes unchanged. Failures of ours are one warning line of the ``curvewise`` logger.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        model: Any = None,
        optimizer: Any = None,
        config: Any = None,
        classes: int | None = None,
        loss: Any = None,
        layers_every: int = 10,
    ) -> None:
        self._epoch: float | None = None  # as the user gave it
        self._epochs = Epochs()
        self._base, self._logged, self._closed = 0, 0, False  # _base: steps done before this process
        self._pid, self._recording = os.getpid(), _is_main_rank()
        self._earlier_error = getattr(sys, "last_value", None)
        path = Path(folder).absolute()
        self._guard = Guard(path.name)
        self._tags: dict[str, dict[str, str]] = {TRAIN: {}, VAL: {}}
        place = Place(path)
        self._journal = Journal(place, self._guard)
        self._hooks = self._attach(model, optimizer, layers_every)
        self._writer = Writer(place, self._journal, self._guard, self._about(config, classes, loss))
        if self._recording:
            self._writer.start()
            atexit.register(self._at_exit)

    @property
    def step(self) -> int:
        """Optimizer steps completed; without an optimizer, calls of ``log``. Set it when a checkpoint is resumed."""
        return self._base + (self._hooks.count if self._hooks else self._logged)

    @step.setter
    def step(self, step: int) -> None:
        with self._guard("setting the step", "Set it to a whole number; the count goes on as it was."):
            if abs(wanted := int(step)) > LARGEST_STEP:
                raise ValueError(f"{step} is beyond any training")
            self._base += wanted - self.step

    @property
    def epoch(self) -> float | None:
        """Passes over the data: what you set last, else what the DataLoader that feeds the optimizer has handed out."""
        return self._epochs.now if self._epoch is None else self._epoch

    @epoch.setter
    def epoch(self, epoch: float | None) -> None:
        with self._guard("setting the epoch", "Set it to a number; the epoch stays as it was."):
            self._epoch = None if epoch is None else float(epoch)

    def log(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        step: int | None = None,
        epoch: float | None = None,
        **named: Any,
    ) -> None:
        """Store one row of training values at the current step.

        ``loss=`` becomes ``train/loss``; a name with a slash (in ``values``) is a tag already; None means absent.
        ``step`` says what the current step is, from this row on. ``epoch`` is this row's; later rows keep it only where no
        DataLoader is counted.
        """
        try:
            self._logged += 1
            if step is not None:
                self.step = step
            self._row(TRAIN, self.step, epoch, named if values is None else {**values, **named}, self._seen())
        except Exception as error:
            self._guard.failed(LOGGING, error, "This row is missing from the run.")

    def log_eval(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *,
        step: int | None = None,
        epoch: float | None = None,
        **named: Any,
    ) -> None:
        """Store one row of validation values: ``loss=`` becomes ``val/loss``. ``step`` holds for this row only."""
        try:
            at = self.step if step is None else int(step)
            self._row(VAL, at, epoch, named if values is None else {**values, **named}, NOTHING)
        except Exception as error:
            self._guard.failed(LOGGING, error, "This row is missing from the run.")

    def close(self) -> None:
        """End the run as finished; everything is in Parquet afterwards. A second call does nothing."""
        self._close({"state": schema.FINISHED})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(_ending(error))

    def _attach(self, model: Any, optimizer: Any, every: int) -> OptimizerHooks | None:
        if optimizer is None:
            return None
        with self._guard("hooking into the optimizer", "Pass a torch optimizer; steps are counted by log() instead."):
            optimizers = list(optimizer) if isinstance(optimizer, Sequence) else [optimizer]
            hooks = OptimizerHooks(
                optimizers, Names(model, optimizers), every, self._epochs.stepped, self._unlogged, self._guard
            )
            hooks.measuring = self._recording
            self._epochs.watch()
            return hooks
        return None

    def _about(self, config: Any, classes: int | None, loss: Any) -> dict[str, Any]:
        with self._guard("reading config, classes and loss", "They are missing from run.json."):
            given = {"config": config, "classes": classes, "loss": run_file.loss_name(loss)}
            return {key: run_file.jsonable(value) for key, value in given.items() if value is not None}
        return {}

    def _seen(self) -> Seen:
        return self._hooks.take() if self._hooks else NOTHING

    def _unlogged(self, seen: Seen) -> None:
        """A measured step that the user did not log gets a row of its own."""
        self._row(TRAIN, self.step, None, {}, seen)

    def _row(self, split: str, step: int, epoch: float | None, named: Mapping[str, Any], seen: Seen) -> None:
        if not self._recording or os.getpid() != self._pid:
            return
        if self._closed:
            error = RuntimeError("the run is closed")
            self._guard.failed(
                "logging after close()", error, "Its rows are not kept; a new Collector would resume it."
            )
            return
        if epoch is not None and self._epochs.now is None:
            self.epoch = epoch  # nobody counts: what the user said last holds until he says something else
        values: dict[str, float] = {}
        later: dict[str, Later] = {}
        for tag, number in seen.rates.items():
            _put(tag, number, values, later)
        pending = _add_totals(seen.samples, values)
        tags = self._tags[split]
        for name, value in named.items():
            if value is None:
                continue
            tag = tags.get(name) or tags.setdefault(name, tag_of(name, split))
            if type(value) is float:
                values[tag] = value
                continue
            try:
                _put(tag, as_number(value), values, later)
            except Exception as error:
                self._guard.failed(f"logging {tag}", error, "Log one real number; this value is left out.")
        totals_left = [tag for tag in pending if tag not in values and tag not in later] if pending else pending
        self._journal.append(
            step, self.epoch if epoch is None else float(epoch), time.time(), values, later, seen.samples, totals_left
        )

    def _close(self, changes: Mapping[str, Any]) -> None:
        if self._closed or os.getpid() != self._pid:
            return
        with self._guard("closing the run", "What was logged stays readable in the run folder."):
            if self._hooks:
                self._hooks.remove()
                self._epochs.unwatch()
                seen = self._hooks.take()
                if seen.samples:
                    self._unlogged(seen)
            self._closed = True
            if self._recording:
                atexit.unregister(self._at_exit)
                self._writer.close(changes)

    def _at_exit(self) -> None:
        """The program ends without ``close``: finished, unless an exception went through to the interpreter."""
        error = getattr(sys, "last_value", None)
        self._close(_ending(error if error is not self._earlier_error else None))


def _put(tag: str, number: float | Later, values: dict[str, float], later: dict[str, Later]) -> None:
    """The last word on a tag wins: what the user logs replaces what the hooks saw."""
    values.pop(tag, None)
    later.pop(tag, None)
    if isinstance(number, Later):
        later[tag] = number
    else:
        values[tag] = number


def _add_totals(samples: Sequence[Sample], values: dict[str, float]) -> Sequence[str]:
    """Put the totals over all parameters into ``values``, or return the tags to be computed when the norms arrive."""
    if not samples:
        return ()
    if not all(sample.here for sample in samples):
        return TOTALS
    norms = [n for n in (sample.norms() for sample in samples) if n is not None]
    values |= {tag: value for tag, value in zip(TOTALS, totals(norms), strict=True) if value is not None}
    return ()


def _ending(error: BaseException | None) -> dict[str, Any]:
    """What ``run.json`` says of a run that ended with ``error``."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return {"state": schema.FINISHED}
    last = traceback.format_exception_only(error)[-1].strip()
    return {"state": schema.CRASHED, "exception": last, "traceback": "".join(traceback.format_exception(error))}


def _is_main_rank() -> bool:
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return True
    return bool(distributed.get_rank() == 0)
