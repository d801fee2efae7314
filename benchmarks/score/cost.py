"""What judging costs: one long run, a thousand short ones, and the rivals on the same curves in the same minutes."""

import pickle
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from threading import Timer

import numpy as np

from benchmarks.rivals.ask import Rival
from benchmarks.score.markdown import NONE, seconds, table
from benchmarks.score.opinions import OURS
from collector.schema import FINISHED, GRAD_NORM, RUNNING, TRAIN_LOSS
from diagnostics import Run, diagnose, synthetic
from diagnostics.curve import Curve

LONG = 100_000  # points
RUNS, POINTS = 1_000, 1_000
REPEATS = 7
FEW = 20  # runs for the rivals' median
PATIENCE = 60.0  # s that a rival gets for one run


@dataclass(frozen=True)
class Ours:
    """Seconds of ours: one long run that has ended and one that goes on, by kind of run; and many short ones."""

    ended: dict[str, float]
    going_on: dict[str, float]
    many: float


def ours() -> Ours:
    """Time all of ours."""
    return Ours(long_run(FINISHED), long_run(RUNNING), many_runs())


def kinds(steps: int, seed: int = 0) -> dict[str, Run]:
    """A run of each kind, with learning rate, gradient norm and update ratio at every one of ``steps`` steps."""
    fall = synthetic.falling(steps=steps)
    noise = np.random.default_rng(seed).standard_normal(steps)
    nan = np.where(np.arange(steps) < 0.4 * steps, fall, np.nan)
    losses = {
        "sound": fall * (1 + 0.05 * noise),
        "too high": synthetic.falling(last=0.8, pace=60, steps=steps) * (1 + 0.2 * noise),
        "too low": synthetic.falling(last=1.9, pace=1, steps=steps) * (1 + 0.02 * noise),
        "overfitting": fall * (1 + 0.05 * noise),
        "diverged": nan,
    }
    rising = fall + np.maximum(0, np.linspace(-0.5, 0.5, steps))
    return {name: _full(loss, rising if name == "overfitting" else fall) for name, loss in losses.items()}


def _full(
    loss: "np.ndarray[tuple[int], np.dtype[np.float64]]", val: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> Run:
    run = synthetic.make(loss, val, lr=0.1, update_ratio=1e-3)
    return synthetic.with_curves(run, Curve(GRAD_NORM, run[TRAIN_LOSS].steps, np.ones(len(loss))))


def long_run(state: str) -> dict[str, float]:
    """Seconds for all rules on one run of ``LONG`` points that is in ``state``, the median of ``REPEATS``, by kind of run."""
    runs = {name: replace(run, state=state) for name, run in kinds(LONG).items()}
    return {name: median(_judged([fresh(run)]) for _ in range(REPEATS)) for name, run in runs.items()}


def many_runs() -> float:
    """Seconds for ``RUNS`` runs of ``POINTS`` points, one after the other in one process, the median of three."""
    runs = [run for seed in range(RUNS // len(kinds(POINTS))) for run in kinds(POINTS, seed).values()]
    return median(_judged([fresh(run) for run in runs]) for _ in range(3))


def fresh(run: Run) -> Run:
    """A copy of which nothing has been measured yet."""
    copy: Run = pickle.loads(pickle.dumps(run))
    return copy


def _judged(runs: Sequence[Run]) -> float:
    begun = time.perf_counter()
    for run in runs:
        diagnose(run)
    return time.perf_counter() - begun


def of_rivals(names: Sequence[str]) -> dict[str, tuple[float | None, float | None]]:
    """Seconds a run of ``POINTS`` (median of ``FEW``) and of ``LONG`` points, by rival; None where it could not or took too long."""
    short = [run for seed in range(FEW // 5) for run in kinds(POINTS, seed).values()]
    return {name: (_median(name, short), _median(name, [kinds(LONG)["sound"]])) for name in names}


def _median(name: str, runs: Sequence[Run]) -> float | None:
    rival = Rival(name)
    rival.judge(kinds(100)["sound"])  # imports are not counted
    took = []
    for run in runs:
        limit = Timer(PATIENCE, rival.kill)
        limit.start()
        answer = rival.judge(run)
        limit.cancel()
        took += [] if answer.error else [answer.seconds]
    rival.close()
    return median(took) if took else None


def as_table(ours: Ours, rivals: dict[str, tuple[float | None, float | None]], labels: dict[str, str]) -> str:
    """Everything that was timed."""
    head = ["", f"a run of {POINTS:,} points", f"a run of {LONG:,} points"]
    lines = [
        [OURS, seconds(ours.many / RUNS), _median_and_slowest(ours.ended)],
        [f"{OURS}, while the run goes on", NONE, _median_and_slowest(ours.going_on)],
    ]
    rows = [[labels[name], _told(short), _told(big)] for name, (short, big) in rivals.items()]
    return table(head, [*lines, *rows])


def _median_and_slowest(took: dict[str, float]) -> str:
    slowest = max(took, key=lambda kind: took[kind])
    return f"{seconds(median(took.values()))} (slowest, {slowest}: {seconds(took[slowest])})"


def _told(took: float | None) -> str:
    return f"refused, or over {PATIENCE:.0f} s" if took is None else seconds(took)
