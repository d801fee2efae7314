"""What each series of a log is, told by its name and, for accuracies, by its values."""

import re
from collections.abc import Mapping

import numpy as np

from collector.schema import TRAIN_ACCURACY, VAL_ACCURACY
from diagnostics.curve import Floats
from diagnostics.readers.log import Log, Meaning, Series
from diagnostics.readers.understanding import names, pairs
from diagnostics.readers.understanding.pairs import Choice

PER_CENT = 1.01  # an accuracy above this counts to 100: a fraction reaches 1, and rounding a little more
MOST = 100.5  # per cent, with rounding; an "accuracy" above is none
ACCURACIES = (TRAIN_ACCURACY, VAL_ACCURACY)
BY_FILE = "the file's name says so"
TOP_1, TOP_5 = re.compile(r"(?<=[a-z@ _-])1(?!\d)"), "5"


def guess(log: Log) -> dict[str, Meaning]:
    """A meaning for every series of ``log``, by name; what nobody knows keeps its own name as tag."""
    taken = _taken(log)
    peaks = {s.name: _range(s.values)[1] for s in log.series if TOP_5 in s.name}
    return {s.name: log.meanings.get(s.name) or _meaning(s, taken, peaks) for s in log.series}


def told(meanings: Mapping[str, Meaning]) -> list[str]:
    """Which names were read as something else, in one line; empty when none was."""
    read = [f"{name} as {m.tag}{_how(m)}" for name, m in meanings.items() if m != Meaning(name)]
    return [f"read {'; '.join(read)}"] if read else []


def accuracy(tag: str, name: str, values: Floats, per_cent: bool = False, why: str = "") -> Meaning:
    """An accuracy under ``tag``: as it is, from per cent, or from an error rate; its own name when it cannot be one.

    ``per_cent``: it counts to 100 though its values alone do not show it.
    """
    least, most = _range(values)
    if most > MOST or least < 0:
        return Meaning(f"{name} (no accuracy)", guessed=f"it goes from {least:g} to {most:g}")
    is_error = names.read(name).quantity == names.ERROR_RATE
    return Meaning(tag, 0.01 if most > PER_CENT or per_cent else 1.0, is_error, why)


def _taken(log: Log) -> dict[str, tuple[str, Choice]]:
    """By name, the tag it holds and why, unless the format settles it."""
    settled = {meaning.tag for meaning in log.meanings.values()}
    points = {s.name: len(s) for s in log.series if s.name not in log.meanings}
    said = {_with_split(name, log.split): name for name in points}
    found = pairs.chosen(list(said), {new: points[name] for new, name in said.items()})
    return {
        said[choice.name]: (tag, choice if choice.name in points else Choice(said[choice.name], BY_FILE))
        for tag, choice in found.items()
        if tag not in settled
    }


def _with_split(name: str, split: str) -> str:
    """``name`` as if it said the ``split`` that its file says, where it says none itself."""
    own = names.read(name)
    return f"{split} {name}" if split and own.quantity and not own.split else name


def _meaning(series: Series, taken: Mapping[str, tuple[str, Choice]], peaks: Mapping[str, float]) -> Meaning:
    name = series.name
    if name not in taken:
        own = names.own_tag(name)
        return Meaning(f"{name} (2)" if own in {tag for tag, _ in taken.values()} else own)
    tag, choice = taken[name]
    if tag in ACCURACIES:
        return accuracy(tag, name, series.values, _top_5_in_per_cent(name, peaks), choice.why)
    return Meaning(tag, guessed=choice.why)


def _top_5_in_per_cent(name: str, peaks: Mapping[str, float]) -> bool:
    """Whether the top-5 accuracy beside a top-1 accuracy counts to 100: then it does too, however low it is."""
    return any(peaks.get(name[: at.start()] + TOP_5 + name[at.end() :], 0.0) > PER_CENT for at in TOP_1.finditer(name))


def _range(values: Floats) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _how(meaning: Meaning) -> str:
    how = ", as one minus the error" if meaning.one_minus else ""
    how += ", in per cent" if meaning.scale == 0.01 else "" if meaning.scale == 1 else f", times {meaning.scale:g}"
    return f"{how}: {meaning.guessed}" if meaning.guessed else how
