"""The run that an attached script is recorded into: an ordinary ``Collector``, made when there is something to record."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.attach import models
from collector.attach.folder import Folder

TOGETHER = 20  # steps: an optimizer that joins before the others have made more trains together with them
LOSS = "train/loss"


@dataclass
class Stepped:
    """An optimizer that was met.

    Attributes:
        optimizer: weak reference.
        parameters: ids of its parameters.
        tag: of its loss; two that train the same parameters, one after the other, share it.
        steps: it has made.
        batch: number of the batch at its last step.
    """

    optimizer: Any
    parameters: frozenset[int]
    tag: str
    steps: int = 0
    batch: int = 0


class Recording:
    """Opens the run late, hands optimizers and their models to it, and names the losses of several optimizers."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.run: Any = None
        self.path: Path | None = None
        self.met: list[Stepped] = []
        self.followed = 0  # trainings that began after another one
        self._by_id: dict[int, Stepped] = {}

    def open(self) -> Any:
        """The collector, made now if need be."""
        if self.run is None:
            from collector.collector import Collector

            self.path = self._folder.claim()
            self.run = Collector(self.path)
        return self.run

    def find(self, optimizer: Any) -> Stepped | None:
        """What is known of an optimizer; None when it is new."""
        stepped = self._by_id.get(id(optimizer))
        return stepped if stepped is not None and stepped.optimizer() is optimizer else None

    def watch(self, optimizer: Any, batch: int) -> Any:
        """Take a new optimizer in; returns its model, None where none was found."""
        run, model = self.open(), models.model_of(optimizer)
        parameters = frozenset(id(p) for group in optimizer.param_groups for p in group["params"])
        new = Stepped(weakref.ref(optimizer), parameters, self._tag(parameters, batch))
        if not self.met and (resumed := _steps_done(optimizer)):
            run.step = resumed
        self.met.append(new)
        self._by_id[id(optimizer)] = new
        run.watch(optimizer, model=model)
        return model

    def _tag(self, parameters: frozenset[int], batch: int) -> str:
        alive = [one for one in self.met if one.optimizer() is not None]
        for one in alive:
            if one.parameters & parameters:
                return one.tag
        together = [one for one in alive if one.steps <= TOGETHER or one.batch == batch]
        if not together:
            self.followed += bool(self.met)
            return LOSS
        taken = {one.tag for one in together}
        return next(tag for tag in _tags() if tag not in taken)


def _tags() -> Iterator[str]:
    yield LOSS
    yield from (f"{LOSS}/{number}" for number in range(1, 1000))


def _steps_done(optimizer: Any) -> int:
    """Steps that an optimizer loaded from a checkpoint had made, as far as it keeps count where reading costs no wait."""
    counts = [state.get("step", 0) for state in list(optimizer.state.values())[:1] if isinstance(state, dict)]
    return max((int(c) for c in counts if getattr(getattr(c, "device", None), "type", "cpu") == "cpu"), default=0)
