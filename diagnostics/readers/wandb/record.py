"""Weights & Biases without wandb: a run's own record ``run-<id>.wandb``, the run's folder, or the whole ``wandb/`` folder.

Every W&B run writes it, online and offline. Read are the history (nested values under names joined by dots), the system
metrics as ``system.<name>``, the config, the run's name and how it ended. Histograms, pictures, tables and texts are no
curves: they are counted. Console output, alerts and saved files are not read, and ``_runtime`` only repeats ``_timestamp``.
In a ``wandb/`` folder a resumed run that goes on counting its steps is one run. Charts saved from the page: ``wandb.chart``.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from collector.schema import CRASHED, FINISHED
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.leveldb_log import walk
from diagnostics.readers.formats.protobuf import Value, fields, signed, text
from diagnostics.readers.formats.yaml_settings import yaml_settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import DEEPEST, Rows, number
from diagnostics.readers.wandb.resumes import goes_on, joined

MAGIC = b":W&B\xe1\xbe\x00"  # ident, 0xBEE1, version 0
SUFFIX, LATEST = ".wandb", "latest-run"
FOLDERS = ("run-", "offline-run-", LATEST)
OWN = ("_step", "_timestamp", "_runtime", "_wandb")  # W&B's, beside what was logged
SYSTEM = "system."  # before the names of the machine's metrics, as W&B shows them
TYPED = "._type"  # beside it lie the parts of a histogram, a picture, a table
ITEM, STEP = 1, 2  # fields of a history record
KEY, NESTED_KEY, VALUE = 1, 2, 16  # fields of an item: old files have one key, new ones a path of keys
STRANGE = "not how a W&B record begins; what follows is read"
UNENDED = "the log does not say that the run ended: it was killed, or goes on"


def claims(path: Path) -> bool:
    """Whether ``path`` is a ``.wandb`` file, the folder of a run, or a folder of such folders."""
    if look.is_dir(path):
        return bool(_files(path))
    head = look.head(path) if look.is_file(path) else b""
    return head[:4] == MAGIC[:4] or (path.suffix == SUFFIX and bool(head))


def read(path: Path, limits: Limits) -> list[Log]:
    """The runs, oldest first; those that logged nothing are left out where others did.

    Raises:
        ReadError: no run logged a number.
    """
    runs: dict[str, list[Log]] = {}
    for file in _files(path) if path.is_dir() else [path]:
        found = _read(file, limits)
        same = runs.setdefault(found.run_id, [])
        if same and goes_on(same[-1], found.log()):
            same[-1] = joined(same[-1], found.log())
        else:
            same.append(found.log())
    logs = [log for same in runs.values() for log in same]
    if not any(log.series for log in logs):
        raise ReadError(path, "; ".join(["no run in it logged a number", *logs[0].notes]))
    return [_ended(log) for log in logs if log.series or log.notes]


def _ended(log: Log) -> Log:
    return log if log.state is not None else replace(log, notes=(*log.notes, UNENDED))


def _files(folder: Path) -> list[Path]:
    """The records of a run's folder or of a ``wandb/`` folder, oldest first, each once."""
    own = look.files(folder, end=SUFFIX)
    if own:  # a folder of something else may hold a record, too
        return own if folder.name.startswith(FOLDERS) or look.is_dir(folder / "files") else []
    runs = [p for name in FOLDERS for run in look.folders(folder, name) for p in look.files(run, end=SUFFIX)]
    dated = {p.name for p in runs if p.parent.name != LATEST}  # latest-run is a link to one of them, or a copy
    runs = [p for p in runs if p.parent.name != LATEST or p.name not in dated]
    return sorted(runs, key=lambda p: (p.parent.name.removeprefix("offline-"), p.name))


@dataclass
class _Found:
    """What the records of one file say."""

    path: Path
    run_id: str
    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    rows: Rows = field(default_factory=Rows)
    exit_code: int | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def log(self) -> Log:
        """The run; its config from the folder's file when the record of it is lost."""
        kinds = ", ".join(f"{n:,} × {kind}" for kind, n in sorted(self.left_out.items()))
        notes = [*self.notes, *([f"left out, as no curves: {kinds}"] if kinds else [])]
        series = sorted(self.rows.series(), key=lambda s: s.name.startswith(SYSTEM))
        config = self.config or yaml_settings(self.path.parent / "files" / "config.yaml", within="value")
        return Log(
            self.name or self.run_id,
            str(self.path),
            tuple(series),
            config={name: value for name, value in config.items() if name not in OWN},
            state=None if self.exit_code is None else CRASHED if self.exit_code else FINISHED,
            notes=tuple(notes),
        )


def _read(path: Path, limits: Limits) -> _Found:
    found = _Found(path, run_id=path.stem)
    walk(path, MAGIC, STRANGE, partial(_take, found=found), found.rows, found.notes, limits)
    return found


def _take(record: bytes, found: _Found) -> None:
    for kind, value in fields(record):
        if kind in TAKEN and isinstance(value, bytes):
            TAKEN[kind](value, found)


def _history(data: bytes, found: _Found) -> None:
    row: dict[str, object] = {}
    counted: object = None
    for kind, value in fields(data):
        if kind == ITEM:
            _put(row, *_item(value))
        elif kind == STEP and isinstance(value, bytes):
            counted = signed(dict(fields(value)).get(1, 0))  # a step of 0 is not written
    own = {name: row.pop(name, None) for name in OWN}
    _without_media(row, found.left_out)
    if row:
        step = counted if own["_step"] is None else own["_step"]
        found.rows.add(row, step=step, wall_time=own["_timestamp"])


def _without_media(row: dict[str, object], left_out: Counter[str]) -> None:
    """Leave out what is no number, and count it by its kind."""
    for whole in [name.removesuffix(TYPED) for name in row if name.endswith(TYPED)]:
        left_out[str(row[whole + TYPED])[:40]] += 1
        for part in [name for name in row if name.startswith(whole + ".")]:
            del row[part]
    for name in [name for name, said in row.items() if type(said) is not float and number(said) is None]:
        said = row.pop(name)
        if said is not None:
            left_out["text" if isinstance(said, str) else "truth value" if isinstance(said, bool) else "list"] += 1


def _stats(data: bytes, found: _Found) -> None:
    row: dict[str, object] = {}
    time: float | None = None
    for kind, value in fields(data):
        if kind == 3:
            name, said = _item(value)
            _put(row, SYSTEM + name, said)
        elif kind == 2 and isinstance(value, bytes):
            stamp = dict(fields(value))
            time = signed(stamp.get(1, 0)) + signed(stamp.get(2, 0)) / 1e9  # s and ns since 1970
    found.rows.add(row, wall_time=time)


def _config(data: bytes, found: _Found) -> None:
    for kind, value in fields(data):
        name, said = _item(value, read=_json)
        if kind == 1:
            found.config[name] = said
        elif kind == 2:
            found.config.pop(name, None)


def _run(data: bytes, found: _Found) -> None:
    for kind, value in fields(data):
        if kind == 1:
            found.run_id = text(value) or found.run_id
        elif kind == 8:
            found.name = text(value)
        elif kind == 4 and isinstance(value, bytes):
            _config(value, found)


def _exit(data: bytes, found: _Found) -> None:
    found.exit_code = signed(dict(fields(data)).get(1, 0))


TAKEN: dict[int, Callable[[bytes, _Found], None]] = {2: _history, 5: _config, 7: _stats, 17: _run, 18: _exit}


def _value(said: str) -> object:
    """A logged value; numbers first, as most are. JSON of W&B knows NaN and Infinity."""
    try:
        return float(said)
    except ValueError:
        return _json(said)


def _json(said: str) -> object:
    try:
        return json.loads(said)
    except ValueError:
        return said


def _item(data: Value, read: Callable[[str], object] = _value) -> tuple[str, object]:
    """An item's name, its parts joined, and what it says."""
    name: str | None = None
    said: object = None
    for kind, value in fields(data) if isinstance(data, bytes) else ():
        if kind == VALUE:
            said = read(text(value))
        elif kind in (KEY, NESTED_KEY):
            name = text(value) if name is None else f"{name}.{text(value)}"
    return name or "", said


def _put(row: dict[str, object], name: str, said: object) -> None:
    if isinstance(said, dict):
        row.update(_flat(name, said))
    elif name:
        row[name] = said


def _flat(name: str, said: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """What old files log nested within one value, under the names that new files give it."""
    if isinstance(said, dict) and depth < DEEPEST:
        for inner, value in said.items():
            yield from _flat(f"{name}.{inner}", value, depth + 1)
    elif name:
        yield name, said
