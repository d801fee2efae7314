"""From a log to a run: each series under its tag, at its step, in its unit; what a resume overwrote set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from collector.schema import EPOCH
from diagnostics.curve import Curve, Floats
from diagnostics.readers import rewinds
from diagnostics.readers.errors import ReadError
from diagnostics.readers.guess import guess, told
from diagnostics.readers.log import Log, Meaning, Series
from diagnostics.readers.names import index_of
from diagnostics.readers.placing import placed
from diagnostics.readers.rows import boundless
from diagnostics.run import Run

OUT_OF_ORDER = "rows out of order: sorted by step; where a step was logged again the later row counts"


def understand(log: Log, meanings: Mapping[str, Meaning] | None = None) -> Run:
    """The run that ``log`` tells of; ``meanings`` by series name override what would be guessed.

    Raises:
        ReadError: the log holds no number.
    """
    if not any(len(s) for s in log.series):
        noted = "".join(f"; {note}" for note in log.notes)
        raise ReadError(log.source, f"no column holds a number to plot; name a log with losses or accuracies{noted}")
    log = _with_epochs(log, meanings or {})
    read = {**guess(log), **(meanings or {})}
    series, notes = placed(log)
    series = rewinds.by_time(series) if any(rewinds.goes_back(s.steps) for s in series) else series
    timeline = _timeline(series)
    split = [timeline.split(s) for s in series]
    names = _names(series, read)
    live = {name: _curve(name, read[s.name], points) for name, s, (points, _) in zip(names, series, split, strict=True)}
    over = {name: _curve(name, read[s.name], points) for name, s, (_, points) in zip(names, series, split, strict=True)}
    superseded = {name: curve for name, curve in over.items() if len(curve)}
    return Run(
        log.name,
        {name: curve for name, curve in live.items() if len(curve)},
        _epochs(log, series, timeline),
        log.source,
        log.config,
        log.classes,
        log.loss,
        log.state,
        log.exception,
        resumed_at=timeline.resumed(superseded),
        superseded=superseded,
        notes=tuple(
            dict.fromkeys([*log.notes, *timeline.notes, *notes, *told({s.name: read[s.name] for s in series})])
        ),
    )


def _with_epochs(log: Log, meanings: Mapping[str, Meaning]) -> Log:
    """A quantity that is called the epoch is the epoch over steps, where the log does not say otherwise."""
    name = index_of([s.name for s in log.series]).get(EPOCH)
    found = next((s for s in log.series if s.name == name and np.isfinite(s.steps).any()), None)
    if found is None or log.epochs is not None or name in log.meanings or name in meanings or len(log.series) == 1:
        return log
    return replace(log, series=tuple(s for s in log.series if s is not found), epochs=found)


@dataclass(frozen=True)
class _Timeline:
    """How the log's rows lie in time: in order, resumed at ``restarts``, or ``shuffled``."""

    restarts: tuple[rewinds.Restart, ...]
    shuffled: bool
    notes: tuple[str, ...]

    def split(self, series: Series) -> tuple[Series, Series]:
        """The points that count, sorted by step, and those that a later one overwrote."""
        if not self.restarts and not self.shuffled:  # nothing goes back
            return series, series.at(np.empty(0, dtype=np.int64))
        over = rewinds.overwritten(series, self.restarts)
        live, dead = series.at(~over), series.at(over)
        if rewinds.goes_back(live.steps):
            live = live.at(np.argsort(live.steps, kind="stable"))
        if not self.shuffled:
            return live, dead
        again = rewinds.doubled(live.steps)
        return live.at(~again), live.at(again)

    def resumed(self, superseded: Mapping[str, Curve]) -> tuple[int, ...]:
        """The steps at which a later attempt took over; of shuffled rows the first that was logged again."""
        if self.restarts:
            return tuple(sorted({int(r.step) for r in self.restarts}))
        return (min(int(c.steps[0]) for c in superseded.values()),) if superseded else ()


def _timeline(series: Sequence[Series]) -> _Timeline:
    if not any(rewinds.goes_back(s.steps) for s in series):
        return _Timeline((), False, ())
    known = rewinds.restarts(series)
    if not known:
        return _Timeline((), True, (OUT_OF_ORDER,))
    steps = ", ".join(f"{r.step:,.0f}" for r in known[:5]) + (" …" if len(known) > 5 else "")
    return _Timeline(tuple(known), False, (f"resumed at step {steps}: what it overwrote is kept, but not judged",))


def _names(series: Sequence[Series], read: Mapping[str, Meaning]) -> list[str]:
    """The tag of each series; one that is taken already gets a number behind it."""
    names: dict[str, None] = {}
    for s in series:
        tag, again = read[s.name].tag, 2
        while tag in names:
            tag, again = f"{read[s.name].tag} ({again})", again + 1
        names[tag] = None
    return list(names)


def _curve(name: str, meaning: Meaning, points: Series) -> Curve:
    time: Floats = np.full(len(points), np.nan) if points.wall_time is None else points.wall_time
    return Curve(name, points.steps.astype(np.int64), meaning.of(boundless(points.values)), time)


def _epochs(log: Log, series: Sequence[Series], timeline: _Timeline) -> Curve | None:
    """The epoch over steps, the last that was logged at each."""
    known = log.epochs if log.epochs is not None and np.isfinite(log.epochs.steps).any() else _joined(series)
    if known is None:
        return None
    live, _ = timeline.split(known.at(np.isfinite(known.steps) & np.isfinite(known.values)))
    live = live.at(~rewinds.doubled(live.steps))
    return _curve("epoch", Meaning("epoch"), live) if len(live) else None


def _joined(series: Sequence[Series]) -> Series | None:
    """The epochs that the points of all series carry."""
    carry = [s for s in series if s.epochs is not None]
    if not carry:
        return None
    steps, epochs = (
        np.concatenate([s.steps for s in carry]),
        np.concatenate([s.epochs for s in carry if s.epochs is not None]),
    )
    order = np.lexsort((epochs, steps))
    return Series("epoch", epochs[order], steps[order])
