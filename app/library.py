"""Which runs there are and what is said about each: read once, diagnosed once, and again only when its files change."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from collector.schema import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import readers, view
from diagnostics.engine import diagnose
from diagnostics.pace import pace
from diagnostics.readers.fingerprint import Fingerprint, fingerprint
from diagnostics.report import Report
from diagnostics.run import Run

ROOT = Path(__file__).resolve().parents[1]
RUNS = "CURVEWISE_RUNS"  # environment variable: the folder of the user's runs
OPEN = 16  # runs kept in memory whole: a few tabs' worth; of all others only the row is kept
ROWS = 4_096
SETTINGS, LETTERS = 60, 200  # hyperparameters of a row, and characters of one that is text: a table shows no more

Setting = int | float | str | bool


@dataclass(frozen=True)
class Folder:
    """A folder that holds runs; ``prefix`` begins the keys of what lies in it."""

    path: Path
    prefix: str
    sample: bool


@dataclass(frozen=True)
class Case:
    """A run and what is said about it."""

    run: Run
    report: Report


@dataclass(frozen=True)
class Row:
    """What the list of runs shows of one run. ``key`` names it in addresses; it is never used as a path."""

    key: str
    name: str
    sample: bool
    verdict: str
    state: str | None
    spark: list[float]
    last_step: int
    best_val_loss: float | None
    best_val_accuracy: float | None
    last_time: float | None
    stalls_at: float | None
    since: int | None = None  # the step at which the trouble begins; None for a verdict that names none
    best_step: int | None = None
    started: float | None = None
    steps_per_second: float | None = None
    done: float | None = None  # share of the planned steps, 0 to 1
    seconds_left: float | None = None  # as of ``last_time``; None unless it runs and says how long it was meant to be
    exception: str | None = None
    config: Mapping[str, Setting] = field(default_factory=dict)

    def state_at(self, now: float) -> str | None:
        """The state as the log gives it, save that a running run without news is stalled."""
        return "stalled" if self.stalls_at is not None and now > self.stalls_at else self.state


@dataclass(frozen=True)
class Broken:
    """An input that could not be read, and why in one line."""

    key: str
    message: str


def own() -> Path:
    """The folder of the user's runs."""
    return Path(os.environ.get(RUNS) or ROOT / "runs").expanduser().resolve()


def folders() -> list[Folder]:
    """The user's runs, then the samples that make the first screen teach something."""
    return [Folder(own(), "", False), Folder(ROOT / "sample_runs", "sample/", True)]


def rows() -> tuple[list[Row], list[Broken]]:
    """Every run, newest first and samples last, and every input that could not be read."""
    read: list[Row] = []
    broken: list[Broken] = []
    for folder in folders():
        for path in _sources(folder):
            found = _rows(folder, path, fingerprint(path))
            if isinstance(found, Broken):
                broken.append(found)
            else:
                read += found
    return sorted(read, key=lambda row: (row.sample, -(row.last_time or 0))), broken


def progress() -> tuple[int, int]:
    """How many of the inputs have been read, and how many there are."""
    return 0, 0


def keys() -> list[str]:
    """The key of every run that can be read, in the order of ``rows``."""
    return [row.key for row in rows()[0]]


def case(key: str) -> Case | None:
    """The run called ``key`` as it is now, or None: only what the folders list is ever opened."""
    for folder in folders():
        for path in _sources(folder) if key.startswith(folder.prefix) else ():
            if key in (base := _key(folder, path)) or key.startswith(f"{base}#"):
                return next((c for k, c in _keyed(base, _cases(path, fingerprint(path))) if k == key), None)
    return None


def _sources(folder: Folder) -> list[Path]:
    try:
        return readers.sources(folder.path)
    except (readers.ReadError, OSError):
        return []  # no such folder, or nothing in it yet


def _key(folder: Folder, path: Path) -> str:
    return folder.prefix + path.relative_to(folder.path).as_posix()


def _keyed(base: str, cases: tuple[Case, ...]) -> Iterator[tuple[str, Case]]:
    """A log of several runs numbers them."""
    yield from ((base if len(cases) == 1 else f"{base}#{i}", case) for i, case in enumerate(cases, 1))


@lru_cache(maxsize=OPEN)
def _cases(path: Path, _fingerprint: Fingerprint) -> tuple[Case, ...]:
    runs, errors = readers.read_all([path])
    if errors and not runs:
        raise errors[0]
    return tuple(Case(run, diagnose(run)) for run in runs)


@lru_cache(maxsize=ROWS)
def _rows(folder: Folder, path: Path, mark: Fingerprint) -> list[Row] | Broken:
    base = _key(folder, path)
    try:
        return [row(key, case, folder.sample) for key, case in _keyed(base, _cases(path, mark))]
    except readers.ReadError as error:
        return Broken(base, error.message)


def row(key: str, case: Case, sample: bool = False) -> Row:
    """What the list of runs shows of ``case``."""
    run = case.run
    loss = run.get(TRAIN_LOSS) or run.get(VAL_LOSS)
    val_loss, val_accuracy = run.get(VAL_LOSS), run.get(VAL_ACCURACY)
    lowest = view.best(val_loss) if val_loss else None
    highest = view.best(val_accuracy, largest=True) if val_accuracy else None
    best, speed, cause = lowest or highest, pace(run), case.report.headline
    return Row(
        key=key,
        name=run.name,
        sample=sample,
        verdict=case.report.verdict,
        state=run.state,
        spark=view.spark(loss) if loss else [],
        last_step=run.last_step,
        best_val_loss=lowest[1] if lowest else None,
        best_val_accuracy=highest[1] if highest else None,
        last_time=run.last_time,
        stalls_at=view.stalls_at(run),
        since=cause.first_step if cause.severity != "info" else None,
        best_step=best[0] if best else None,
        started=speed.started,
        steps_per_second=speed.steps_per_second,
        done=speed.done,
        seconds_left=speed.seconds_left,
        exception=run.exception,
        config=settings(run.config),
    )


def settings(config: Mapping[str, Any]) -> dict[str, Setting]:
    """The hyperparameters that fit a cell, those within groups named ``group.name``."""
    return dict(islice(_flat(config), SETTINGS))


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Setting]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str):
            yield f"{prefix}{name}", value[:LETTERS]
        elif isinstance(value, bool | int | float):
            yield f"{prefix}{name}", value
