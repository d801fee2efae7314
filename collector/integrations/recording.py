"""The run that an integration writes to: in a folder that it opens itself, or through a ``Collector`` of the user's."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from collector.collector import Collector
from collector.guard import Guard

WHERE, WAY_OUT = "recording what the framework told", "A part of this run may be missing."


class Recording:
    """Opens and closes the run with the framework's training; a ``Collector`` that was given is left open.

    Args:
        run: the run folder, or a collector; give a folder where the framework starts several processes.
        obey: stop the framework's training when the collector's ``should_stop`` says so.

    Attributes:
        run: the collector while a training goes on, else None.
        guard: around everything an integration does, so that no failure of ours reaches the training.
    """

    def __init__(self, run: Collector | str | os.PathLike[str], obey: bool = False) -> None:
        self._obey = obey
        self.folder = Path(run).absolute() if isinstance(run, str | os.PathLike) else None
        self._given = None if isinstance(run, str | os.PathLike) else run
        self.run: Collector | None = None
        self.guard = Guard(self.folder.name if self.folder else "of the given collector")
        self._opened = False
        self._watched: tuple[Any, ...] = ()

    def open(self, *, model: Any = None, optimizers: Iterable[Any] = ()) -> Collector:
        """Begin; one that is still open, because its training was cut short, is closed first."""
        self.close()
        run = self._given
        if run is None:
            assert self.folder is not None
            run = Collector(self.folder)
            self.guard.note = run.note
        self._watched = tuple(optimizers)
        run.watch(*self._watched, model=model)
        self.run, self._opened = run, True
        return run

    @property
    def stop(self) -> bool:
        """Whether the framework is to end this training; ask after each step, on every rank."""
        return self._obey and self.run is not None and self.run.should_stop

    def describe(
        self, *, config: Mapping[str, Any] | None = None, classes: int | None = None, loss: Any = None
    ) -> None:
        """Say what the framework knows of the training; a collector that was given knows its classes and loss itself."""
        if self.run is not None:
            more = {} if self.run is self._given else {"classes": classes, "loss": loss}
            self.run.describe(config=config, **more)

    def __reduce__(self) -> Any:
        """Pickled for a process that a framework spawns, it opens the same folder there."""
        return Recording, (self.folder or self._given, self._obey)

    def close(self, error: BaseException | None = None) -> None:
        """End the run as finished, or as crashed by ``error``."""
        run, self.run = self.run, None
        if run is not None and run is self._given:
            run.unwatch(*self._watched)
        elif run is not None:
            run.close(error)
        self._watched = ()

    def afterwards(self, values: Mapping[str, Any], step: int) -> None:
        """Add a row of tags to a run that has ended here, e.g. the test set's; nothing where none was recorded."""
        if self._given is not None:
            self._given.log_eval(values, step=step)
        elif self._opened and self.folder is not None:
            with Collector(self.folder) as run:
                run.log_eval(values, step=step)
