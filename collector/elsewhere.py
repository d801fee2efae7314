"""Processes that only pass through: forked children, and workers that were handed a pickled collector."""

import contextlib
import os
import weakref
from collections.abc import Callable
from typing import Any, Self

_leaving: "set[weakref.WeakMethod[Callable[[], None]]]" = set()  # of the collectors that are open


def leave_when_forked(leave: Callable[[], None]) -> None:
    """Call the method ``leave`` in every child that this process forks from now on, while its object lives."""
    _leaving.add(weakref.WeakMethod(leave, _leaving.discard))


def _in_child() -> None:
    for method in list(_leaving):
        leave = method()
        if leave is not None:
            with contextlib.suppress(Exception):
                leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


class Elsewhere:
    """A collector in a process that does not record: takes everything, keeps nothing."""

    step, epoch = 0, None

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
