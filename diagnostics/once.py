"""Measure a thing once: many rules ask the same of one curve."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar


class Measured:
    """Something immutable, equal to itself alone, that remembers what was measured of it; its copies and pickles do not."""

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_answers"}


Subject = TypeVar("Subject", bound=Measured)
Answer = TypeVar("Answer")
P = ParamSpec("P")


def once(
    measure: Callable[Concatenate[Subject, P], Answer],
) -> Callable[Concatenate[Subject, P], Answer]:
    """``measure``, a pure function of something ``Measured``, with its answers kept there."""

    @wraps(measure)
    def remembered(subject: Subject, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        # on the object itself: an answer may hold the object, and a table elsewhere would then never let it go
        answers: dict[Any, Answer] = subject.__dict__.setdefault("_answers", {})
        key = (measure, args, tuple(kwargs.items()))
        if key not in answers:
            answers[key] = measure(subject, *args, **kwargs)
        return answers[key]

    return remembered
