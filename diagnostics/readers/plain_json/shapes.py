"""The shapes in which people keep curves as JSON, told apart by what is in them, and read into series.

``[{"step": 0, "loss": 2}, …]`` · ``{"loss": [2, 1], "val_loss": [2]}`` · ``{"loss": {"0": 2, "1": 1}}`` ·
``{"loss": [[0, 2], [1, 1]]}`` · ``{"epoch 1": {"loss": 2}, …}`` · ``{"train": {"loss": [2, 1]}, "val": {…}}`` ·
any of these under further names, and several runs under theirs.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from collector.schema import EPOCH, STEP, WALL_TIME
from diagnostics.curve import Floats, Ints
from diagnostics.readers.formats import settings
from diagnostics.readers.log import Series
from diagnostics.readers.rows import Rows, number
from diagnostics.readers.understanding import counters, names, pairs

FIRST = 1_000  # rows by whose names the others are read
DEEPEST = 6  # levels below which no curves are looked for
COUNTED = re.compile(r"^(?P<what>[a-z]+)?[ _-]*(?P<count>\d{1,15})$", re.IGNORECASE)  # "12", "epoch_12"
OWN_STEP = "_num_updates"  # behind a part of the data
FEWEST = 3  # items from which lists of one length may be curves, whatever they are called
SINCE_1970 = 1e9  # s; a first item of three above it is a wall time, as TensorBoard's page exports them
MILLISECONDS = 1e11
GROUP = re.compile(
    r"param|config|settings|^(?:args|optim(?:izer)?)$", re.IGNORECASE
)  # whose values are hyperparameters
EVENLY = "{0} has {1} points where {2} has {3}: spread evenly over them"

Values = Mapping[str, object]


@dataclass
class Found:
    """The curves of one run: ``name`` is what the file calls it, "" for the only one."""

    name: str
    series: tuple[Series, ...]
    epochs: Series | None = None
    config: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    stepped: bool = False

    def is_known(self) -> bool:
        """Whether its names sound like training, or its rows say a step."""
        return bool(self.series) and (self.stepped or pairs.is_known([s.name for s in self.series]))


def found_in(value: object, name: str = "", depth: int = 0) -> list[Found]:
    """The runs that ``value`` tells of; empty when it holds no curves."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, Mapping)]
        return _known(of_rows(rows, name)) if rows else []
    if not isinstance(value, Mapping) or depth > DEEPEST:
        return []
    counted = _counted_rows(value)
    here = of_rows(counted, name) if counted else _of_columns(value, name)
    return _known(here) or _below(value, name, depth)


def unknown_in(value: object, name: str = "", depth: int = 0) -> list[Found]:
    """As ``found_in``, for names that nobody knows: several rows, losses of any kind, or lists of one length."""
    rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
    if rows:
        return [of_rows(rows, name)] if len(rows) > 1 else []
    if not isinstance(value, Mapping) or depth > DEEPEST:
        return []
    counted = _counted_rows(value)
    here = of_rows(counted, name) if len(counted) > 1 else _of_columns(value, name)
    if len(counted) > 1 or _are_columns(here):
        return [here]
    return next((found for key, v in value.items() if (found := unknown_in(v, key, depth + 1))), [])


def _alone(rows: Sequence[Values]) -> set[str]:
    """The names of lists that never hold more than one item, as CatBoost logs a loss that might be several."""
    lists = [(key, v) for row in rows for key, v in row.items() if isinstance(v, list)]
    return {key for key, _ in lists} - {key for key, v in lists if len(v) > 1}


def _only(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _are_columns(found: Found) -> bool:
    lengths = [len(s) for s in found.series]
    is_like_training = pairs.is_like_training([s.name for s in found.series])
    return bool(lengths) and (is_like_training or (len(lengths) > 1 and min(lengths) == max(lengths) >= FEWEST))


def of_rows(rows: Sequence[Values], name: str = "") -> Found:
    """A list of rows."""
    return of_stream(rows, rows[:FIRST], name)


def of_stream(rows: Iterable[Values], first: Sequence[Values], name: str = "") -> Found:
    """Rows, of which the ``first`` tell the names; one that holds name and value instead of names is read as such."""
    role = counters.index_of(
        dict.fromkeys(key for row in first for key in row), lambda key: _numbers([row.get(key) for row in first])
    )
    where = {role.get(STEP), role.get(EPOCH), role.get(WALL_TIME)} - {None}
    step, epoch, time = (role.get(r) for r in (STEP, EPOCH, WALL_TIME))
    long = {names.TAG, names.VALUE} <= role.keys()
    found, lists, alone = Rows(), 0, _alone(first)
    for row in rows:
        own = step if step in row else _own_step(row)
        at = row.get(own), row.get(epoch), row.get(time)  # type: ignore[arg-type]  # no row has the name None
        values = {k: _only(v) if k in alone else v for k, v in row.items() if k not in where and k != own}
        lists += [type(v) for v in values.values()].count(list)
        if long and isinstance(row.get(role[names.TAG]), str):
            values = {str(row[role[names.TAG]]): row.get(role[names.VALUE])}
        found.add(values, at[0], at[1], _seconds(at[2]))
    notes = [f"left out, as no curves: {lists:,} × a list within a row"] if lists else []
    return Found(name, found.series(), found.epochs(), notes=notes, stepped=names.has_step(role))


def _own_step(row: Values) -> str | None:
    """The name of the step where it has that of a part of the data before it: ``valid_num_updates``, as fairseq writes."""
    return next((key for key in row if key.endswith(OWN_STEP)), None)


def _known(found: Found) -> list[Found]:
    return [found] if found.is_known() else []


def _below(value: Values, name: str, depth: int) -> list[Found]:
    """Curves under further names, which are those of runs where there are several."""
    inner = {key: found_in(v, key, depth + 1) for key, v in value.items() if isinstance(v, Mapping | list)}
    runs = [run for found in inner.values() for run in found]
    rest = settings.flat({k: v for k, v in value.items() if not inner.get(k) and not isinstance(v, list)})
    for run in runs:
        run.config = {**rest, **run.config}
        run.name = run.name if len(runs) > 1 else name
    return runs


def _counted_rows(value: Values) -> list[Values]:
    """The rows of ``{"1": {"loss": 2}, …}``, with what counts them; empty when it is something else."""
    if not value or not all(isinstance(v, Mapping) for v in value.values()):
        return []
    counts = [COUNTED.match(key) for key in value]
    if not all(counts) or any(isinstance(v, Mapping | list) for row in value.values() for v in _items(row)):
        return []
    what = {(m["what"] or "").lower() for m in counts if m}
    by = STEP if what <= {"step", "iter", "iteration"} else EPOCH
    return [{by: int(m["count"]), **row} for m, row in zip(counts, value.values(), strict=True)
            if m and isinstance(row, Mapping)]  # fmt: skip


def _items(row: object) -> list[object]:
    return list(row.values()) if isinstance(row, Mapping) else []


def _of_columns(value: Values, name: str) -> Found:
    """A name a quantity, each with its values in a list, in pairs with its steps, or by step."""
    columns = {key: column for key, v in _lists(value) if (column := _column(v)) is not None}
    role = counters.index_of(columns, lambda key: columns[key][1])
    where = {r: columns[role[r]][1] for r in (STEP, EPOCH, WALL_TIME) if r in role}
    curves = {key: column for key, column in columns.items() if key not in role.values()}
    notes: list[str] = []
    series = tuple(_series(key, column, where, curves, notes) for key, column in curves.items())
    return Found(name, series, config=_settings(value), notes=list(dict.fromkeys(notes)))


def _settings(value: Values) -> dict[str, object]:
    """What is no column; a group of hyperparameters, as DeepOBS' ``{"optimizer_hyperparams": {"lr": 0.1}}``, without the name of the group."""
    groups = [v for k, v in value.items() if isinstance(v, Mapping) and GROUP.search(k) and not any(_lists({k: v}))]
    inner = {k: v for group in groups for k, v in settings.flat(group).items()}
    return {**inner, **settings.flat({k: v for k, v in value.items() if not isinstance(v, Mapping | list)})}


def _spread(n: int, most: int) -> Ints:
    """The rows of ``most`` at which ``n`` values stand: at the ends of equal shares, and before the first where one more than the shares was measured."""
    if n > FEWEST and most % n and most % (n - 1) == 0:
        return np.minimum(np.arange(n, dtype=np.int64) * (most // (n - 1)), most - 1)
    return np.ceil(np.arange(1, n + 1) * most / n).astype(np.int64) - 1


def _lists(value: Values, within: str = "", depth: int = 0) -> Iterator[tuple[str, object]]:
    """What may be a column, under its joined name."""
    for key, v in value.items():
        if isinstance(v, list) or (isinstance(v, Mapping) and v and all(COUNTED.match(k) for k in v)):
            yield within + key, v
        elif isinstance(v, Mapping) and depth < DEEPEST:
            yield from _lists(v, f"{within}{key}/", depth + 1)


Column = tuple[Floats | None, Floats, Floats | None]  # steps, values, wall times


def _column(value: object) -> Column | None:
    """The numbers of one quantity; None when it is none."""
    if isinstance(value, Mapping):
        read = [
            (int(m["count"]), n) for k, v in value.items() if (m := COUNTED.match(k)) and (n := number(v)) is not None
        ]
        return (_floats([k for k, _ in read]), _floats([n for _, n in read]), None) if read else None
    items = value if isinstance(value, list) else []
    if items and all(isinstance(i, list) and len(i) in (2, 3) for i in items):
        return _of_pairs(items)
    if items and all(isinstance(i, Mapping) for i in items):
        return _of_points(items)
    if not any(isinstance(i, int | float) for i in items):
        return None
    return None, _numbers(items), None


def _numbers(items: Sequence[object]) -> Floats:
    """``items`` as numbers, NaN for what is none."""
    try:
        return np.array(items, dtype=np.float64)  # None becomes NaN
    except (TypeError, ValueError, OverflowError):
        return _floats([np.nan if (n := number(i)) is None else n for i in items])


def _of_pairs(items: Sequence[Sequence[object]]) -> Column | None:
    """``[step, value]``, or ``[wall time, step, value]``."""
    read = [[number(v) for v in item] for item in items if len(item) == len(items[0])]
    table = _floats([row for row in read if None not in row])
    if not table.size or (table.shape[1] == 3 and table[0, 0] < SINCE_1970):
        return None
    return table[:, -2], table[:, -1], table[:, 0] if table.shape[1] == 3 else None


def _of_points(items: Sequence[Values]) -> Column | None:
    """``{"step": 0, "value": 2}``."""
    role = names.index_of(items[0])
    if names.VALUE not in role or not {STEP, EPOCH} & role.keys():
        return None
    step = role.get(STEP) or role[EPOCH]
    read = [(number(i.get(step)), number(i.get(role[names.VALUE]))) for i in items]
    kept = [(np.nan if s is None else s, v) for s, v in read if v is not None]
    return (_floats([s for s, _ in kept]), _floats([v for _, v in kept]), None) if kept else None


def _series(
    name: str, column: Column, where: Mapping[str, Floats], curves: Mapping[str, Column], notes: list[str]
) -> Series:
    """With the step, epoch and time of columns as long as it; one that is shorter than the longest is spread over it."""
    steps, values, time = column
    n = len(values)
    if steps is not None:
        return Series(name, values, steps, wall_time=_seconds_of(time))
    along = {r: v for r, v in where.items() if len(v) == n}
    longest = max((c for c in curves.items() if c[1][0] is None), key=lambda c: len(c[1][1]))
    most = len(longest[1][1])
    order = np.arange(n, dtype=np.int64)
    if n < most and STEP not in along and EPOCH not in along:
        notes.append(EVENLY.format(name, n, longest[0], most))
        order = _spread(n, most)
        along = {r: v[order] for r, v in where.items() if len(v) == most}
    empty = np.full(n, np.nan)
    return Series(name, values, along.get(STEP, empty), along.get(EPOCH), _seconds_of(along.get(WALL_TIME)), order)


def _seconds(value: object) -> object:
    at = number(value)
    return None if at is None or at < SINCE_1970 / 10 else at / 1000 if at > MILLISECONDS else at


def _seconds_of(times: Floats | None) -> Floats | None:
    if times is None or not times.size or not times[0] >= SINCE_1970 / 10:
        return None
    return times / 1000 if times[0] > MILLISECONDS else times


def _floats(values: object) -> Floats:
    return np.array(values, dtype=np.float64)
