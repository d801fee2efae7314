"""One optimizer that the hooks watch, and the learning rates of its groups."""

import sys
from collections.abc import Iterator
from typing import Any

from collector import schema
from collector.following import Following
from collector.sample import Sample
from collector.values import Later, as_number

MOST_GROUPS = 32  # learning rates recorded: a column each, and nobody reads more


class Watched:
    """One optimizer: its hooks, its count, and the measurement under way."""

    def __init__(self, optimizer: Any, count: int, at: int, columns: Iterator[int]) -> None:
        self.optimizer, self._columns = optimizer, columns
        self.count, self.at = count, at  # of steps, and that of the run when it stepped last
        self._tags: list[str] = []  # of the groups' learning rates: a column each, for good
        self.open = False  # between the two hooks; a step that calls its parent's fires both of them twice
        self.begun: Any = None  # collector.measure.Begun, then
        self.following = Following(optimizer)
        self.spent = 0.0  # s, taking it
        self.handles: list[Any] = []
        self.turn = 0  # index of the parameter that the next measurement begins with
        self.parts: list[Sample] = []  # of a model that is measured in turns
        self._on_cuda = any(p.is_cuda for group in optimizer.param_groups for p in group["params"])

    def measured(self, sample: Sample, following: int) -> list[Sample] | None:
        """Take the sample; when it completes the parameters, all the samples that make them up."""
        self.turn = following
        self.parts.append(sample)
        if following:
            return None
        whole, self.parts = self.parts, []
        return whole

    @property
    def capturing(self) -> bool:
        """Whether this step is only recorded into a CUDA graph, whose replays nobody will see."""
        return self._on_cuda and bool(sys.modules["torch"].cuda.is_current_stream_capturing())

    def lrs(self) -> dict[str, Any]:
        """Learning rates by tag; the rate the step used is read before a scheduler changes it."""
        groups = self.optimizer.param_groups
        while len(self._tags) < len(groups):
            self._tags.append(_rate_tag(next(self._columns)))
        if len(groups) == 1:
            return {self._tags[0]: _rate(groups[0])}
        return {tag: _rate(g) for tag, g in zip(self._tags[:MOST_GROUPS], groups, strict=False)}

    def within(self, optimizer: Any) -> bool:
        """Whether ``optimizer`` has taken over every parameter of this one."""
        theirs = {id(p) for group in optimizer.param_groups for p in group["params"]}
        return all(id(p) in theirs for group in self.optimizer.param_groups for p in group["params"])


def _rate_tag(group: int) -> str:
    return schema.LR if group == 0 else f"{schema.LR}/{group}"


def _rate(group: dict[str, Any]) -> float | Later:
    """The rate the step used; schedule-free optimizers keep it apart from the ``lr`` they were given."""
    rate = group["scheduled_lr"] if "scheduled_lr" in group else group["lr"]
    return rate if type(rate) is float else as_number(rate)
