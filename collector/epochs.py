"""Epochs without the user's help: passes of the DataLoader that feeds the optimizer.

While a collector is open, every batch any DataLoader hands out is noticed (one Python call, well under a microsecond). The
loader whose batch came last before an optimizer step is the one that trains, so loaders that only evaluate do not count.
Data that comes another way leaves the epoch to ``run.epoch = …`` or ``log(epoch=…)``.
"""

import sys
import weakref
from typing import Any

DATALOADER = "torch.utils.data.dataloader"


class Epochs:
    """Counts passes over the training data; ``None`` until a DataLoader has fed an optimizer step."""

    def __init__(self) -> None:
        self.now: float | None = None  # passes, the share of the current one included: 1.0 at the end of the first
        self._latest: weakref.ref[Any] | None = None  # iterator of the batch handed out last
        self._feeding: weakref.ref[Any] | None = None  # iterator that fed the last optimizer step
        self._passes, self._yielded = 0, 0
        self._class: Any = None
        self._original: Any = None
        self._patched: Any = None

    def watch(self) -> None:
        """Begin to notice batches; nothing happens where torch's DataLoader is not in use."""
        module = sys.modules.get(DATALOADER)
        self._class = getattr(module, "_BaseDataLoaderIter", None)
        if self._class is None:
            return
        self._original = original = self._class.__next__
        me = weakref.ref(self)

        def noticed(iterator: Any) -> Any:
            batch = original(iterator)
            if (epochs := me()) is not None:
                epochs._latest = weakref.ref(iterator)
            return batch

        self._patched = self._class.__next__ = noticed

    def unwatch(self) -> None:
        """Leave the DataLoader as it was, unless somebody patched it after us: then ours only passes batches on."""
        if self._class is not None and self._class.__next__ is self._patched:
            self._class.__next__ = self._original
        self._class = None

    def stepped(self) -> None:
        """An optimizer step was made: the batch handed out last was a training batch."""
        iterator = self._latest() if self._latest is not None else None
        if iterator is None or self._class is None:
            return
        yielded = int(getattr(iterator, "_num_yielded", 0))
        again = self._feeding is None or self._feeding() is not iterator or yielded < self._yielded
        self._passes += again
        self._feeding, self._yielded = self._latest, yielded
        self.now = self._passes - 1 + _share(iterator, yielded)


def _share(iterator: Any, yielded: int) -> float:
    """How much of the current pass is done; 0 where the length is unknown."""
    try:
        return min(yielded / len(iterator), 1.0)
    except (TypeError, ZeroDivisionError, NotImplementedError):
        return 0.0
