"""ClearML's offline sessions: ``metrics.jsonl``, a list of events a line, alone or in the session's folder (or zip).

Read are the scalars, as ``<title>/<series>``; beside ``task.json`` also the task's name and its hyperparameters. Histograms,
plots and pictures are no curves: they are counted. ClearML itself writes 0 for NaN and Inf. A server's data base is not
read: load the session there, and save its scalars as CSV.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.yaml_settings import typed
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.rows import Rows, number

METRICS, TASK = "metrics.jsonl", "task.json"
SCALAR = "training_stats_scalar"
HEAD = 2048  # bytes
SINGLE = -(2**31)  # the iteration of a value that belongs to none
GENERAL = "General"  # the section of hyperparameters that were given none
MOST_TASK = 16 << 20  # bytes of task.json, which holds the script, too
MOST_TOLD = 3  # damaged lines, told one by one
MOST_MISSED = 1_000  # objects of a damaged line that are none
DECODER = json.JSONDecoder()
OFTEN = 500  # lines between two looks at the clock


def claims(path: Path) -> bool:
    """Whether ``path`` holds events of ClearML, a list a line, or is the folder of a session that does."""
    if look.is_dir(path):
        return look.is_file(path / TASK) and claims(path / METRICS)
    head = look.head(path)[:HEAD] if look.is_file(path) else b""
    return head.startswith(b"[{") and all(b'"%b"' % key in head for key in (b"metric", b"variant", b"task", b"iter"))


def read(path: Path, limits: Limits) -> list[Log]:
    """The session's run, a list of one.

    Raises:
        ReadError: there is no scalar in it.
    """
    file = path / METRICS if path.is_dir() else path
    notes: list[str] = []
    rows, left_out = Rows(), Counter[str]()
    for event in _events(file, limits, notes):
        limits.names(file, rows.names)
        name = "/".join(str(event.get(part, "")) for part in ("metric", "variant"))
        if event.get("type") != SCALAR or number(event.get("value")) is None:
            left_out[str(event.get("type", "event")).removeprefix("training_")[:40]] += 1
            continue
        time, step = number(event.get("timestamp")), number(event.get("iter"))
        at = None if step == SINGLE else step
        rows.add({name: event["value"]}, step=at, wall_time=None if time is None else time / 1000)
    if not rows.names:
        raise ReadError(file, "; ".join(["a session of ClearML without a scalar", *notes]))
    kinds = ", ".join(f"{n:,} × {kind}" for kind, n in sorted(left_out.items()))
    notes += [f"left out, as no curves: {kinds}"] if kinds else []
    task = _task(file.parent / TASK)
    name = str(task.get("name") or file.absolute().parent.name)
    return [Log(name, str(path), rows.series(), config=_config(task), notes=tuple(notes))]


def _events(path: Path, limits: Limits, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Every event of every line that is whole."""
    size, done, damaged = max(limits.open(path), 1), 0, 0
    with path.open("rb") as file:
        for n, line in enumerate(file, 1):
            done += len(line)
            if n % OFTEN == 0:
                limits.at(path, done / size)
            try:
                said = json.loads(line) if line.strip() else []
                sound = isinstance(said, list)
            except (ValueError, RecursionError):
                said, sound = _salvaged(line.decode("utf-8", "replace")), False
            if not sound:
                damaged += 1
                notes += [f"line {n}: damaged, the events that are whole are read"] if damaged <= MOST_TOLD else []
            yield from (event for event in said if isinstance(event, dict)) if isinstance(said, list) else ()
    if damaged > MOST_TOLD:
        notes.append(f"{damaged - MOST_TOLD:,} more lines are damaged")


def _salvaged(line: str) -> list[object]:
    """The events of a damaged line that are whole: a session may be a single line."""
    found: list[object] = []
    at, missed = line.find("{"), 0
    while at >= 0 and missed < MOST_MISSED:
        try:
            event, end = DECODER.raw_decode(line, at)
            found.append(event)
        except (ValueError, RecursionError):
            missed, end = missed + 1, at + 1
        at = line.find("{", end)
    return found


def _task(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_bytes()) if path.stat().st_size <= MOST_TASK else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _config(task: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters, those of a section of their own under its name."""
    found: dict[str, Any] = {}
    sections = task.get("hyperparams")
    for section, settings in sections.items() if isinstance(sections, dict) else ():
        for name, told in settings.items() if isinstance(settings, dict) else ():
            if isinstance(told, dict) and "value" in told:
                found[name if section == GENERAL else f"{section}/{name}"] = typed(str(told["value"]))
    return found
