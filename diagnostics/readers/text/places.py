"""Where each row of a text log belongs: steps within an epoch are counted on, and what has no step takes the one before it."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Floats, Ints
from diagnostics.readers.text.store import Filled, Kind

Bools = NDArray[np.bool_]
OFTEN = 1 / 3  # of the lines that say their epoch, before which a step is said
DONE = 0.9  # of a pass that was seen before the count began again


@dataclass(frozen=True)
class Rows:
    """Of every row [n]: its kind, what it says itself, and flags of its kind.

    Attributes:
        kind: the number of the kind of line.
        step, total, epoch: float64, NaN where the row does not say.
        aside: the progress of an evaluation, whose count is not the training's.
        bar: a Keras bar, whose numbers are means since the start of the epoch.
        word: the step is named, not just ``[3/9]``.
        measured: the row holds a quantity.
    """

    kind: Ints
    step: Floats
    total: Floats
    epoch: Floats
    aside: Bools
    bar: Bools
    word: Bools
    measured: Bools

    def part(self, first: int, behind: int) -> "Rows":
        """The rows from ``first`` on to ``behind``."""
        return Rows(*(getattr(self, f.name)[first:behind] for f in fields(self)))


def rows(filled: Filled, kinds: list[Kind]) -> Rows:
    """The rows of a log."""
    flags = [_flags(k) for k in kinds]
    evaluation, bar, word, measured, silent = np.array(flags, dtype=bool).reshape(-1, 5)[filled.kind].T
    other = filled.total != _usual(filled.total[word & ~evaluation])  # of as many batches as the training has not
    own = (
        evaluation & np.isfinite(filled.total) & (~word | (other & np.isfinite(filled.total[word & ~evaluation]).any()))
    )
    aside = own | filled.aside
    step, epoch = np.where(silent, np.nan, filled.step), np.where(silent, np.nan, filled.epoch)
    return Rows(filled.kind, step, filled.total, epoch, aside, bar, word, measured)


def _flags(kind: Kind) -> tuple[bool, bool, bool, bool, bool]:
    """The last: a block that was printed once, which lists options, the number of epochs among them."""
    shape, rows = kind.shape, kind.rows > 0
    measured = bool(shape.measures) or rows
    return shape.evaluation, shape.bar, shape.place.word or rows, measured, not (measured or shape.placed)


def places(known: Rows) -> tuple[Floats, Floats]:
    """Step and epoch of every row, float64 [n], NaN where unknown."""
    step = np.where(known.aside, np.nan, known.step)
    if (known.word & known.measured & np.isfinite(step)).any():  # then [3/9] alone counts something else
        bar = known.bar & (known.bar.sum() > (known.word & known.measured).sum())
        step[~known.word & ~bar & ~(np.isfinite(known.epoch) & known.measured)] = np.nan
    epoch = epochs(known) if np.isfinite(known.epoch).any() else _passes(step, known)
    step[_idle(step, known)] = np.nan
    for words in (True, False):
        at = np.flatnonzero(np.isfinite(step) & (known.word == words))
        step[at] = _over_epochs(
            step[at], known.total[at], epoch[at], np.isfinite(known.epoch[at]) & known.measured[at], _base(epoch)
        )
    if not np.isfinite(known.epoch).any():
        epoch = np.full_like(epoch, np.nan)  # passes were only counted
    return _inherited(step), epoch


def epochs(known: Rows) -> Floats:
    """The epoch of every row: the one said last; where each is only said after its steps, to sum it up, the one said next."""
    stepped = np.isfinite(known.step) & known.measured & ~known.aside
    said = np.flatnonzero(np.isfinite(known.epoch))
    at = np.flatnonzero(stepped & ~np.isfinite(known.epoch))
    if not _is_summed_up(known, at, said):
        return forward(known.epoch)
    behind = np.searchsorted(said, at)  # which line says the epoch next
    again = np.flatnonzero((np.diff(known.step[at]) < 0) & (np.diff(behind) == 0))  # another pass before that line
    broken_off = np.full(len(said) + 1, -1)
    np.maximum.at(broken_off, behind[again], again)
    broken_off[0], broken_off[-1] = -1, len(at)  # the last pass goes on
    unsaid = np.arange(len(at)) <= broken_off[behind]
    numbers = np.concatenate([[np.nan], known.epoch[said], [np.nan]])
    epoch = known.epoch.copy()
    epoch[at] = np.where(unsaid, numbers[behind] + 1, numbers[behind + 1])
    return forward(epoch)


def _is_summed_up(known: Rows, at: Ints, said: Ints) -> bool:
    """Whether the lines ``said`` stand behind the steps of their epoch: the first says epoch 0 or 1 behind a whole pass, and
    the count ``at`` the steps goes back behind such lines."""
    if not at.size or not said.size or at[0] > said[0] or known.epoch[said[0]] not in (0, 1):
        return False
    pass_of = np.searchsorted(said, at)
    first, step = pass_of == 0, known.step[at]
    moved = np.diff(pass_of) > 0
    if first.sum() < 2 or not moved.any() or not (np.diff(step)[moved] < 0).all():
        return False
    return bool(step[first].max() >= DONE * np.median(step[:-1][moved]))


def _idle(step: Floats, known: Rows) -> Bools:
    """bool [n]: the steps of lines without a quantity, where those with one say their epochs and no step, and few stand between.

    Numbers that begin a line, as those of a matrix, tell nothing there, nor do bars of what came before or after the training.
    """
    bare = np.isfinite(step) & ~known.measured
    own = np.flatnonzero(np.isfinite(known.epoch) & known.measured)
    if own.size < 2 or (np.isfinite(step) & known.measured).any():
        return np.zeros_like(bare)
    counts = bare & (np.isfinite(known.total) | known.word)
    before = np.diff(np.concatenate([[0], np.cumsum(counts)])[own])  # between each such line and the next
    return bare if (before > 0).mean() < OFTEN else bare & ~counts


def replaced(known: Rows) -> Bools:
    """bool [n]: the rows of an evaluation's progress, or of a bar of running means, that are not the last of their pass."""
    over = np.zeros(len(known.kind), bool)
    if len(over) < 2:
        return over
    last, now, kind = known.step[:-1], known.step[1:], known.kind[1:] == known.kind[:-1]
    over[:-1] |= known.aside[1:] & known.aside[:-1] & (now >= last) & kind
    done = (last == known.total[:-1]) & (now == last) & kind  # the ends of two passes
    again = (now > last / 2) & (known.total[1:] == known.total[:-1])  # Keras draws out of order at times
    over[:-1] |= known.bar[1:] & known.bar[:-1] & again & ~done
    rows = kind & known.bar[1:] & ~np.isfinite(last) & ~np.isfinite(now)  # of a table, drawn again within the epoch
    over[:-1] |= rows & (known.epoch[1:] == known.epoch[:-1])
    return over


def _over_epochs(step: Floats, total: Floats, epoch: Floats, own: Bools, base: float) -> Floats:
    """Steps that begin again with every epoch, counted over all epochs; others as they are. ``own``: lines with a quantity and an epoch."""
    there = np.isfinite(epoch)
    telling = own if own.sum() > 1 else there
    if not there.any() or not _begins_again(step[telling], epoch[telling]):
        return step
    length = _usual(total[telling]) or float(step[telling].max() + (step[telling].min() == 0))
    counted = np.where(there, (epoch - base) * length + step, step)
    return np.where(telling, counted, np.nan) if telling is own else counted


def _begins_again(step: Floats, epoch: Floats) -> bool:
    """Whether the count goes back where the epoch goes on, in most places."""
    further = np.diff(epoch)
    on = further > 0
    return bool((on.sum() > 1 or (further == 1).any()) and (np.diff(step)[on] <= 0).mean() > 0.5)


def _passes(step: Floats, known: Rows) -> Floats:
    """A count of the passes, where [i/n] begins again after n without a word on epochs."""
    none = np.full_like(step, np.nan)
    at = np.flatnonzero(np.isfinite(step) & np.isfinite(known.total) & ~known.word)
    back = np.diff(step[at]) < 0
    if not back.any() or not (step[at][:-1][back] >= DONE * known.total[at][:-1][back]).all():
        return none
    none[at] = 1 + np.concatenate([[0], np.cumsum(back)])
    return forward(none)


def _inherited(step: Floats) -> Floats:
    """Rows without a step take the one before; those before the first take 0 where counting began at 0 or 1."""
    filled = forward(step)
    first = step[np.isfinite(step)][:1]
    if first.size and first[0] in (0, 1):
        filled[~np.isfinite(filled)] = 0
    return filled


def forward(values: Floats) -> Floats:
    """``values`` with NaN replaced by the number before it."""
    there = np.isfinite(values)
    if not there.any():
        return values.copy()
    last = np.maximum.accumulate(np.where(there, np.arange(len(values)), -1))
    return np.where(last >= 0, values[np.clip(last, 0, None)], np.nan)


def _base(epoch: Floats) -> float:
    """The number of the first epoch: 0 where a 0 was logged, else 1."""
    there = epoch[np.isfinite(epoch)]
    return 0.0 if there.size and there.min() < 1 else 1.0


def _usual(values: Floats) -> float:
    there = values[np.isfinite(values)]
    if not there.size:
        return 0.0
    found, count = np.unique(there, return_counts=True)
    return float(found[count.argmax()])
