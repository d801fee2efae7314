"""What each series of a log is, told by its name and, for accuracies, by its values."""

from collections.abc import Mapping

import numpy as np

from collector.schema import TRAIN_ACCURACY, VAL_ACCURACY
from diagnostics.curve import Floats
from diagnostics.readers import names
from diagnostics.readers.log import Log, Meaning, Series

PER_CENT = 1.01  # an accuracy above this counts to 100: a fraction reaches 1, and rounding a little more
MOST = 100.5  # per cent, with rounding; an "accuracy" above is none
ACCURACIES = (TRAIN_ACCURACY, VAL_ACCURACY)


def guess(log: Log) -> dict[str, Meaning]:
    """A meaning for every series of ``log``, by name; what nobody knows keeps its own name as tag."""
    taken = _taken(log)
    return {s.name: log.meanings.get(s.name) or _meaning(s, taken) for s in log.series}


def told(meanings: Mapping[str, Meaning]) -> list[str]:
    """Which names were read as something else, in one line; empty when none was."""
    read = [f"{name} as {m.tag}{_how(m)}" for name, m in meanings.items() if m != Meaning(name)]
    return [f"read {'; '.join(read)}"] if read else []


def accuracy(tag: str, name: str, values: Floats) -> Meaning:
    """An accuracy under ``tag``: as it is, from per cent, or from an error rate; its own name when it cannot be one."""
    finite = values[np.isfinite(values)]
    most, least = (float(finite.max()), float(finite.min())) if finite.size else (0.0, 0.0)
    if most > MOST or least < 0:
        return Meaning(f"{name} (no accuracy)", guessed=f"it goes from {least:g} to {most:g}")
    return Meaning(tag, 0.01 if most > PER_CENT else 1.0, names.is_error_rate(name))


def _taken(log: Log) -> dict[str, str]:
    """By name, the tag it holds: of several candidates the one with the most points, unless the format settles it."""
    settled = {meaning.tag for meaning in log.meanings.values()}
    points = {s.name: len(s) for s in log.series if s.name not in log.meanings}
    found = names.candidates(list(points))
    return {max(few, key=points.__getitem__): tag for tag, few in found.items() if tag not in settled}


def _meaning(series: Series, taken: Mapping[str, str]) -> Meaning:
    name = series.name
    if name not in taken:
        own = names.own_tag(name)
        return Meaning(f"{name} (2)" if own in taken.values() else own)
    if taken[name] in ACCURACIES:
        return accuracy(taken[name], name, series.values)
    return Meaning(taken[name])


def _how(meaning: Meaning) -> str:
    how = ", as one minus the error" if meaning.one_minus else ""
    how += ", in per cent" if meaning.scale == 0.01 else "" if meaning.scale == 1 else f", times {meaning.scale:g}"
    return f"{how}: {meaning.guessed}" if meaning.guessed else how
