"""DVCLive: the folder with ``plots/metrics/**.tsv``, one file a metric, and ``params.yaml`` beside or above it.

YOLO's losses are summed as in its own tables. Pictures and other plots are not read; ``metrics.json`` holds the last values only, and is not needed.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from diagnostics.curve import Numbers
from diagnostics.readers import look, ultralytics
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import delimited, settings
from diagnostics.readers.formats.columns import Column, numbers
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series

METRICS, PARAMS = Path("plots", "metrics"), "params.yaml"
OLD = Path("scalars")  # where DVCLive 0 and 1 put them
STEP, TIME = "step", "timestamp"
MILLISECONDS = 1000.0


def claims(path: Path) -> bool:
    """Whether ``path`` is the folder of a run: metrics with a step column lie where DVCLive puts them."""
    home = _home(path) if look.is_dir(path) else None
    return home is not None and any(STEP in delimited.header(file) for file in list(_files(home))[:3])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no metric can be read.
    """
    home = _home(path)
    files = list(_files(home)) if home else []
    limits.names(path, len(files))
    series, notes = list[Series](), list[str]()
    for n, file in enumerate(files):
        name = file.relative_to(home or path).with_suffix("").as_posix()
        try:
            limits.open(file)
            series += _metric(file, name, notes)
        except ReadError as error:
            notes.append(f"{name}: {error.message}")
        limits.at(path, n / len(files))
    if not series:
        raise ReadError(path, f"no metric in it can be read ({'; '.join(notes[:2]) or 'no .tsv'}); log something first")
    config, told = settings.beside(path if (path / PARAMS).is_file() else path.absolute().parent, PARAMS)
    log = Log(_name(path), str(path), tuple(series), config=config, notes=(*notes, *told))
    return [ultralytics.summed(log) if ultralytics.is_yolo(log) else log]


def _metric(file: Path, name: str, notes: list[str]) -> list[Series]:
    """The one quantity of ``file``."""
    text = delimited.read_text(file)
    columns: dict[str, Column] = {}
    for header in text.columns.column_names:
        column, told = numbers(header, text.columns[header], lambda row: f"line {text.line(row)}")
        notes += [f"{name}: {note}" for note in told]
        columns |= {header: column} if column is not None else {}
    values = [columns[h] for h in columns if h not in (STEP, TIME)]
    if STEP not in columns or not values:
        raise ReadError(file, "holds no step and value; log it again")
    step, time = (_at(columns.get(h), values[0], text.columns.num_rows) for h in (STEP, TIME))
    return [
        Series(
            name,
            values[0].values.astype(np.float64, copy=False),
            step,
            wall_time=time / MILLISECONDS if np.isfinite(time).any() else None,
        )
    ]


def _at(column: Column | None, values: Column, length: int) -> Numbers:
    """``column`` in the rows of ``values`` [n]; NaN where it is absent."""
    return np.full(len(values.rows), np.nan) if column is None else column.full(length)[values.where]


def _home(path: Path) -> Path | None:
    """The folder that the metrics' names are relative to."""
    inside = [path / METRICS, *([path / OLD] if look.is_file(path.parent / f"{path.name}.json") else [])]
    return next((home for home in inside if look.is_dir(home)), None)


def _files(home: Path) -> Iterator[Path]:
    return (file for file in sorted(home.rglob("*.tsv")) if file.is_file() and not file.is_symlink())


def _name(path: Path) -> str:
    """After the folder around it where its own is DVCLive's usual."""
    folder = path.absolute()
    return folder.parent.name if folder.name == "dvclive" and folder.parent.name else folder.name
