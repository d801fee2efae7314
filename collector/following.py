"""Where the weights of one optimizer go from step to step: what is asked of the ways they go, and when.

A way begins every so many steps and is long enough after ``schema.ALONG`` of them. What is asked of it needs a gradient: before a step there is one, unless a closure
computes it within the step.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from collector import schema


class Following:
    """The way that is followed, and the average of all that were."""

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self._trail: Any = None  # collector.trail.Trail: where the weights were
        self._trail_at = 0  # steps that were made by then
        self._average: Any = None  # collector.excess.Average
        self._asked: Callable[[], dict[str, Any]] | None = None  # while a step is open
        self._next: tuple[Any, Any] | None = None  # Trail and Average from before the open step

    @property
    def waits(self) -> bool:
        """Whether something is left to do after the open step."""
        return self._next is not None or self._asked is not None

    def arrived(self, made: int) -> bool:
        """Whether the way that is followed is long enough after ``made`` steps."""
        return self._trail is not None and made - self._trail_at >= schema.ALONG

    def leave_open_step(self) -> None:
        """Of a step that failed, or that its parent's step is a part of, nothing is kept."""
        self._asked, self._next = None, None

    def forget(self) -> None:
        """Follow nothing more, until another way is due."""
        self._trail = self._average = None
        self.leave_open_step()

    def before(self, made: int, due: bool, closure: bool) -> None:
        """Before a step: hold the gradient against the way of the last ones once it is long enough, and begin another where one is ``due``.

        A closure computes the gradient within the step: there it is only then, of the weights that are here now.
        """
        if closure and self._gradient_changes:
            self.forget()
            return
        arrived, begins = self.arrived(made), due and (self._trail is None or self.arrived(made))
        if not arrived and not begins:
            return
        from collector import excess, trail

        follows: Any = trail.begin(self._optimizer, closure) if begins else None
        away = None
        if follows is not None:
            average, away = excess.average(follows, made, self._average)
            self._next = follows, average
        if arrived:
            same = follows is not None and follows.places == self._trail.places
            now = follows.weights if same else trail.here(self._trail, self._optimizer)
            self._ask(partial(self._answer, self._trail, now, follows, away), closure)
        elif away is not None:
            self._ask(partial(self._answer, None, None, follows, away), closure)

    def _answer(self, way: Any, now: Any, follows: Any, away: Any) -> dict[str, Any]:
        """By tag, with the gradient there is now: of the ``way`` that came to ``now``, and of the weights that ``follows`` holds, ``away`` from their average."""
        from collector import alignment, excess, trail

        found, slopes = {}, None
        if now is not None:
            slopes = trail.slopes(way, self._optimizer)
            found[schema.UPDATE_ALIGNMENT] = slopes and alignment.alignment(way, now, slopes)
        if away is not None:
            if now is None or way.places != follows.places:
                slopes = trail.slopes(follows, self._optimizer)
            if slopes is not None and trail.all_followed(slopes, self._optimizer):
                scale = getattr(self._optimizer, "grad_scale", None)
                found[schema.EXCESS_LOSS] = excess.excess(follows, away, slopes, scale)
        return {tag: value for tag, value in found.items() if value is not None}

    def after(self, made: int) -> dict[str, Any]:
        """After the step, before which ``made`` were: what was asked, by tag.

        It stands in the row of the step whose gradient it was; one that was skipped, as far as the host knows, has none.
        """
        asked, following = self._asked, self._next
        self.leave_open_step()
        if following is not None:
            (self._trail, self._average), self._trail_at = following, made
        elif self.arrived(made):
            self._trail = None
        return asked() if asked is not None else {}

    def _ask(self, answer: Callable[[], dict[str, Any]], closure: bool) -> None:
        """Now, or, where a closure computes the gradient, after the step."""
        now = {} if closure else answer()
        self._asked = answer if closure else lambda: now

    @property
    def _gradient_changes(self) -> bool:
        """Whether the gradient after a step with a closure is another than that at the weights it began with: a search evaluates elsewhere, and Nesterov's step may change it in place."""
        search = any(base.__name__ == "LBFGS" for base in type(self._optimizer).__mro__)
        return search or any(group.get("nesterov") for group in self._optimizer.param_groups)
