"""The runs that an attached script is recorded into: ordinary ``Collector``s, made when there is something to record."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.attach import models
from collector.attach.feed import Feed
from collector.attach.folder import Folder

TOGETHER = (
    20  # steps: without a DataLoader, an optimizer that joins before the others made more trains together with them
)
MOST_OPEN = 3  # runs kept open: a script may come back to a model it trained before
LOSS = "train/loss"


@dataclass
class Stepped:
    """An optimizer that was met.

    Attributes:
        optimizer: weak reference.
        parameters: ids of its parameters.
        tag: of its loss; two that train the same parameters, one after the other, share it.
        training: that it belongs to.
        steps: it has made.
        batch: number of the batch at its last step.
        feeding: iterator of the DataLoader at its last step, or None.
    """

    optimizer: Any
    parameters: frozenset[int]
    tag: str
    training: "Training"
    steps: int = 0
    batch: int = 0
    feeding: Any = None

    def step(self, feed: Feed) -> None:
        """It has made a step."""
        self.steps, self.batch, self.feeding = self.steps + 1, feed.batches, feed.latest

    def with_us(self, feed: Feed) -> bool:
        """Whether it is still training, now that another optimizer makes its first step."""
        if self.feeding is None:
            return self.steps <= TOGETHER
        return self.batch == feed.batches or self.feeding() is feed.iterator is not None


@dataclass
class Training:
    """One training, recorded into one run.

    Attributes:
        run: the collector.
        path: its folder.
        rows: written, by tag.
        models: weak references.
        said: loss function and number of classes as last described.
    """

    run: Any
    path: Path
    rows: dict[str, int] = field(default_factory=dict)
    models: list[Any] = field(default_factory=list)
    said: tuple[Any, ...] = ()
    configured: bool = False

    def count(self, row: Any) -> None:
        """A row was written."""
        for tag in row:
            self.rows[tag] = self.rows.get(tag, 0) + 1


class Recording:
    """Opens runs late and hands optimizers and their models to them; trainings after one another get a run each."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.trainings: list[Training] = []
        self._met: dict[int, Stepped] = {}

    @property
    def now(self) -> Training:
        """The training under way, its run opened if need be."""
        return self.trainings[-1] if self.trainings else self._begin()

    def find(self, optimizer: Any) -> Stepped | None:
        """What is known of an optimizer; None when it is new."""
        stepped = self._met.get(id(optimizer))
        return stepped if stepped is not None and stepped.optimizer() is optimizer else None

    def meet(self, optimizer: Any, feed: Feed) -> Stepped:
        """Take in an optimizer that makes its first step."""
        parameters = frozenset(id(p) for group in optimizer.param_groups for p in group["params"])
        alive = [one for one in self._met.values() if one.optimizer() is not None]
        same = [one for one in alive if one.parameters & parameters and one.training is self.now]
        together = [one for one in alive if one.training is self.now and one.with_us(feed)]
        if self._met and not same and not together:
            self._begin()
        taken = {one.tag for one in together}
        tag = same[0].tag if same else next(tag for tag in _tags() if tag not in taken)
        new = self._met[id(optimizer)] = Stepped(weakref.ref(optimizer), parameters, tag, self.now)
        if len(self._met) == 1 and (done := _steps_done(optimizer)):
            self.now.run.step = done
        model = models.model_of(optimizer)
        if model is not None:
            self.now.models.append(weakref.ref(model))
        self.now.run.watch(optimizer, model=model)
        return new

    def close(self, error: BaseException | None) -> None:
        """End all runs."""
        for training in self.trainings:
            training.run.close(error if training is self.trainings[-1] else None)

    def _begin(self) -> Training:
        from collector.collector import Collector

        path = self._folder.claim(len(self.trainings) + 1)
        self.trainings.append(Training(Collector(path), path))
        if len(self.trainings) > MOST_OPEN:
            self.trainings[-MOST_OPEN - 1].run.close()
        return self.trainings[-1]


def _tags() -> Iterator[str]:
    yield LOSS
    yield from (f"{LOSS}/{number}" for number in range(1, 1000))


def _steps_done(optimizer: Any) -> int:
    """Steps that an optimizer loaded from a checkpoint had made, as far as it keeps count where reading costs no wait."""
    counts = [state.get("step", 0) for state in list(optimizer.state.values())[:1] if isinstance(state, dict)]
    return max((int(c) for c in counts if getattr(getattr(c, "device", None), "type", "cpu") == "cpu"), default=0)
