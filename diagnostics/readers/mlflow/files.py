"""MLflow's store of files: a run's folder, an experiment's, or the whole ``mlruns/``.

Written by ``mlflow.log_metric`` where no database is set up: one file a metric, ``time in ms, value, step`` a line. Read are
the metrics, the parameters as config, the run's name and how it ended; deleted runs and experiments are read and called so.
Artifacts, registered and logged models are not read. The SQLite store: ``mlflow.database``.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from diagnostics.curve import Floats
from diagnostics.readers import look
from diagnostics.readers.formats.yaml_settings import yaml_settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.mlflow.runs import DELETED, NAME_TAG, MlflowRun, name_of, status, with_metrics
from diagnostics.readers.rows import number

META, METRICS, PARAMS, TAGS, TRASH = "meta.yaml", "metrics", "params", "tags", ".trash"
HEAD = 4096  # bytes of meta.yaml that tell what it belongs to
RUN = re.compile(rb"^run_(id|uuid): ", re.MULTILINE)
EXPERIMENT = re.compile(rb"^experiment_id: ", re.MULTILINE)
MODEL = re.compile(rb"^model_id: ", re.MULTILINE)  # a model has metrics of its own, which its run has, too
LINE = re.compile(rb"^\d{9,16} \S+( -?\d+)?[ \n]")
LOOKED_AT = 1_000  # folders, for an experiment among them
LONGEST = 1 << 16  # bytes of a parameter or a tag
MOST_TOLD = 3  # damaged lines of a run, told one by one


def claims(path: Path) -> bool:
    """Whether ``path`` is the folder of a run, an experiment, or a store of experiments."""
    return look.is_dir(path) and (
        _is_run(path) or _is_experiment(path) or any(map(_is_experiment, look.folders(path)[:LOOKED_AT]))
    )


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs, oldest first; those without a metric are left out where others have some.

    Raises:
        ReadError: no run has a metric.
    """
    folders = list(_runs(path))
    found: list[tuple[float, Log]] = []
    for done, (folder, deleted) in enumerate(folders):
        limits.at(path, done / len(folders))
        run = _run(folder, deleted)
        found.append((run.began, run.log(_metrics(folder / METRICS, run.notes, limits))))
    return with_metrics(path, [log for _, log in sorted(found, key=lambda pair: pair[0])])


def _runs(path: Path) -> Iterator[tuple[Path, bool]]:
    """The folder of every run below ``path``, and whether it lies in a deleted experiment."""
    if _is_run(path):
        yield path, False
    elif _is_experiment(path):
        gone = yaml_settings(path / META).get("lifecycle_stage") == DELETED
        yield from ((folder, gone) for folder in look.folders(path) if _is_run(folder))
    else:
        for folder in [*look.folders(path), *look.folders(path / TRASH)]:
            if _is_experiment(folder):
                yield from ((run, deleted or folder.parent.name == TRASH) for run, deleted in _runs(folder))


def _run(folder: Path, deleted: bool) -> MlflowRun:
    meta = yaml_settings(folder / META)
    tags = {} if meta.get("run_name") else _texts(folder / TAGS, only=NAME_TAG)
    run = MlflowRun(str(meta.get("run_id") or meta.get("run_uuid") or folder.name), str(folder))
    run.name = name_of(meta.get("run_name"), tags)
    run.status = status(meta.get("status"))
    run.deleted = deleted or meta.get("lifecycle_stage") == DELETED
    run.began = number(meta.get("start_time")) or 0.0
    run.params = _texts(folder / PARAMS)
    if not meta:
        run.notes.append(f"{META} is missing or damaged: how the run is called and ended is unknown")
    return run


def _metrics(folder: Path, notes: list[str], limits: Limits) -> list[Series]:
    """A series a file; the name of one in folders has slashes."""
    found: list[Series] = []
    for name, path in _files(folder):
        limits.open(path)
        limits.names(path, len(found) + 1)
        fields = _fields(path.read_bytes(), f"{METRICS}/{name}", notes)
        if len(fields):
            time = fields[:, 0] / 1000  # ms
            found.append(Series(name, fields[:, 1], fields[:, 2], None, time if np.isfinite(time).any() else None))
    return found


def _fields(data: bytes, name: str, notes: list[str]) -> Floats:
    """Time, value and step of every line; the step NaN where there is none. Data sets, named behind, are passed over."""
    lines = data.split(b"\n")
    if lines[-1]:
        _tell(notes, f"{name}, line {len(lines)}: cut off, left out")
    rows = [line.split() for line in lines[:-1] if line.strip()]
    try:
        return np.array([row[:3] if len(row) >= 3 else [*row, b"nan"] for row in rows], dtype=np.float64).reshape(-1, 3)
    except ValueError:
        return _sound(lines[:-1], name, notes)


def _sound(lines: list[bytes], name: str, notes: list[str]) -> Floats:
    """As ``_fields``, line by line: those that are damaged are left out and told."""
    found = []
    for n, line in enumerate(lines, 1):
        read = [number(cell.decode("utf-8", "replace")) for cell in line.split()[:3]]
        if len(read) >= 2 and None not in read:
            found.append((read[0], read[1], read[2] if len(read) > 2 else np.nan))
        elif line.strip():
            _tell(notes, f"{name}, line {n}: damaged, left out")
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _tell(notes: list[str], told: str) -> None:
    if len(notes) < MOST_TOLD:
        notes.append(told)
    elif len(notes) == MOST_TOLD:
        notes.append("more lines are damaged: left out, too")


def _texts(folder: Path, only: str | None = None) -> dict[str, str]:
    """The content of every file below ``folder``, by name."""
    found: dict[str, str] = {}
    for name, path in _files(folder) if only is None else [(only, folder / only)]:
        if path.is_file():
            with path.open("rb") as file:
                found[name] = file.read(LONGEST).decode("utf-8", "replace")
    return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every plain file below ``folder``, and its name there, sorted."""
    for root, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = Path(root, file)
            if path.is_file():
                yield path.relative_to(folder).as_posix(), path


def _is_run(path: Path) -> bool:
    head = _head(path / META)
    if head:
        return bool(RUN.search(head)) and not MODEL.search(head)
    if not look.is_dir(path / METRICS) or not any(look.is_dir(path / name) for name in (PARAMS, TAGS)):
        return False
    return any(LINE.match(_head(file)) for _, (_, file) in zip(range(3), _files(path / METRICS), strict=False))


def _is_experiment(path: Path) -> bool:
    head = _head(path / META)
    return bool(EXPERIMENT.search(head)) and not RUN.search(head) and not MODEL.search(head)


def _head(path: Path) -> bytes:
    return look.head(path)[:HEAD] if look.is_file(path) else b""
