"""Learning-rate schedules as pure functions of the step.

A schedule is a linear warm-up to ``peak``, then one shape. Step s is the number of optimizer steps already done, so the
first update uses ``lr(0)``. With W warm-up steps of T in all, the shapes below see k = s − W steps of n = T − W.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Floats, Ints

LEVELS = 3  # a step schedule without ``drop_every`` has three equal levels, as ResNet's 90 epochs drop at 30 and 60


@dataclass(frozen=True)
class Schedule:
    """A learning rate over training.

    Attributes:
        kind: a key of ``SHAPES``.
        peak: the highest rate, > 0; reached at step ``warmup_steps``.
        total_steps: optimizer steps T of the whole training, > ``warmup_steps``.
        warmup_steps: steps W of the linear rise from 0; 0 for none.
        final: rate at ``total_steps`` of ``cosine`` and ``linear``; the other kinds do not use it.
        drop_every: steps between two drops of ``step``; None for three equal levels.
        drop_factor: what each drop of ``step`` multiplies the rate by.

    Raises:
        ValueError: a field is out of range; names it.
    """

    kind: str
    peak: float
    total_steps: int
    warmup_steps: int = 0
    final: float = 0.0
    drop_every: int | None = None
    drop_factor: float = 0.1  # He et al. 2016, section 4: "divided by 10"

    def __post_init__(self) -> None:
        if self.kind not in SHAPES:
            raise ValueError(f"kind {self.kind!r} is none of {', '.join(SHAPES)}")
        if not 0 < self.peak < np.inf or not 0 <= self.final < np.inf:
            raise ValueError(f"peak {self.peak} must be positive, final {self.final} not negative, both finite")
        if not 0 <= self.warmup_steps < self.total_steps:
            raise ValueError(f"warmup_steps {self.warmup_steps} must be within 0 … total_steps {self.total_steps}")
        if self.drop_every is not None and self.drop_every < 1:
            raise ValueError(f"drop_every {self.drop_every} must be at least 1")

    def lr(self, steps: Ints) -> Floats:
        """Learning rate at ``steps`` (int64 [n], ≥ 0), float64 [n]; beyond ``total_steps`` it stays where it ended."""
        done = np.minimum(np.asarray(steps, dtype=np.float64), self.total_steps)
        rising = self.peak * done / max(self.warmup_steps, 1)
        return np.where(done < self.warmup_steps, rising, SHAPES[self.kind](self, np.maximum(done, self.warmup_steps)))

    def _fraction(self, steps: Floats) -> Floats:
        """k / n: how much of the time after the warm-up is over, 0–1."""
        return (steps - self.warmup_steps) / (self.total_steps - self.warmup_steps)


def constant(schedule: Schedule, steps: Floats) -> Floats:
    """η = peak."""
    return np.full(steps.shape, schedule.peak)


def step(schedule: Schedule, steps: Floats) -> Floats:
    """η = peak · drop_factor^⌊k / drop_every⌋. He et al. 2016, "Deep Residual Learning"; torch ``StepLR``."""
    after = schedule.total_steps - schedule.warmup_steps
    every = schedule.drop_every or -(-after // LEVELS)
    drops = np.floor((steps - schedule.warmup_steps) / every)
    return np.asarray(schedule.peak * schedule.drop_factor**drops, dtype=np.float64)


def cosine(schedule: Schedule, steps: Floats) -> Floats:
    """η = final + ½ (peak − final)(1 + cos πk/n). Loshchilov & Hutter 2017, SGDR, eq. 5; ``CosineAnnealingLR``."""
    wave = (1 + np.cos(np.pi * schedule._fraction(steps))) / 2
    return np.asarray(schedule.final + (schedule.peak - schedule.final) * wave, dtype=np.float64)


def linear(schedule: Schedule, steps: Floats) -> Floats:
    """η = peak + (final − peak) k/n. Devlin et al. 2019, "BERT", appendix A.2; torch ``LinearLR``."""
    return schedule.peak + (schedule.final - schedule.peak) * schedule._fraction(steps)


def inverse_sqrt(schedule: Schedule, steps: Floats) -> Floats:
    """η = peak · √(W / s), with W = 1 when there is no warm-up. Vaswani et al. 2017, "Attention", eq. 3."""
    warmup = max(schedule.warmup_steps, 1)
    return np.asarray(schedule.peak * np.sqrt(warmup / np.maximum(steps, warmup)), dtype=np.float64)


SHAPES: Mapping[str, Callable[[Schedule, Floats], Floats]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "linear": linear,
    "inverse_sqrt": inverse_sqrt,
}
