"""training-doctor: given the CSV file its ``load`` reads, then ``analyze``, which replays the run step by step.

Its store looks through all points at every question, so that a run of n points costs n²; the same answers are got here from a
sorted list. What it says is not changed; its time is.
"""

from bisect import bisect_left, bisect_right
from pathlib import Path
from typing import Any

from benchmarks.rivals.log import Log, Said, write_csv

PACKAGE = "training-doctor"
FORM = "CSV, replayed"
# One of its detectors asks for "loss" and another for "train_loss", so it gets both.
NAMES = {
    "step": "step",
    "loss": "loss",
    "train_loss": "train_loss",
    "val_loss": "eval_loss",
    "lr": "lr",
    "grad_norm": "grad_norm",
}
# It knows no divergence of its own: NaN and a rising loss are "learning rate too high" to it, which is true of most diverged runs.
WORDS = {
    "lr_too_high": ("lr_too_high", "diverged"),
    "lr_too_low": ("lr_too_low",),
    "plateau": ("needs_decay", "lr_too_high"),
    "overfitting": ("overfitting",),
}
SEVERITY = {"critical": "error", "warning": "warning", "info": "info"}


def prepare(log: Log, folder: Path) -> Path:
    """The file it is to read."""
    return write_csv({**log, "loss": log["train_loss"]}, folder / "run.csv", NAMES)


def judge(path: Path) -> list[Said]:
    """What it said during the replay, worst and surest first, each diagnosis once."""
    from training_doctor import Doctor

    doctor = Doctor()
    _quicken(doctor)
    worst: dict[str, Any] = {}
    for found in sorted(doctor.load(path).analyze(), key=lambda d: (d.severity.value != "critical", -d.confidence)):
        worst.setdefault(found.detector_name, found)
    return [Said(name, SEVERITY[d.severity.value], WORDS.get(name, ())) for name, d in worst.items()]


def _quicken(doctor: Any) -> None:
    store = doctor.store
    steps: dict[str, list[int]] = {}

    def found(metric: str) -> tuple[list[Any], list[int]]:
        points = store.get(metric)
        if metric not in steps or len(steps[metric]) != len(points):
            steps[metric] = [p.step for p in points]  # our rows are in the order of steps
        return points, steps[metric]

    def get_last(metric: str, n: int = 1) -> list[Any]:
        points, at = found(metric)
        seen = bisect_right(at, store.current_step)
        return list(points[max(0, seen - n) : seen])

    def get_window(metric: str, start_step: int, end_step: int | None = None) -> list[Any]:
        points, at = found(metric)
        end = store.current_step + 1 if end_step is None else end_step
        return list(points[bisect_left(at, start_step) : bisect_left(at, end)])

    store.get_last, store.get_window = get_last, get_window
