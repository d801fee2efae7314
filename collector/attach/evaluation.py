"""Passes over evaluation data: the losses of their batches, weighted by samples, become one row."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collector.attach.losses import Call
from collector.attach.scalars import Scalar

VAL, TRAIN_EVAL = "val", "train_eval"


@dataclass
class Sums:
    """Of one loss function at one place in the script, over a pass."""

    function: str
    total: Scalar = 0.0
    count: Scalar = 0.0
    right: Scalar | None = None

    def add(self, call: Call) -> None:
        """One more batch."""
        self.total, self.count = self.total + call.mean * call.count, self.count + call.count
        if call.right is not None:
            self.right = call.right if self.right is None else self.right + call.right

    @property
    def loss(self) -> Scalar:
        """Mean a sample."""
        return self.total / self.count if not isinstance(self.count, float) or self.count else float("nan")


@dataclass
class Pass:
    """One pass over one set."""

    name: str
    sums: dict[tuple[str, int], Sums] = field(default_factory=dict)

    def add(self, call: Call, site: int) -> None:
        """One more batch of the loss function called at ``site``."""
        self.sums.setdefault((call.function, site), Sums(call.function)).add(call)

    @property
    def functions(self) -> set[str]:
        """The loss functions that were called."""
        return {one.function for one in self.sums.values()}

    def row(self, training: Mapping[str, int]) -> dict[str, Scalar]:
        """By tag: the loss by the functions that train (their sum where training adds several), the accuracy, and others.

        Args:
            training: the loss functions that training calls, with the number of calls a backward pass.
        """
        sums = list(self.sums.values())
        main = [one for one in sums if one.function in training] or sums[:1]
        added = main if len(main) <= sum(training.values()) else main[:1]
        row = {f"{self.name}/loss": sum(one.loss for one in added)}
        rights = [one.right / one.count for one in main if one.right is not None]
        if rights:
            row[f"{self.name}/accuracy"] = rights[0]
        for one in sums:
            if one not in main:
                row.setdefault(f"{self.name}/{one.function}", one.loss)
        return row


class Names:
    """Tags of the sets: the first that is not the training set is ``val``, others go by the script's own names."""

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self.said: dict[str, str] = {}  # by tag, what the script calls it where that is another name

    def give(self, key: Any, wanted: str | None) -> str:
        """A name for ``key`` (anything hashable), ``wanted`` being what the script calls it: train, val, test, or nothing."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._free(wanted)
            if wanted and not name.startswith(wanted):
                self.said[name] = wanted
        return name

    def forget(self, source: Any) -> list[str]:
        """Take back the names of the passes over a source."""
        keys = [key for key in self._names if isinstance(key, tuple) and key[0] is source]
        names = [self._names.pop(key) for key in keys]
        for name in names:
            self.said.pop(name, None)
        return names

    def _free(self, wanted: str | None) -> str:
        taken = set(self._names.values())
        if wanted == "train":
            return TRAIN_EVAL
        name, number = (wanted or VAL) if VAL in taken else VAL, 2
        while name in taken:
            name, number = f"{wanted or VAL}{number}", number + 1
        return name
