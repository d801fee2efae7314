"""JSON and JSON lines with any names: what people write themselves, and every tool that logs one object a line.

Lists of rows, lists by name, values by step, nested names, several runs in one file, one object a line (``.jsonl``, also cut
off). Names become ours as in tables; the numbers beside the curves become settings. Where no name is known, each is kept as it is;
in a folder such files are left alone.
"""

from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path

from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import json_text, settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.plain_json import catboost, shapes
from diagnostics.readers.plain_json.shapes import Found
from diagnostics.readers.table import results
from diagnostics.readers.understanding import names, pairs

SUFFIXES = (".json", ".jsonl", ".ndjson", ".jsonlines", ".log", ".txt", "")
GENERIC = {
    "metrics",
    "results",
    "history",
    "log",
    "logs",
    "progress",
    "training",
    "train_log",
    "scalars",
    "output",
    "stats",
}
OWN_NAMES = "no name in it is a curve we know: each is kept under its own"
FIRST = 1_000  # rows by whose names the others are read
WAY_OUT = 'write a list of rows such as {"step": 0, "train_loss": 2.3}'


def claims(path: Path) -> bool:
    """Whether ``path`` is JSON with curves that sound like training; looks at its head."""
    if path.suffix.lower() not in SUFFIXES:
        return False
    values = _named(path, json_text.peek(path))
    found = _found(path, values) or _unknown(values)
    return not _of_results(values) and any(_sounds_like_training(run) and _is_curve(run) for run in found)


def read(path: Path, limits: Limits) -> list[Log]:
    """A log a run.

    Raises:
        ReadError: there is no JSON in it, or no curve.
    """
    beginning = json_text.peek(path)
    if told := _of_results(beginning):
        raise ReadError(path, told)
    if _one_a_line(path, beginning):
        return [_lines(path, limits)]
    values, notes = json_text.document(path, limits)
    values = _named(path, values)
    runs = _found(path, values) or _unknown(values)
    if not runs:
        raise ReadError(path, f"no name in it is a curve we know; {WAY_OUT}")
    if not any(map(_sounds_like_training, runs)):
        notes = [*notes, OWN_NAMES]
    limits.names(path, max(len(run.series) for run in runs))
    return [_log(path, run, notes) for run in runs]


def _named(path: Path, values: list[object]) -> list[object]:
    """``values``, or the one list of points that TensorBoard's page saved, under its name; CatBoost's metrics under theirs."""
    tag = names.exported_tag(path.stem)
    is_points = tag and len(values) == 1 and isinstance(values[0], list) and isinstance((values[0] or [0])[0], list)
    return [{tag: values[0]}] if is_points else [catboost.named(value) for value in values]


def _found(path: Path, values: list[object]) -> list[Found]:
    rows = [v for v in values if isinstance(v, Mapping)]
    if _one_a_line(path, values):
        return [shapes.of_rows(rows[:FIRST])]
    return [run for value in values for run in shapes.found_in(value)]


def _of_results(values: list[object]) -> str:
    """What shows that the values are rows of results; "" for those of a log."""
    rows = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    return results.why_rows([row for row in rows if isinstance(row, Mapping)])


def _unknown(values: list[object]) -> list[Found]:
    return [run for value in values for run in shapes.unknown_in(value)]


def _sounds_like_training(run: Found) -> bool:
    return run.is_known() or pairs.is_like_training([s.name for s in run.series])


def _one_a_line(path: Path, values: list[object]) -> bool:
    return len(values) > 1 or path.suffix.lower() in json_text.LINES


def _is_curve(found: Found) -> bool:
    """A single value of everything is a result, no log; unless each line may be the first of many."""
    return any(len(s) > 1 for s in found.series) or any((s.steps == s.steps).any() for s in found.series)


def _lines(path: Path, limits: Limits) -> Log:
    """A log of rows, one a line; a first one that holds nothing of a row is the settings."""
    lines = json_text.Lines(path, limits)
    rows = iter(lines)
    first = list(islice(rows, FIRST))
    config = (
        settings.flat(first[0]) if len(first) > 1 and not {*first[0]} & {k for row in first[1:] for k in row} else {}
    )
    found = shapes.of_stream(chain(first[1:] if config else first, rows), first)
    limits.names(path, len(found.series))
    found.config = config
    return _log(path, found, lines.notes)


def _log(path: Path, run: Found, notes: list[str]) -> Log:
    own = path.absolute().parent.name if path.stem.lower() in GENERIC else path.stem
    name = run.name or own
    split = names.split_of_file(path.stem, [series.name for series in run.series])
    return Log(name, str(path), run.series, run.epochs, config=run.config, split=split, notes=(*notes, *run.notes))
