"""Which data a loss function is being fed: the training data, or that of an evaluation, and of which."""

import weakref
from typing import Any

from collector.epochs import Epochs


class Source:
    """The data of a DataLoader, recognised when it comes again.

    Attributes:
        size: type and length of the dataset, and number of indices chosen of it.
        wanted: the set that the script's names make of it.
        dataset: a weak reference where the type allows it.

    Two halves of one dataset that differ by the indices a sampler was given are two sources.
    """

    def __init__(self, iterator: Any) -> None:
        data, chosen = iterator._dataset, _indices(iterator)
        self._key = (id(data), id(chosen))
        self.size = (type(data).__name__, _length(data), _length(chosen))
        self.dataset = _weak(data)
        self.wanted: str | None = None

    def holds(self, iterator: Any) -> bool:
        """Whether ``iterator`` goes over the same data."""
        return self.dataset() is not None and (id(iterator._dataset), id(_indices(iterator))) == self._key

    def follow(self, other: "Source") -> None:
        """Become ``other``."""
        self._key, self.dataset = other._key, other.dataset

    def looks_like(self, other: "Source") -> bool:
        """Whether ``other`` may be the same data in a dataset made anew, as some trainers make one for every evaluation."""
        return (self.size, self.wanted) == (other.size, other.wanted)


class Feed(Epochs):
    """Watches DataLoaders as the collector does, and also tells the data of an evaluation from that of the training."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0  # handed out by any DataLoader
        self.training: Source | None = None
        self._at_step = 0  # batches handed out when the last optimizer step was made

    def batch(self, iterator: Any, waited: float) -> None:
        """A DataLoader handed out a batch."""
        super().batch(iterator, waited)
        self.batches += 1

    def stepped(self) -> float | None:
        """An optimizer step was made."""
        iterator = self.iterator
        self._at_step = self.batches
        if iterator is not None and (self.training is None or not self.training.holds(iterator)):
            self.training = Source(iterator)
        return None

    @property
    def iterator(self) -> Any:
        """That of the batch handed out last, while it lives."""
        return self.latest() if self.latest is not None else None

    @property
    def fresh(self) -> bool:
        """Whether a batch was handed out since the last optimizer step."""
        return self.batches > self._at_step

    def from_training(self) -> bool:
        """Whether the batch handed out last is of the training data."""
        iterator = self.iterator
        return iterator is not None and self.training is not None and self.training.holds(iterator)


def done(iterator: Any) -> tuple[int, bool]:
    """(batches handed out, whether that was the last of the pass)."""
    yielded = int(getattr(iterator, "_num_yielded", 0))
    try:
        return yielded, yielded >= len(iterator)
    except (TypeError, NotImplementedError):
        return yielded, False


def _indices(iterator: Any) -> Any:
    sampler = getattr(iterator, "_index_sampler", None)
    while (inner := getattr(sampler, "sampler", None) or getattr(sampler, "batch_sampler", None)) is not None:
        sampler = inner
    return getattr(sampler, "indices", None)


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except (TypeError, NotImplementedError):
        return None


def _weak(data: Any) -> Any:
    try:
        return weakref.ref(data)
    except TypeError:  # e.g. a plain list: it is kept
        return lambda: data
