"""What the list of runs shows of a run: small enough to keep of every run, in memory and on disk."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from collector.schema import TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics import view
from diagnostics.pace import pace
from diagnostics.report import Report
from diagnostics.run import Run

SETTINGS, LETTERS = 60, 200  # hyperparameters of a row, and characters of one that is text: a table shows no more

Setting = int | float | str | bool


@dataclass(frozen=True)
class Case:
    """A run and what is said about it. A run that grows is judged more rarely than it is read: ``as_of`` is then the
    last step that the report knows, and None when the report is on the run as it is."""

    run: Run
    report: Report
    as_of: int | None = None


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


Told = tuple[Row, ...] | Broken


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


def settings(config: Mapping[str, Any], most: int = SETTINGS) -> dict[str, Setting]:
    """The hyperparameters that fit a cell, those within groups named ``group.name``."""
    return dict(islice(_flat(config), most))


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Setting]]:
    for name, value in config.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str) or (isinstance(value, int) and abs(value) > sys.float_info.max):
            yield f"{prefix}{name}", str(value)[:LETTERS]  # a whole number beyond all floats has no place on an axis
        elif isinstance(value, bool | int | float):
            yield f"{prefix}{name}", value


def to_text(told: Told) -> str:
    """``told`` as one line of JSON, NaN and Inf as Python writes them."""
    if isinstance(told, Broken):
        return json.dumps(vars(told))
    return json.dumps([vars(row) for row in told], default=lambda number: number.item())


def from_text(text: str) -> Told:
    """What ``to_text`` wrote.

    Raises:
        ValueError, TypeError: it did not.
    """
    content = json.loads(text)
    if isinstance(content, Mapping):
        return Broken(**content)
    return tuple(Row(**cells) for cells in content)


def rows_of(keys: Sequence[str], cases: Sequence[Case], sample: bool) -> tuple[Row, ...]:
    """A row for each of ``cases``, which are called ``keys``."""
    return tuple(row(key, case, sample) for key, case in zip(keys, cases, strict=True))
