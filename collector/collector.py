"""The collector: what a training loop holds to record its run. It never raises into the loop and never waits."""

import atexit
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Never, Self

from collector import run_file, schema
from collector.advice import STOP_ON, Advice
from collector.agreement import Agreement
from collector.elsewhere import Elsewhere, leave_when_forked
from collector.epochs import Epochs
from collector.guard import Guard
from collector.hardware import Hardware
from collector.hooks import OptimizerHooks
from collector.journal import Journal
from collector.names import Names
from collector.place import Place
from collector.ranks import Share, rank_and_world
from collector.rows import Rows
from collector.seen import Seen
from collector.settings import settings
from collector.tags import TRAIN, VAL
from collector.verdict import Finding
from collector.writer import Writer

LOGGING = "logging a row"
ROW = "Log numbers by name, as loss=0.5 or {'loss': 0.5}, the step as step=10; this row is missing from the run."
UNNAMED = "values without names"
LARGEST_STEP = 2**53  # beyond it float64, in which the tail keeps its columns, skips whole numbers
HEALTH = (schema.TRAIN_LOSS, schema.STEP_TIME, schema.DATA_WAIT)  # what a rank other than 0 records
ALONE = "Ask should_stop on rank 0 alone and broadcast the answer; it is False on this rank."
HEALTH_EVERY = 10  # steps, where such a rank logs nothing itself


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
        layers_every: measure every so many optimizer steps, and each of the first ten; 0 never measures. By default 10,
            made rarer while measuring costs more than 0.3 % of the training time (0.1 % for where the weights go between) and in very long runs.
        stop_on: findings of a watcher at which ``should_stop`` is true: slugs of verdicts or of what stands beside one.

    With several processes (torch.distributed, or torchrun's RANK) make one on every rank: rank 0 records the run, the others
    their loss and step time, and their share of sharded parameters, into ``ranks/<rank>``. An exception that leaves the
    ``with`` block marks the run as crashed and passes unchanged. Failures of ours are one warning line of the ``curvewise``
    logger. A copy of a collector is the collector itself; in another process it records nothing.
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
        layers_every: int | None = None,
        stop_on: str | Iterable[str] = STOP_ON,
    ) -> None:
        self._epoch: float | None = None  # as the user gave it
        self._epochs, self._hardware = Epochs(), Hardware()
        self._base, self._logged = 0, 0  # _base: steps done before this process
        self._recording, self._open = True, True  # whether this process records at all, and still
        self._earlier_error = getattr(sys, "last_value", None)
        self._rank, world = rank_and_world()
        path = Path(folder).absolute()
        self._guard = Guard(path.name)
        place = Place(path / schema.RANKS / str(self._rank)) if self._rank else Place(path)
        share = place if self._rank else Share(path / schema.RANKS / "0", place)
        self._journal = Journal(place, self._guard)
        self._rows = Rows(self._journal, self._guard, HEALTH if self._rank else None)
        self._names = Names(lambda held, rest: self._writer.describe({schema.LAYERS: held, schema.LEFT_OUT: rest}))
        self._hooks = OptimizerHooks(self._names, layers_every, self._epochs.stepped, self._unlogged, self._guard)
        attempt = {"rank": self._rank, "world_size": world} if world > 1 else {}
        about = self._about(config, classes, loss)
        self._advice = Advice(place.folder, stop_on)
        self._agreement = Agreement(path.name, self._rank) if world > 1 else None
        self._writer = Writer(place, share, self._journal, self._guard, about, attempt, self._advice)
        self._guard.note = self._writer.note
        with self._guard("taking stop_on", "`curvewise rules` lists the names; should_stop waits for the others."):
            self._advice.check()
        if self._rank:
            self._hooks.shards_only, self._hooks.unlogged = True, HEALTH_EVERY
        optimizers = optimizer if isinstance(optimizer, Sequence) else [optimizer]
        self.watch(*[one for one in optimizers if one is not None], model=model)
        self._writer.start()
        if self._rank == 0:
            with self._guard("watching the devices", "Their memory and load are missing from the run."):
                self._hardware.start()
        leave_when_forked(self, Collector._leave)
        atexit.register(self._at_exit)

    @property
    def step(self) -> int:
        """Optimizer steps completed; without an optimizer, calls of ``log``. Set it when a checkpoint is resumed."""
        return self._base + (self._hooks.count if self._hooks.watched else self._logged)

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

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What ``curvewise watch`` found last in this attempt, the verdict's first; empty without a watcher, and on ranks but 0."""
        return self._advice.findings

    @property
    def should_stop(self) -> bool:
        """Whether to leave the loop: the watcher found one of ``stop_on``, twice in a row, in steps of this attempt.

        Of several ranks either all ask, at the same places in the loop, and get the same answer, or only rank 0.
        """
        if self._agreement is None:
            return self._advice.stop
        with self._guard("agreeing with the other ranks when to stop", ALONE):
            return self._agreement.same(self._advice.stop)
        return False

    def log(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *astray: Never,
        step: int | None = None,
        epoch: float | None = None,
        **named: Any,
    ) -> None:
        """Store one row of training values at the current step.

        ``loss=`` becomes ``train/loss``, ``val_loss=`` ``val/loss``; a name with a slash (in ``values``) is a tag already; None means absent.
        ``step`` says what the current step is, from this row on. ``epoch`` is this row's; later rows keep it only where no
        DataLoader is counted.
        """
        try:
            self._logged += 1
            if astray:
                raise TypeError(UNNAMED)
            if values is not None:
                named = {**values, **named}
            if step is not None:
                self.step = step
            hooks = self._hooks
            if hooks.watched:
                at, seen = self._base + hooks.count, None if hooks.idle else hooks.take()
            else:
                at, seen = self._base + self._logged, None
            if self._hardware.newest:
                seen = seen or Seen()
                seen.values |= self._hardware.take()
            if epoch is None and self._open:  # the short way, for what happens a million times
                self._rows.add(TRAIN, at, self._epochs.now if self._epoch is None else self._epoch, named, seen)
            else:
                self._row(TRAIN, at, epoch, named, seen)
        except Exception as error:
            self._guard.failed(LOGGING, error, ROW)

    def log_eval(
        self,
        values: Mapping[str, Any] | None = None,
        /,
        *astray: Never,
        step: int | None = None,
        epoch: float | None = None,
        **named: Any,
    ) -> None:
        """Store one row of validation values: ``loss=`` becomes ``val/loss``. ``step`` holds for this row only."""
        try:
            if self._rank == 0:
                if astray:
                    raise TypeError(UNNAMED)
                at = self.step if step is None else int(step)
                self._row(VAL, at, epoch, named if values is None else {**values, **named}, None)
            self._hooks.pause()
            self._epochs.pause()
        except Exception as error:
            self._guard.failed(LOGGING, error, ROW)

    def watch(self, *optimizers: Any, model: Any = None) -> None:
        """Watch optimizers made after the collector too, and name parameters after ``model``; known ones are passed over."""
        with self._guard("hooking into the optimizer", "Pass a torch optimizer; steps are counted by log() instead."):
            if model is not None:
                self._names.model(model)
            for optimizer in optimizers:
                before = self.step
                self._hooks.add(optimizer)
                self._base += before - self.step  # from now on the optimizer counts, and goes on from here
            if optimizers:
                self._epochs.watch()
            self._writer.describe({schema.SETTINGS: settings(optimizers, model)})

    def unwatch(self, *optimizers: Any) -> None:
        """Watch these optimizers no more, e.g. between two trainings of one run; the steps go on from where they are."""
        with self._guard("leaving the optimizer", "Its steps may still be counted."):
            before = self.step
            for optimizer in optimizers:
                self._hooks.drop(optimizer)
            self._base += before - self.step

    def describe(self, *, config: Any = None, classes: int | None = None, loss: Any = None) -> None:
        """Say later what was not known when the collector was made; ``config`` is merged, key by key."""
        self._writer.describe(self._about(config, classes, loss))

    def note(self, text: str) -> None:
        """Keep a one-line remark with the run: whoever reads the run sees it, e.g. why something could not be measured."""
        self._writer.note(" ".join(str(text).split()))

    def close(self, error: BaseException | None = None) -> None:
        """End the run as finished, or as crashed by ``error``; everything is in Parquet afterwards.

        A second call does nothing.
        """
        self._close(run_file.ending(error))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self._close(run_file.ending(error))

    def _about(self, config: Any, classes: int | None, loss: Any) -> dict[str, Any]:
        with self._guard("reading config, classes and loss", "They are missing from run.json."):
            given = {"config": config, "classes": classes, "loss": run_file.loss_name(loss)}
            return {key: run_file.jsonable(value) for key, value in given.items() if value is not None}
        return {}

    def _unlogged(self) -> None:
        """A measured step that the user did not log gets a row of its own."""
        self._row(TRAIN, self.step, None, {}, self._hooks.take())

    def _row(self, split: str, step: int, epoch: float | None, named: Mapping[str, Any], seen: Seen | None) -> None:
        if not self._recording:
            return
        if not self._open:
            error = RuntimeError("the run is closed")
            way_out = "Its rows are not kept; a new Collector would resume it."
            self._guard.failed("logging after close()", error, way_out)
            return
        if epoch is None:
            epoch = self._epochs.now if self._epoch is None else self._epoch
        elif self._epochs.now is None:
            self.epoch = epoch  # nobody counts: what the user said last holds until he says something else
        self._rows.add(split, step, epoch, named, seen)

    def _close(self, changes: Mapping[str, Any]) -> None:
        if not self._open:
            return
        with self._guard("closing the run", "What was logged stays readable in the run folder."):
            self._hooks.remove()
            self._epochs.unwatch()
            self._hardware.stop()
            if self._hooks.pending:
                self._unlogged()
            self._open = False
            atexit.unregister(self._at_exit)
            self._writer.close(changes)

    def _leave(self) -> None:
        """In a forked child: the parent records; the child only passes through."""
        self._recording = self._open = False
        self._agreement = None
        self._hooks.abandon()
        self._epochs.unwatch()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> Any:
        """Pickled, e.g. as part of a dataset for a worker that is spawned, it becomes one that records nothing."""
        return Elsewhere, ()

    def _at_exit(self) -> None:
        """The program ends without ``close``: finished, unless an exception went through to the interpreter."""
        error = getattr(sys, "last_value", None)
        self._close(run_file.ending(error if error is not self._earlier_error else None))
