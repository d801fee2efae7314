"""Hooks on the optimizers: they count steps, read the learning rates and, every few steps, measure the update."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from collector import schema
from collector.cadence import Cadence
from collector.guard import Guard
from collector.names import Names
from collector.sample import Sample
from collector.values import Later, as_number

MEASURING, COUNTING = "measuring the update", "reading the optimizer"
WAY_OUT = "This step's {} is missing from the run."


@dataclass
class Seen:
    """What the hooks saw of one optimizer step, waiting for the row of that step."""

    rates: dict[str, float | Later] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


class OptimizerHooks:
    """Watches one or several optimizers; with several, a step is what the busiest of them has completed.

    Args:
        optimizers: torch optimizers.
        names: of the parameters.
        every: measure every so many steps.
        stepped: called after each step.
        missed: called with the sight of a measured step when the next step begins and nobody has taken it.
        guard: where failures go.
    """

    def __init__(
        self,
        optimizers: Sequence[Any],
        names: Names,
        every: int,
        stepped: Callable[[], None],
        missed: Callable[[Seen], None],
        guard: Guard,
    ) -> None:
        self.count = 0
        self.measuring = True
        self._names, self._stepped, self._missed, self._guard = names, stepped, missed, guard
        self._cadence, self._pid = Cadence(every), os.getpid()
        self._optimizers = list(optimizers)
        self._counts = [0] * len(self._optimizers)
        self._begun: dict[int, Any] = {}
        self._seen = Seen()
        self._spent, self._last = 0.0, 0.0  # s: measuring in this step; when the last step ended
        self._handles = [h for i, o in enumerate(self._optimizers) for h in self._register(i, o)]

    def take(self) -> Seen:
        """What was seen of the current step; a second call gets nothing."""
        seen, self._seen = self._seen, Seen()
        return seen

    def remove(self) -> None:
        """Leave the optimizers as they were."""
        for handle in self._handles:
            handle.remove()
        self._begun.clear()

    def _register(self, index: int, optimizer: Any) -> list[Any]:
        before = optimizer.register_step_pre_hook(partial(self._before, index))
        return [before, optimizer.register_step_post_hook(partial(self._after, index))]

    def _before(self, index: int, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Never returns anything: a pair would replace the arguments of the step."""
        if not self.measuring or os.getpid() != self._pid or not self._cadence.due(self._counts[index] + 1):
            return
        start = time.perf_counter()
        try:
            from collector import measure

            closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
            self._begun[index] = measure.begin(optimizer, closure is not None)
        except Exception as error:
            self._begun.pop(index, None)
            self._guard.failed(MEASURING, error, WAY_OUT.format("update ratio"))
        self._spent = time.perf_counter() - start

    def _after(self, index: int, optimizer: Any, args: Any, kwargs: Any) -> None:
        if os.getpid() != self._pid:
            return
        try:
            self._step(index, optimizer, self._begun.pop(index, None))
        except Exception as error:
            self._guard.failed(COUNTING, error, WAY_OUT.format("learning rate"))

    def _step(self, index: int, optimizer: Any, begun: Any) -> None:
        if _skipped(optimizer):
            return
        self._counts[index] += 1
        if self._counts[index] > self.count:
            self._next()
        if self.measuring:
            self._seen.rates.update(self._rates(index))
        if begun is not None:
            self._finish(begun, optimizer)

    def _next(self) -> None:
        """A new step: hand over what nobody logged of the last one, and judge what measuring cost."""
        seen = self.take()
        try:
            if seen.samples:
                self._missed(seen)
        finally:
            self.count += 1
            self._stepped()
        now = time.perf_counter()
        if self._last:
            self._cadence.passed(now - self._last - self._spent)
        self._last = now

    def _rates(self, index: int) -> dict[str, float | Later]:
        first = sum(len(o.param_groups) for o in self._optimizers[:index])
        groups = self._optimizers[index].param_groups
        return {_rate_tag(first + i): _rate(group) for i, group in enumerate(groups)}

    def _finish(self, begun: Any, optimizer: Any) -> None:
        start = time.perf_counter()
        try:
            from collector import measure

            self._seen.samples.append(measure.finish(begun, optimizer, self._names))
            self._guard.recovered(MEASURING)
        except Exception as error:
            self._guard.failed(MEASURING, error, WAY_OUT.format("update ratio"))
        now = time.perf_counter()
        self._cadence.cost(self._spent + now - start)
        self._spent, self._last = 0.0, now


def _rate_tag(group: int) -> str:
    return schema.LR if group == 0 else f"{schema.LR}/{group}"


def _rate(group: dict[str, Any]) -> float | Later:
    """The rate the step used; schedule-free optimizers keep it apart from the ``lr`` they were given."""
    return as_number(group.get("scheduled_lr", group["lr"]))


def _skipped(optimizer: Any) -> bool:
    """Whether GradScaler let a fused optimizer make an empty step. On an accelerator the sample itself tells, later."""
    found = getattr(optimizer, "found_inf", None)
    return found is not None and found.device.type == "cpu" and bool(found.item())
