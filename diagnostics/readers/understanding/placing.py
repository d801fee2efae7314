"""The step of every point of a log: as logged, from its epoch or its time, or its number."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from diagnostics.curve import Floats, Numbers
from diagnostics.readers import blockwise
from diagnostics.readers.log import Log, Series, distinct
from diagnostics.readers.understanding import names, rewinds
from diagnostics.readers.understanding.epoch_clock import at_their_steps
from diagnostics.readers.understanding.inner_steps import counted_on

EPOCHS_STAND = "no step column of whole numbers: epochs stand for steps"
EPOCHS_ANEW = "the epochs begin anew {0}, as of several trainings in one log: row numbers, from 0, stand for steps"
ROWS_STAND = "no step column of whole numbers: row numbers, from 0, stand for steps"


def placed(log: Log) -> tuple[list[Series], list[str]]:
    """Every series with a whole step at every point, and what was assumed; points that cannot be placed are left out."""
    if not _all_whole(distinct(s.steps for s in log.series)):
        return _without_steps(log.series)
    log, notes = counted_on(log)
    clocked, told = at_their_steps(log.series)
    log, notes = replace(log, series=tuple(clocked)), [*notes, *told]
    if all(map(blockwise.finite, distinct(s.steps for s in log.series))):
        return list(log.series), list(dict.fromkeys(notes))
    known = _relation(log)
    series = [_from_epochs(s, known, notes) for s in log.series]
    series = _from_times(series, notes)
    lost = sum(int((~np.isfinite(s.steps)).sum()) for s in series)
    if lost:
        notes.append(f"rows without a step: {lost} left out")
    return [s.at(np.isfinite(s.steps)) for s in series], list(dict.fromkeys(notes))


def _all_whole(steps: Iterable[Numbers]) -> bool:
    """Whether there are steps, and all of them whole numbers."""
    there = [known for values in steps if (known := _finite(values)).size]
    return bool(there) and all(map(blockwise.whole, there))


def _finite(values: Numbers) -> Numbers:
    return values if blockwise.finite(values) else values[np.isfinite(values)]


def _without_steps(series: Sequence[Series]) -> tuple[list[Series], list[str]]:
    """Epochs stand for steps where each was logged once, in whole numbers, or again by a resume; else rows are counted."""
    if _are_by_epoch(series):
        return [replace(s, steps=s.epochs) for s in series if s.epochs is not None], [EPOCHS_STAND]
    rows = [s.rows for s in series]
    anew = max((_begins_anew(s.epochs) for s in series if s.epochs is not None), default=0)
    told = EPOCHS_ANEW.format(f"{anew:,} times" if anew > 1 else "once") if anew else ROWS_STAND
    return [replace(s, steps=r.astype(np.float64)) for s, r in zip(series, rows, strict=True)], [told]


def _are_by_epoch(series: Sequence[Series]) -> bool:
    """Whether each series has a point an epoch; of most of them, and of every loss and accuracy, where others have several."""
    once = [s.epochs is not None and (_counts(s.epochs) or _resumes(s.epochs)) for s in series]
    if all(once):
        return bool(series)
    known = [bool(names.read(s.name).quantity) for s in series]
    others = [s.epochs for s, counts in zip(series, once, strict=True) if not counts]
    return (
        all(counts for counts, is_known in zip(once, known, strict=True) if is_known)
        and any(known)
        and sum(once) >= len(others)
        and all(e is not None and blockwise.whole(e) and not blockwise.falls(e) for e in others)
    )


def _begins_anew(epochs: Numbers) -> int:
    """How often whole epochs go back to the first."""
    known = _finite(epochs)
    if not blockwise.whole(known):
        return 0
    return int(((np.diff(known) < 0) & (known[1:] <= known[0])).sum())


def _counts(epochs: Numbers) -> bool:
    return blockwise.whole(epochs) and np.unique(epochs).size == epochs.size


def _resumes(epochs: Numbers) -> bool:
    """Whether ``epochs`` go on at a later one than the first wherever they go back: from the first on is another fit."""
    if not blockwise.whole(epochs):
        return False
    ahead = np.diff(epochs)
    again = epochs[1:][ahead <= 0]
    return bool(
        (ahead != 0).all() and (again > epochs[0]).all() and len(again) <= max(1, rewinds.RESUMES * len(epochs))
    )


def _relation(log: Log) -> tuple[Floats, Floats]:
    """Steps and their epochs, sorted by epoch, wherever the log has both."""
    both = [log.epochs] if log.epochs is not None else []
    steps = [s.steps for s in both] + [s.steps for s in log.series if s.epochs is not None]
    epochs = [s.values for s in both] + [s.epochs for s in log.series if s.epochs is not None]
    all_steps, all_epochs = np.concatenate([*steps, np.empty(0)]), np.concatenate([*epochs, np.empty(0)])
    there = np.isfinite(all_steps) & np.isfinite(all_epochs)
    order = np.lexsort((all_steps[there], all_epochs[there]))
    return all_steps[there][order], all_epochs[there][order]


def _from_epochs(series: Series, known: tuple[Floats, Floats], notes: list[str]) -> Series:
    """The missing steps of ``series`` from its epochs: the last step that the log counts to that epoch."""
    missing = ~np.isfinite(series.steps)
    if not missing.any() or series.epochs is None or not known[0].size:
        return series
    steps, epochs = known
    if blockwise.whole(epochs):
        at = np.searchsorted(epochs, series.epochs[missing], side="right") - 1
        found = np.where(at >= 0, steps[np.clip(at, 0, None)], steps[0])
    else:
        found = np.round(np.interp(series.epochs[missing], epochs, steps))
    notes.append(f"{series.name} has epochs only: put at the step at which its epoch ended")
    filled = series.steps.copy()
    filled[missing] = np.where(np.isfinite(series.epochs[missing]), found, np.nan)
    return replace(series, steps=filled)


def _from_times(series: Sequence[Series], notes: list[str]) -> list[Series]:
    """What has a time alone, as a machine's own figures do, is put at the last step logged by then."""
    stepped = [s for s in series if s.wall_time is not None and np.isfinite(s.steps).any()]
    timed = [s for s in series if s.wall_time is not None and not np.isfinite(s.steps).all()]
    if not stepped or not timed:
        return list(series)
    steps = np.concatenate([s.steps for s in stepped])
    times = np.concatenate([s.wall_time for s in stepped if s.wall_time is not None])
    there = np.isfinite(steps) & np.isfinite(times)
    order = np.lexsort((steps[there], times[there]))
    steps, times = steps[there][order], times[there][order]
    if not steps.size:
        return list(series)
    others = f" and {len(timed) - 1} more have" if timed[1:] else " has"
    notes.append(f"{timed[0].name}{others} times only: put at the last step logged by then")
    return [_at_times(s, steps, times) for s in series]


def _at_times(series: Series, steps: Floats, times: Floats) -> Series:
    time = np.full(len(series), np.nan) if series.wall_time is None else series.wall_time
    missing = ~np.isfinite(series.steps) & np.isfinite(time)
    filled = series.steps.copy()
    filled[missing] = steps[np.clip(np.searchsorted(times, time[missing], side="right") - 1, 0, None)]
    return replace(series, steps=filled)
