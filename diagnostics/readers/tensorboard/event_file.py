"""One TensorBoard event file: its scalars by tag, its hyperparameters, and what else it holds.

Nearly all records of a file differ only in time, step and value. Those are taken from thousands of records at once with NumPy; the
bytes between them are looked up, and taken apart only when they are met for the first time.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnostics.curve import Floats, Ints
from diagnostics.readers.formats.protobuf import Value, fields, parts, signed
from diagnostics.readers.formats.tfrecords import SHORT, Damage, Window, is_sound, windows
from diagnostics.readers.limits import Limits
from diagnostics.readers.tensorboard.event_values import HPARAMS, SCALARS, SINGLE, Said, hyperparameters, said

STEP, SUMMARY = 2, 5  # fields of Event
TIME_KEY, STEP_KEY = 0x09, 0x10  # field number and wire type of the first two
TIME_BYTES, MOST_DIGITS = 9, 10  # of the time with its key; of a varint
SESSION_START = "_hparams_/session_start_info"
KINDS = {"text": "texts"}  # plugins whose name is not what they show
SILENT = {HPARAMS, "custom_scalars"}  # hold settings and the look of a page


@dataclass(frozen=True)
class Points:
    """One tag of one file: ``steps`` int64 [n], ``values`` and ``time`` float64 [n], ``record`` int64 [n] (its number in the file)."""

    steps: Ints
    values: Floats
    time: Floats
    record: Ints


@dataclass
class EventFile:
    """What a file holds.

    Attributes:
        path: where it is.
        began: wall time of its first record, s since 1970; Inf when it has none.
        records: their number, those left out counted.
        points: by tag.
        config: hyperparameters.
        left_out: how many of which things that are no curves.
        notes: what was damaged.
    """

    path: Path
    began: float = float("inf")
    records: int = 0
    points: dict[str, Points] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def read_events(path: Path, limits: Limits) -> EventFile:
    """Everything in the event file ``path``."""
    return _Reader(path, limits).read()


@dataclass
class _Rows:
    """Scalars in the order of the file: the number of their tag, and what ``Points`` has."""

    tag: Ints
    steps: Ints
    values: Floats
    time: Floats
    record: Ints


class _Reader:
    def __init__(self, path: Path, limits: Limits) -> None:
        self.path, self.limits = path, limits
        self.file = EventFile(path)
        self.damage = Damage()
        self.tags: dict[str, int] = {}
        self.plugin: dict[str, str] = {}  # of a tag: only its first value says
        self.event_tag: dict[bytes, int] = {}  # by all of an event between its step and the four bytes of its value
        self.value_tag: dict[bytes, int] = {}  # by all of a value but its last four bytes

    def read(self) -> EventFile:
        rows = [self._rows(window) for window in windows(self.path, self.limits, self.damage)]
        self.file.points = self._points(rows)
        self.file.notes = self.damage.note(self.path.name)
        return self.file

    def _points(self, rows: list[_Rows]) -> dict[str, Points]:
        if not self.tags:
            return {}
        tag = np.concatenate([r.tag for r in rows])
        order = np.argsort(tag, kind="stable")
        ends = np.searchsorted(tag[order], np.arange(len(self.tags) + 1))
        del tag
        steps, values, time, record = (
            np.concatenate([getattr(r, name) for r in rows])[order] for name in ("steps", "values", "time", "record")
        )
        cut = {name: slice(int(ends[i]), int(ends[i + 1])) for name, i in self.tags.items()}
        return {name: Points(steps[at], values[at], time[at], record[at]) for name, at in cut.items()}

    def _rows(self, window: Window) -> _Rows:
        heads = _Heads(window)
        number = np.arange(self.file.records, self.file.records + heads.time.size)
        self.file.records += heads.time.size
        if heads.time.size:
            self.file.began = min(self.file.began, float(heads.time[0]))
        known, others = self._tags(window, heads)
        at = np.flatnonzero(known >= 0)
        floats = np.ndarray((max(len(window.data) - 3, 0),), "<f4", window.data, strides=(1,))
        values = floats[window.ends[at] - 4].astype(np.float64)
        tag = known[at]
        if others:
            place, more, numbers = (np.array(column) for column in zip(*others, strict=True))
            at, tag, values = (np.concatenate(both) for both in ((at, place), (tag, more), (values, numbers)))
            order = np.argsort(at, kind="stable")
            at, tag, values = at[order], tag[order], values[order]
        self.limits.names(self.path, len(self.tags))
        return _Rows(tag.astype(np.int32), heads.step[at], values, heads.time[at], number[at])

    def _tags(self, window: Window, heads: "_Heads") -> tuple[Ints, list[tuple[int, int, float]]]:
        """The tag of each record that holds one float, -1 for others; and place, tag and number of what the others hold."""
        data, known = window.data, self.event_tag.get
        found: list[int] = []
        others: list[tuple[int, int, float]] = []
        for i, (after, end) in enumerate(zip(heads.after.tolist(), window.ends.tolist(), strict=True)):
            tag = known(data[after : end - 4])
            if tag is None:
                tag = -1
                others += [(i, *scalar) for scalar in self._values(window, heads, i, after, end)]
            found.append(tag)
        return np.array(found, dtype=np.int64), others

    def _values(self, window: Window, heads: "_Heads", i: int, after: int, end: int) -> list[tuple[int, float]]:
        """Tag and number of every scalar of the ``i``-th record; another record like it will be known by its bytes."""
        start, rest = int(window.starts[i]), window.data[after:end]
        try:
            event = list(fields(rest))
            values = [part for key, summary in event if key == SUMMARY for part in parts(summary)]
            found = [scalar for key, value in values if key == 1 and (scalar := self._scalar(value))]
        except ValueError:
            self.damage.add(window.offset + start, "a record that is no event is left out")
            return []
        if found and end - start > SHORT and not is_sound(window.data, start, end):
            self.damage.add(window.offset + start, "a record that does not match its checksum is left out")
            return []
        heads.step[i] = next((signed(step) for key, step in event if key == STEP), heads.step[i])
        if len(event) == len(values) == len(found) == 1 and found[0][2]:
            self.event_tag[rest[:-4]] = found[0][0]
        return [(tag, number) for tag, number, _ in found]

    def _scalar(self, value: Value) -> tuple[int, float, bool] | None:
        """Number of the tag, the scalar, and whether that is just the last four bytes; None for what is no scalar."""
        if not isinstance(value, bytes):
            return None
        tag = self.value_tag.get(value[:-4])
        if tag is not None:
            return tag, SINGLE.unpack(value[-4:])[0], True
        what = said(value)
        number = self._number(what)
        if number is None:
            return None
        tag = self.tags.setdefault(what.tag, len(self.tags))
        if what.last_four:
            self.value_tag[value[:-4]] = tag
        return tag, number, what.last_four

    def _number(self, what: Said) -> float | None:
        """The scalar that a value is; anything else is counted."""
        if what.plugin:
            self.plugin[what.tag] = what.plugin
        plugin = self.plugin.get(what.tag, "")
        if plugin == HPARAMS:
            self.file.config.update(hyperparameters(what.content) if what.tag == SESSION_START else {})
        elif plugin in ("", SCALARS) and what.number is not None:
            return what.number
        elif plugin not in SILENT:
            self.file.left_out[KINDS.get(plugin, plugin) or what.kind] += 1
        return None


class _Heads:
    """``time`` (NaN when not said), ``step``, and the place ``after`` both, of every record of a window."""

    def __init__(self, window: Window) -> None:
        data, after = np.frombuffer(window.data + bytes(2 * MOST_DIGITS), dtype=np.uint8), window.starts
        timed = (data[after] == TIME_KEY) & (window.ends - after >= TIME_BYTES)
        times = np.ndarray((data.size - 7,), "<f8", data, strides=(1,))[after + 1]
        self.time = np.where(timed & (times > 0), times, np.nan)
        after = after + np.where(timed, TIME_BYTES, 0)
        step, digits = _varints(data, after + 1)
        stepped = (data[after] == STEP_KEY) & (digits <= MOST_DIGITS) & (after + 1 + digits <= window.ends)
        self.step = np.where(stepped, step, 0)
        self.after = after + np.where(stepped, 1 + digits, 0)


def _varints(data: NDArray[np.uint8], at: Ints) -> tuple[Ints, Ints]:
    """The numbers at ``at`` [n] and how many bytes each takes; more than ``MOST_DIGITS`` where none is there."""
    found, digits = np.zeros(at.size, dtype=np.uint64), np.ones(at.size, dtype=np.int64)
    going = np.arange(at.size)
    for k in range(MOST_DIGITS):
        byte = data[np.minimum(at[going] + k, data.size - 1)]
        found[going] |= (byte & 0x7F).astype(np.uint64) << np.uint64(7 * k)
        going = going[byte > 0x7F]
        digits[going] += 1
    return found.view(np.int64), digits
