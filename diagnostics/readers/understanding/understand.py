"""From a log to a run: each series under its tag, at its step, in its unit; what a resume overwrote set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from collector.schema import EPOCH
from diagnostics.curve import Curve, Ints
from diagnostics.readers import blockwise
from diagnostics.readers.errors import ReadError
from diagnostics.readers.log import Log, Meaning, Series, distinct
from diagnostics.readers.rows import boundless
from diagnostics.readers.understanding import rewinds
from diagnostics.readers.understanding.guess import guess, told
from diagnostics.readers.understanding.names import index_of
from diagnostics.readers.understanding.placing import placed
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
    back = any(map(rewinds.goes_back, distinct(s.steps for s in series)))
    series = rewinds.by_time(series) if back else series
    timeline = _timeline(series) if back else _Timeline((), False, ())
    split = [timeline.split(s) for s in series]
    names = _names(series, read)
    live, superseded = (
        _curves({n: (read[s.name], both[i]) for n, s, both in zip(names, series, split, strict=True)}) for i in (0, 1)
    )
    return Run(
        log.name,
        live,
        _epochs(log, series, timeline),
        log.source,
        log.config,
        log.classes,
        log.loss,
        log.state,
        log.exception,
        resumed_at=timeline.resumed(superseded),
        superseded=superseded,
        means=frozenset(name for name, s in zip(names, series, strict=True) if read[s.name].mean),
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
    """Of series of which one goes back."""
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


def _curves(points: Mapping[str, tuple[Meaning, Series]]) -> dict[str, Curve]:
    """The curves that have points, by tag; what the columns of a table have in common, their curves have too."""
    steps: dict[int, Ints] = {}
    found = {}
    for name, (meaning, series) in points.items():
        if not len(series):
            continue
        if id(series.steps) not in steps:
            steps[id(series.steps)] = series.steps.astype(np.int64, copy=False)
        time = np.empty(0) if series.wall_time is None else series.wall_time
        found[name] = Curve(name, steps[id(series.steps)], meaning.of(boundless(series.values)), time)
    return found


def _epochs(log: Log, series: Sequence[Series], timeline: _Timeline) -> Curve | None:
    """The epoch over steps, the last that was logged at each."""
    known = log.epochs if log.epochs is not None and np.isfinite(log.epochs.steps).any() else _joined(series)
    if known is None:
        return None
    if not blockwise.whole(known.steps) or not blockwise.finite(known.values):
        counted = (known.steps > -blockwise.MOST) & (known.steps < blockwise.MOST)
        known = known.at(counted & np.isfinite(known.values))
    live, _ = timeline.split(known)
    if not blockwise.rises(live.steps):
        live = live.at(~rewinds.doubled(live.steps))
    return _curves({EPOCH: (Meaning(EPOCH), live)}).get(EPOCH)


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
