"""Hooks on the optimizers: they count steps, read the learning rates and, every few steps, measure the update."""

import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from collector import schema
from collector.cadence import BETWEEN, DEVICE, Cadence
from collector.compiler import uncompiled
from collector.guard import Guard
from collector.names import Names
from collector.optimizers import innermost
from collector.sample import Sample
from collector.scaling import Scaling
from collector.seen import Seen
from collector.values import as_number
from collector.watched import Watched

MEASURING, FOLLOWING, COUNTING = "measuring the update", "following the weights", "reading the optimizer"
UNSEEN = "steps that a CUDA graph replays cannot be seen: their number is what log(step=…) says, their update is not measured"
WAY_OUT = "This step's {} is missing from the run."
ALONG_THE_WAY = (schema.UPDATE_ALIGNMENT, schema.EXCESS_LOSS)
PATIENCE = 100  # steps; an optimizer that has not stepped for so long is not waited for


class OptimizerHooks:
    """Watches optimizers; with several, a step is what the busiest of them has completed.

    Args:
        names: of the parameters.
        every: see ``Cadence``.
        stepped: called after each step; returns the seconds it waited for data, or None when nobody knows.
        missed: called when the next step begins and nobody has taken what was measured.
        guard: where failures go.
    """

    def __init__(
        self,
        names: Names,
        every: int | None,
        stepped: Callable[[], float | None],
        missed: Callable[[], None],
        guard: Guard,
    ) -> None:
        self.count = 0
        self.measuring = True
        self.shards_only = False  # what this rank holds whole, rank 0 measures
        self.unlogged = float("inf")  # steps that may pass without a row
        self.watched: list[Watched] = []
        self._names, self._stepped, self._missed, self._guard = names, stepped, missed, guard
        self._cadence, self._ways, self._scaling = Cadence(every), Cadence(every, first=1, budget=BETWEEN), Scaling()
        self._seen = Seen()
        self._whole: dict[int, list[Sample]] = {}  # by optimizer, of the current step
        self._columns: Iterator[int] = itertools.count()  # of learning rates
        self._clocks: deque[Any] = deque(maxlen=64)  # device time not yet known
        self._spent, self._cost = 0.0, 0.0  # s of measuring: since the last step ended, and of the last step
        self._followed = 0.0  # s of it, spent on where the weights go
        self._last, self._since, self._steps = 0.0, 0.0, 0  # s: end of the last step, and of that of the last row
        self._waited: float | None = None  # s for data since the last row

    def add(self, optimizer: Any) -> None:
        """Watch one more optimizer; one that is watched already is passed over.

        Raises:
            TypeError: it takes no step hooks.
        """
        optimizer = innermost(optimizer)
        if any(w.optimizer is optimizer for w in self.watched):
            return
        if not hasattr(optimizer, "register_step_pre_hook"):
            raise TypeError(f"{type(optimizer).__name__} is no torch optimizer")
        replaced = [w for w in self.watched if w.within(optimizer)]
        place = self.watched.index(replaced[0]) if replaced else len(self.watched)
        for watched in replaced:
            self.drop(watched.optimizer)
        # One made later counts on: from here, or, beside others, as if it had missed the current step only.
        count = max(0, self.count - bool(self.watched))
        if not self.watched:
            self._columns = itertools.count()
        new = Watched(optimizer, count, self.count, self._columns)
        new.handles = [
            optimizer.register_step_pre_hook(uncompiled(partial(self._before, new))),
            optimizer.register_step_post_hook(uncompiled(partial(self._after, new))),
        ]
        self.watched.insert(place, new)
        self._scaling.watch(optimizer)

    def drop(self, optimizer: Any) -> None:
        """Watch this one no more; what was counted stays counted."""
        for watched in [w for w in self.watched if w.optimizer is innermost(optimizer)]:
            self._unhook(watched)
            self._scaling.leave(watched.optimizer)
            self.watched.remove(watched)
            self._whole.clear()

    def take(self) -> Seen:
        """What was seen since the last call."""
        seen, self._seen = self._seen, Seen()
        if self._steps and seen.values:
            passed = self._last - self._since
            seen.values[schema.STEP_TIME] = passed / self._steps
            if self._waited is not None and passed > 0:
                seen.values[schema.DATA_WAIT] = min(self._waited / passed, 1.0)
            self._since, self._steps, self._waited = self._last, 0, None
        if self._scaling.used and seen.values:
            seen.values[schema.SKIPPED_STEPS] = as_number(self._scaling.skipped)
        if self._whole and self._complete():
            seen.whole = [sample for samples in self._whole.values() for sample in samples]
            self._whole = {}
            seen.add_totals()
        return seen

    @property
    def idle(self) -> bool:
        """Whether no step was made since the last row."""
        return not self._seen.values

    @property
    def pending(self) -> bool:
        """Whether a measured step is waiting for a row."""
        return bool(self._seen.samples)

    def pause(self) -> None:
        """What has passed since the last step was no training: a validation, say."""
        if self._last:
            now = time.perf_counter()
            self._since, self._last = self._since + now - self._last, now

    def remove(self) -> None:
        """Leave the optimizers as they were."""
        self._scaling.unwatch()
        for watched in self.watched:
            self._unhook(watched)

    def abandon(self) -> None:
        """In a forked child: see and measure nothing more."""
        self.measuring = False
        self._scaling.unwatch()

    @staticmethod
    def _unhook(watched: Watched) -> None:
        for handle in watched.handles:
            handle.remove()
        watched.begun = None
        watched.following.forget()

    def _complete(self) -> bool:
        expected = [w for w in self.watched if self.count - w.at < PATIENCE]
        return len(self._whole) == len(expected)

    def _before(self, watched: Watched, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Never returns anything: a pair would replace the arguments of the step."""
        try:
            watched.open = True
            watched.following.leave_open_step()
            if not self.measuring:
                return
            due = self._cadence.due(watched.count + 1)
            way = watched is self.watched[0] and not self.shards_only and self._ways.due(watched.count + 1)
            arrived = watched.following.arrived(watched.count)
            if not (due or way or arrived) or watched.capturing:
                return
            closure = kwargs.get("closure", args[1] if len(args) > 1 else None) is not None
            if way and self._followed:
                self._ways.cost(self._followed)  # since the last way began: its beginning and its end
                self._followed = 0.0
            if way or arrived:
                with self._following(watched):
                    watched.following.before(watched.count, way, closure)
            if due:
                self._begin(watched, closure)
        except Exception as error:
            self._guard.failed(COUNTING, error, WAY_OUT.format("update ratio"))

    def _begin(self, watched: Watched, closure: bool) -> None:
        start = time.perf_counter()
        try:
            from collector import measure

            watched.begun = measure.begin(watched.optimizer, closure, watched.turn, self.shards_only)
        except Exception as error:
            watched.begun = None
            self._guard.failed(MEASURING, error, WAY_OUT.format("update ratio"))
        watched.spent = time.perf_counter() - start
        self._spent += watched.spent

    def _followed_so_far(self, watched: Watched) -> None:
        """After the step."""
        with self._following(watched):
            if found := watched.following.after(watched.count - 1):  # the step is counted by now
                self._seen.values.update(found)
                self._guard.recovered(FOLLOWING)

    @contextmanager
    def _following(self, watched: Watched) -> Iterator[None]:
        """Whatever fails, the training goes on; what it costs is judged."""
        start = time.perf_counter()
        try:
            yield
        except Exception as error:
            watched.following.forget()
            self._guard.failed(FOLLOWING, error, WAY_OUT.format("update alignment, or excess loss,"))
        spent = time.perf_counter() - start
        self._spent += spent
        self._followed += spent

    def _after(self, watched: Watched, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not watched.open:
            return
        try:
            watched.open = False
            begun, watched.begun = watched.begun, None
            if watched.capturing:
                self._guard.note(UNSEEN)
                return
            if self._scaling.stepped(optimizer):
                return
            watched.count += 1
            if watched.count > self.count:
                self._next()
            watched.at = self.count
            self._seen.values.update(watched.lrs())
            if watched.following.waits:
                self._followed_so_far(watched)
            if begun is not None:
                self._finish(watched, begun)
        except Exception as error:
            self._guard.failed(COUNTING, error, WAY_OUT.format("learning rate"))

    def _next(self) -> None:
        """A new step: hand over what nobody logged of the last one, and judge what measuring cost."""
        try:
            seen = self._seen.samples or any(tag in self._seen.values for tag in ALONG_THE_WAY)
            if seen or self._steps >= self.unlogged:
                self._missed()
        finally:
            self._whole = {}
            self.count += 1
            self._steps += 1
            if (waited := self._stepped()) is not None:
                self._waited = waited + (self._waited or 0.0)
        now = time.perf_counter()
        if self._last:
            self._judge(now - self._last - self._spent)
        else:
            self._since, self._steps, self._waited = now, 0, None  # the first step has no beginning that we saw
        self._last, self._spent = now, 0.0

    def _finish(self, watched: Watched, begun: Any) -> None:
        start = time.perf_counter()
        try:
            from collector import measure

            name = partial(self._names.of, [w.optimizer for w in self.watched])
            sample = measure.finish(begun, watched.optimizer, name)
            self._seen.samples.append(sample)
            if (whole := watched.measured(sample, begun.following)) is not None:
                self._whole[id(watched)] = whole
            self._clocks.append(begun.clock)
            self._guard.recovered(MEASURING)
        except Exception as error:
            self._guard.failed(MEASURING, error, WAY_OUT.format("update ratio"))
        spent = time.perf_counter() - start
        self._spent += spent
        self._cost += watched.spent + spent

    def _judge(self, duration: float) -> None:
        """Tell the cadence what the last step took and what measuring it cost: the host, and a device when its clock is read."""
        self._cadence.passed(duration)
        self._ways.passed(duration)
        if self._cost:
            self._cadence.cost(self._cost)
            self._cost = 0.0
        while self._clocks and (seconds := self._clocks[0].seconds()) is not None:
            self._clocks.popleft()
            if seconds:
                self._cadence.cost(seconds, DEVICE)
