"""Epochs without the user's help: passes of the DataLoader that feeds the optimizer, and how long it made training wait.

While a collector is open, every batch any DataLoader hands out is noticed (one Python call, well under a microsecond). The
loader whose batch came last before an optimizer step is the one that trains, so loaders that only evaluate do not count.
Data that comes another way leaves the epoch to ``run.epoch = …`` or ``log(epoch=…)``.
"""

import contextlib
import sys
import time
import weakref
from typing import Any

DATALOADER = "torch.utils.data.dataloader"


_watching: "weakref.WeakSet[Epochs]" = weakref.WeakSet()  # one patch serves all collectors that are open
_original: Any = None  # the DataLoader's own method while it is patched


def _noticed(iterator: Any) -> Any:
    start = time.perf_counter()
    batch = _original(iterator)
    waited = time.perf_counter() - start
    with contextlib.suppress(RuntimeError):  # a collector opened in another thread just now: one batch goes unnoticed
        for epochs in _watching:
            epochs.batch(iterator, waited)
    return batch


class Epochs:
    """Counts passes over the training data; ``now`` is None until a DataLoader has fed an optimizer step."""

    def __init__(self) -> None:
        self.now: float | None = None  # passes, the share of the current one included: 1.0 at the end of the first
        self.latest: weakref.ref[Any] | None = None  # iterator of the batch handed out last
        self._feeding: weakref.ref[Any] | None = None  # iterator that fed the last optimizer step
        self._passes, self._yielded = 0, 0
        self._waiting = 0.0  # s, for batches that no step has used yet

    def batch(self, iterator: Any, waited: float) -> None:
        """A DataLoader handed out a batch after ``waited`` seconds."""
        if self.latest is None or self.latest() is not iterator:
            self.latest = weakref.ref(iterator)
        self._waiting += waited

    def pause(self) -> None:
        """The batches so far were not for training."""
        self._waiting = 0.0

    def watch(self) -> None:
        """Begin to notice batches; nothing happens where torch's DataLoader is not in use."""
        global _original
        iterators = getattr(sys.modules.get(DATALOADER), "_BaseDataLoaderIter", None)
        if iterators is None:
            return
        if _original is None:
            _original, iterators.__next__ = iterators.__next__, _noticed
        _watching.add(self)

    def unwatch(self) -> None:
        """Stop; the last to stop leaves the DataLoader as it was, unless somebody else has patched it since."""
        global _original
        _watching.discard(self)
        iterators = getattr(sys.modules.get(DATALOADER), "_BaseDataLoaderIter", None)
        if not _watching and iterators is not None and iterators.__next__ is _noticed:
            iterators.__next__, _original = _original, None

    def stepped(self) -> float | None:
        """An optimizer step was made: the batch handed out last was a training batch.

        Returns:
            Seconds that the training waited for its batches since the last step; None where no DataLoader feeds it.
        """
        iterator = self.latest() if self.latest is not None else None
        if iterator is None or self not in _watching:
            return None
        yielded = int(getattr(iterator, "_num_yielded", 0))
        again = self._feeding is None or self._feeding() is not iterator or yielded < self._yielded
        self._passes += again
        self._feeding, self._yielded = self.latest, yielded
        self.now = self._passes - 1 + _share(iterator, yielded)
        waited, self._waiting = self._waiting, 0.0
        return waited


def _share(iterator: Any, yielded: int) -> float:
    """How much of the current pass is done; 0 where the length is unknown."""
    try:
        return min(yielded / len(iterator), 1.0)
    except (TypeError, ZeroDivisionError, NotImplementedError):
        return 0.0
