"""Ray Tune and Ray Train: the folder of a trial with ``result.json`` or ``progress.csv``; an experiment is a folder of trials.

The step is ``training_iteration``. Settings come from ``params.json`` or from the rows; a trial with ``error.txt`` crashed.
``params.pkl`` and checkpoints are never opened.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from collector.schema import CRASHED, FINISHED
from diagnostics.readers import look, table
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import delimited, json_text, settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.rows import Rows

RESULTS, PROGRESS, PARAMS, ERROR = "result.json", "progress.csv", "params.json", "error.txt"
STEP, TIME, CONFIG = "training_iteration", "timestamp", "config"
MARKS = [
    {STEP, "trial_id"},
    {STEP, "experiment_id"},
]  # what each row says besides the trial's own words; the latter before 2.0
TELLS_NOTHING = {"pid", "done", "trial_id", "experiment_id", "date", "hostname", "node_ip", "iterations_since_restore", STEP, TIME, CONFIG,
                 "timesteps_since_restore", "checkpoint_dir_name", "should_checkpoint", "episodes_total"}  # fmt: skip
LONGEST = 1 << 16  # bytes of the traceback that are looked at


def claims(path: Path) -> bool:
    """Whether ``path`` is a trial's folder, or its ``result.json`` or ``progress.csv``."""
    if look.is_dir(path):
        return claims(path / RESULTS) or claims(path / PROGRESS)
    if not look.is_file(path):
        return False
    if path.suffix == ".csv":
        return path.name == PROGRESS and _is_row(delimited.header(path))
    first = json_text.peek(path)[:1]
    return bool(first) and isinstance(first[0], Mapping) and _is_row(first[0])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: neither file can be read.
    """
    folder = path if path.is_dir() else path.absolute().parent
    results = path / RESULTS if path.is_dir() else path
    if results.suffix != ".csv" and results.is_file() and results.stat().st_size:
        log, done = _from_lines(results, limits)
    else:
        log, done = _from_table(path / PROGRESS if path.is_dir() else path, limits), False
    config, notes = settings.beside(folder, PARAMS)
    exception = _exception(folder / ERROR)
    state = CRASHED if exception else FINISHED if done else None
    return [Log(folder.name, str(path), log.series, config=config or log.config, state=state, exception=exception or None,
                notes=(*log.notes, *notes))]  # fmt: skip


def _is_row(names: Iterable[str]) -> bool:
    return any(marks.issubset(names) for marks in MARKS)


def _from_lines(path: Path, limits: Limits) -> tuple[Log, bool]:
    """The log, and whether its last row says that the trial is done."""
    lines, rows, config, done = json_text.Lines(path, limits), Rows(), dict[str, object](), False
    for row in lines:
        rows.add({k: v for k, v in row.items() if k not in TELLS_NOTHING}, row.get(STEP), wall_time=row.get(TIME))
        limits.names(path, rows.names)
        said = row.get(CONFIG)
        config = settings.flat(said) if isinstance(said, Mapping) and not config else config
        done = row.get("done") is True
    return Log(path.stem, str(path), rows.series(), config=config, notes=tuple(lines.notes)), done


def _from_table(path: Path, limits: Limits) -> Log:
    if not path.is_file():
        raise ReadError(path, f"neither {RESULTS} nor {PROGRESS} in it can be read; name a trial's folder")
    (log,) = table.read(path, limits)
    return Log(log.name, log.source, tuple(s for s in log.series if _is_own(s)), notes=log.notes)


def _is_own(series: Series) -> bool:
    return series.name not in TELLS_NOTHING and not series.name.startswith(f"{CONFIG}/")


def _exception(path: Path) -> str:
    """The last line of the traceback; "" where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LONGEST, 0))
        lines = file.read(LONGEST).decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
