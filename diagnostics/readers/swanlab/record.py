"""SwanLab without swanlab: a run's own record ``run-<id>.swanlab``, version 2 of its format, or the run's folder.

Read are the scalars, the run's name, how it ended, and ``files/config.yaml`` beside it. Pictures, texts and other media are no
curves: they are counted. Its authors promise no stable format: of another version what looks the same is read.
"""

import struct
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from collector.schema import CRASHED, FINISHED, RUNNING
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.leveldb_log import walk
from diagnostics.readers.formats.protobuf import Value, fields, signed, text
from diagnostics.readers.formats.yaml_settings import yaml_settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import Rows

MAGIC = b":SWL\xd6\xe1\x02"  # ident, 0xE1D6, version 2
SUFFIX = ".swanlab"
START, FINISH, SCALAR, MEDIA = 10, 11, 13, 14  # fields of a Record
KEY, STEP, TIME, VALUE = 1, 2, 4, 5  # fields of a scalar
STATES = {0: RUNNING, 1: FINISHED, 2: CRASHED, 3: CRASHED}  # the last: ended by its user
DOUBLE = struct.Struct("<d")
STRANGE = "not how version 2 of SwanLab's record begins; what is understood is read"


@dataclass
class _Found:
    """What the records of one file say."""

    name: str
    rows: Rows = field(default_factory=Rows)
    state: str | None = None
    exception: str | None = None
    media: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def claims(path: Path) -> bool:
    """Whether ``path`` is a ``.swanlab`` file, or the folder of a run with one."""
    if look.is_dir(path):
        return path.name.startswith("run-") and bool(_record(path))
    head = look.head(path) if look.is_file(path) else b""
    return head[:4] == MAGIC[:4] or (path.suffix == SUFFIX and bool(head))


def read(path: Path, limits: Limits) -> list[Log]:
    """The run, a list of one.

    Raises:
        ReadError: it logged no number.
    """
    file = _record(path) or path
    found = _Found(file.stem)
    walk(file, MAGIC, STRANGE, partial(_take, found=found), found.rows, found.notes, limits)
    if not found.rows.names:
        raise ReadError(file, "; ".join(["the run logged no number", *found.notes]))
    return [_log(file, path, found)]


def _record(path: Path) -> Path | None:
    """The record in a run's folder."""
    return next(iter(look.files(path, end=SUFFIX)), None)


def _log(file: Path, source: Path, found: _Found) -> Log:
    notes = list(found.notes)
    if found.media:
        notes.append(
            f"left out, as no curves: {', '.join(f'{n:,} × {name}' for name, n in found.media.most_common(5))}"
        )
    if found.state is None:
        notes.append("the log does not say that the run ended: it was killed, or goes on")
    config = yaml_settings(file.parent / "files" / "config.yaml", within="value")
    series, state = found.rows.series(), found.state
    return Log(
        found.name, str(source), series, config=config, state=state, exception=found.exception, notes=tuple(notes)
    )


def _take(record: bytes, found: _Found) -> None:
    for kind, value in fields(record):
        if kind == SCALAR:
            _scalar(_parts(value), found)
        elif kind == MEDIA:
            found.media[text(_parts(value).get(KEY, b""))] += 1
        elif kind == START:
            said = _parts(value)
            found.name = text(said.get(4, b"")) or text(said.get(10, b"")) or found.name
        elif kind == FINISH:
            said = _parts(value)
            found.state = STATES.get(signed(said.get(1, 0)))
            lines = text(said.get(2, b"")).strip().splitlines()
            found.exception = lines[-1] if lines else None


def _scalar(said: dict[int, Value], found: _Found) -> None:
    stamp, value = _parts(said.get(TIME, b"")), _parts(said.get(VALUE, b"")).get(1, bytes(8))  # 0 is not written
    number = DOUBLE.unpack(value)[0] if isinstance(value, bytes) else float("nan")
    time = signed(stamp.get(1, 0)) + signed(stamp.get(2, 0)) / 1e9 if stamp else None  # s and ns since 1970
    found.rows.add({text(said.get(KEY, b"")): number}, step=signed(said.get(STEP, 0)), wall_time=time)


def _parts(value: Value) -> dict[int, Value]:
    """The fields of a message, the last of each number."""
    return dict(fields(value)) if isinstance(value, bytes) else {}
