"""Accelerate: ``Accelerator(log_with=CurvewiseTracker("runs/digits"))``, then ``init_trackers``, ``log``, ``end_training``.

Optimizers need not be handed over: each is watched from its first step on.
"""

import os
from collections.abc import Mapping
from typing import Any

from collector.collector import Collector
from collector.integrations.naming import tag
from collector.integrations.recording import WAY_OUT, WHERE, Recording
from collector.tags import TRAIN

try:
    from accelerate.tracking import GeneralTracker
    from torch.optim.optimizer import register_optimizer_step_pre_hook
except ImportError as error:
    raise ModuleNotFoundError("collector.integrations.accelerate needs Accelerate: pip install accelerate") from error


class CurvewiseTracker(GeneralTracker):  # type: ignore[misc, unused-ignore]
    """Records what ``accelerator.log`` is told, on the main process, and what the optimizers do.

    Args:
        run: the run folder, or a ``Collector`` that has what a folder cannot say (``model``, ``classes`` …).

    A step is an optimizer step. The ``step`` given to ``accelerator.log`` is taken when it is ahead of that count, as after a
    resume; one that is behind, because it counts epochs, is not. A run that raises is marked as crashed when the program ends.
    """

    name = "curvewise"
    requires_logging_directory = False
    main_process_only = True

    def __init__(self, run: Collector | str | os.PathLike[str]) -> None:
        super().__init__()
        self.recording = Recording(run)
        self._handle: Any = None
        self._watching = False

    @property
    def tracker(self) -> Collector:
        """The run's collector: ``accelerator.get_tracker("curvewise", unwrap=True)``."""
        self.start()
        assert self.recording.run is not None
        return self.recording.run

    def start(self) -> None:
        """Open the run; Accelerate says when, after the processes know each other."""
        if self.recording.run is None:
            self.recording.open()
            self._handle = register_optimizer_step_pre_hook(self._stepping)

    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Hyperparameters, as given to ``init_trackers``."""
        with self.recording.guard(WHERE, WAY_OUT):
            self.tracker.describe(config=values)

    def log(self, values: Mapping[str, Any], step: int | None = None, **kwargs: Any) -> None:
        """One row. ``val_`` and ``eval_`` names are validation's, ``epoch`` and ``step`` are where it stands; text is left out."""
        with self.recording.guard(WHERE, WAY_OUT):
            run = self.tracker
            at = values.get("step") if step is None else step
            row = {tag(k, TRAIN): v for k, v in values.items() if k not in ("step", "epoch") and not isinstance(v, str)}
            ahead = at is not None and (at > run.step or not self._watching)
            run.log(row, step=at if ahead else None, epoch=values.get("epoch"))

    def finish(self) -> None:
        """The end of training."""
        with self.recording.guard(WHERE, WAY_OUT):
            if self._handle is not None:
                self._handle.remove()
                self._handle = None
            self.recording.close()

    def _stepping(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Before any optimizer's step: its own hooks, set here, run right after. Returns nothing, or it would change the step."""
        with self.recording.guard(WHERE, WAY_OUT):
            if self.recording.run is not None:
                self.recording.run.watch(optimizer)
                self._watching = True
