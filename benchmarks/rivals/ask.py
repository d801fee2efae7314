"""Ask a rival about runs: each goes to a process in the rivals' environment as a table and comes back as findings."""

import json
import math
import subprocess
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.rivals import environment
from benchmarks.rivals.log import Said
from collector.schema import GRAD_NORM, LR, TRAIN_ACCURACY, TRAIN_LOSS, UPDATE_RATIO, VAL_ACCURACY, VAL_LOSS
from diagnostics import Run
from diagnostics.curve import Curve, Ints

COLUMNS = {
    "val_loss": VAL_LOSS,
    "lr": LR,
    "grad_norm": GRAD_NORM,
    "update_ratio": UPDATE_RATIO,
    "train_accuracy": TRAIN_ACCURACY,
    "val_accuracy": VAL_ACCURACY,
}


GONE = 3  # rows


@dataclass(frozen=True)
class Answer:
    """What a rival says of one run, worst first; ``error`` where it could not judge it."""

    said: tuple[Said, ...] = ()
    seconds: float = 0.0
    error: str | None = None


@dataclass
class Rival:
    """One rival and the process that answers for it, started when first asked."""

    name: str
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def judge(self, run: Run) -> Answer:
        """Its answer on ``run``; a process that dies is an answer too, and the next run gets a new one."""
        if TRAIN_LOSS not in run:
            return Answer(error="no training loss")
        process = self._process = self._process or self._started()
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(log_of(run)) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if line:
            return _answer(json.loads(line))
        self.close()
        return Answer(error=f"its process ended with exit code {process.returncode}")

    def kill(self) -> None:
        """End the process at once: the run that it is at gets no answer."""
        if self._process:
            self._process.kill()

    def close(self) -> None:
        """End the process."""
        if self._process:
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[str]:
        command = [str(environment.python()), "-m", "benchmarks.rivals.serve", self.name]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def _answer(given: dict[str, Any]) -> Answer:
    said = (Said(s["finding"], s["severity"], tuple(s["verdicts"])) for s in given.get("said", ()))
    return Answer(tuple(said), given["seconds"], given.get("error"))


def log_of(run: Run) -> dict[str, list[float | None]]:
    """``run`` as ``benchmarks.rivals.log.Log``.

    Where the log goes on without a training loss, as one does whose writer leaves out NaN, its rows say NaN: no rival can see what is not there.
    """
    loss, lost = run[TRAIN_LOSS], _lost(run)
    steps = np.concatenate([loss.steps, lost])
    columns = {name: _beside(steps, run[tag]) for name, tag in COLUMNS.items() if tag in run}
    return {"step": steps.tolist(), "train_loss": [*loss.values.tolist(), *[math.nan] * len(lost)], **columns}


def _lost(run: Run) -> Ints:
    """Steps after the last training loss that have a learning rate, when they are ``GONE`` or more: not an evaluation at the end."""
    rates = run.get(LR)
    later = rates.steps[rates.steps > run[TRAIN_LOSS].steps[-1]] if rates is not None else np.empty(0, np.int64)
    return later if len(later) >= GONE else later[:0]


def _beside(steps: Ints, curve: Curve) -> list[float | None]:
    """Each value of ``curve`` in the row of the last of ``steps`` at or before it, None elsewhere; the last wins a row."""
    rows = np.maximum(np.searchsorted(steps, curve.steps, side="right") - 1, 0)
    column: list[float | None] = [None] * len(steps)
    for row, value in zip(rows.tolist(), curve.values.tolist(), strict=True):
        column[row] = value
    return column
