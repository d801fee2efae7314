"""Processes that only pass through: forked children, and workers that were handed a pickled collector."""

import contextlib
import os
import weakref
from collections.abc import Callable
from typing import Any, Self

_leaving: "weakref.WeakKeyDictionary[Any, Callable[[Any], None]]" = weakref.WeakKeyDictionary()  # by open collector


def leave_when_forked(collector: Any, leave: Callable[[Any], None]) -> None:
    """Call ``leave(collector)`` in every child that this process forks from now on, while the collector lives."""
    _leaving[collector] = leave


def _in_child() -> None:
    for collector, leave in list(_leaving.items()):
        with contextlib.suppress(Exception):
            leave(collector)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class Elsewhere:
    """A collector in a process that does not record: takes everything, keeps nothing."""

    step, epoch = 0, None
    findings, should_stop = (), False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._nothing

    def _nothing(self, *_: Any, **__: Any) -> None:
        """In place of every method."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Passes every exception on."""
