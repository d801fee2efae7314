"""A schedule: a warm-up to its peak, then one shape.

Step s is the number of optimizer steps already done, so the first update uses ``lr(0)`` and the last ``lr(T − 1)``. With W
warm-up steps of T in all, the shapes see k = s − W steps of n = T − W.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from diagnostics.curve import Floats, Ints
from diagnostics.schedules import shapes

GRADUAL, CONSTANT = "gradual", "constant"
WARMUPS = (GRADUAL, CONSTANT)
LEVELS = 3  # equal levels of a step schedule unless told: ResNet's 90 epochs drop at 30 and 60 (He et al. 2016)
MILESTONES = (0.5, 0.75)  # of the steps: 32k and 48k of 64k on CIFAR-10 (He et al. 2016, section 4.2)
COOLDOWN = 0.2  # of the steps: what a decay needs to match a cosine (Hägele et al. 2024, section 3)


@dataclass(frozen=True)
class Schedule:
    """A learning rate over training.

    Attributes:
        kind: a key of ``SHAPES``.
        peak: the highest rate, > 0.
        total_steps: optimizer steps T of the whole training.
        warmup_steps: steps W before the shape begins; 0 for none.
        warmup: ``gradual``, evenly up from ``warmup_start``; or ``constant``, ``warmup_start`` until step W.
        warmup_start: where the warm-up (of ``one_cycle``: the rise) begins, as a share of the peak, 0–1.
        final: the rate that is reached at T.
        every: steps of one drop by ``factor``; 0 for a third of n.
        factor: what a drop multiplies the rate by, 0–1.
        milestones: steps, counted from the start of training, at which the rate drops; empty for half and three quarters of T.
        period: steps of the first cosine; 0 for all of n.
        growth: how many times longer each cosine is than the one before.
        power: exponent of ``polynomial``.
        timescale: steps after which ``inverse_sqrt`` has come down to 1/√2; 0 for W.
        rise: share of the steps in which ``one_cycle`` goes up, 0–1.
        decay_steps: steps of the decay of ``warmup_stable_decay``; 0 for a fifth of T.

    Raises:
        ValueError: in one line, what does not fit.
    """

    kind: str
    peak: float
    total_steps: int
    warmup_steps: int = 0
    warmup: str = GRADUAL
    warmup_start: float = 0.0
    final: float = 0.0
    every: int = 0
    factor: float = 0.1  # He et al. 2016, section 3.4: "divided by 10"
    milestones: tuple[int, ...] = ()
    period: int = 0
    growth: int = 1
    power: float = 2.0  # 1 is a line
    timescale: int = 0
    rise: float = 0.3  # torch's and fastai's pct_start
    decay_steps: int = 0

    def __post_init__(self) -> None:
        for broken, why in self._objections():
            if broken:
                raise ValueError(why)
        for name, usual in self._usual().items():
            if not getattr(self, name):
                object.__setattr__(self, name, usual)
        for broken, why in self._misfits():
            if broken:
                raise ValueError(why)

    @property
    def after(self) -> int:
        """n: the steps after the warm-up."""
        return self.total_steps - self.warmup_steps

    def lr(self, steps: Ints) -> Floats:
        """Learning rate at ``steps`` (int64 [n], ≥ 0), float64 [n]; beyond ``total_steps`` it stays where it ended."""
        done = np.minimum(np.asarray(steps, dtype=np.float64), self.total_steps)
        shaped = SHAPES[self.kind].rate(self, np.maximum(done - self.warmup_steps, 0))
        return np.where(done < self.warmup_steps, self._warming(done), shaped)

    def _warming(self, steps: Floats) -> Floats:
        gone = steps / max(self.warmup_steps, 1) if self.warmup == GRADUAL else np.zeros(steps.shape)
        return np.asarray(self.peak * (self.warmup_start + (1 - self.warmup_start) * gone), dtype=np.float64)

    def _usual(self) -> dict[str, int | tuple[int, ...]]:
        """What stands for a field that was left out."""
        return {
            "every": max(-(-self.after // LEVELS), 1),
            "milestones": tuple(sorted({max(round(s * self.total_steps), self.warmup_steps + 1) for s in MILESTONES})),
            "period": self.after,
            "timescale": max(self.warmup_steps, 1),
            "decay_steps": min(max(round(COOLDOWN * self.total_steps), 1), self.after),
        }

    def _objections(self) -> list[tuple[bool, str]]:
        """What no schedule may have, and how to say so."""
        w, t = self.warmup_steps, self.total_steps
        return [
            (self.kind not in SHAPES, f"There is no shape {self.kind!r}, only {', '.join(SHAPES)}."),
            (self.warmup not in WARMUPS, f"There is no warm-up {self.warmup!r}, only {' and '.join(WARMUPS)}."),
            (not 0 < self.peak < np.inf, f"The peak, {self.peak:g}, must be a number above 0."),
            (t < 1, f"The schedule needs at least one step, not {t:,}."),
            (not 0 <= w < t, f"The warm-up of {w:,} steps must be shorter than the training of {t:,}."),
            (not 0 <= self.warmup_start <= 1, f"The start, {self.warmup_start:g}, is a share of the peak: 0 to 1."),
            (bool(w) and self.warmup == CONSTANT and not self.warmup_start, "A constant warm-up at 0 learns nothing."),
        ]

    def _misfits(self) -> list[tuple[bool, str]]:
        """What the chosen shape does not allow; fields it does not use are not looked at."""
        uses, t = SHAPES[self.kind].uses, self.total_steps
        early = [m for m in self.milestones if m <= self.warmup_steps]
        short = not 1 < self.rise * t < t
        cycle, sorted_ = self.kind == "one_cycle", tuple(sorted(set(self.milestones))) == self.milestones
        found = {
            "final": (not 0 <= self.final < self.peak, f"The final rate, {self.final:g}, must lie below the peak."),
            "every": (self.every < 1, f"A drop every {self.every:,} steps is not possible: 1 or more."),
            "factor": (not 0 < self.factor < 1, f"The factor of a drop, {self.factor:g}, must lie between 0 and 1."),
            "milestones": (bool(early), f"The drop at step {early[0] if early else 0:,} lies within the warm-up."),
            "period": (not 1 <= self.period <= self.after, _too_long("first cosine", self.period, self.after)),
            "growth": (
                self.growth < 1,
                f"Each cosine is at least as long as the one before, not {self.growth:,} times.",
            ),
            "power": (not 0 < self.power < np.inf, f"The power, {self.power:g}, must be a number above 0."),
            "timescale": (self.timescale < 1, f"The timescale, {self.timescale:,}, must be at least one step."),
            "rise": (short, f"The rise, {self.rise:g} of {t:,} steps, must leave steps to go up and to come down."),
            "decay_steps": (not 1 <= self.decay_steps <= self.after, _too_long("decay", self.decay_steps, self.after)),
        }
        own = [
            (cycle and self.warmup_steps > 0, "One-cycle has a rise of its own: leave the warm-up out."),
            (cycle and not 0 < self.warmup_start < 1, "One-cycle starts above 0 and below its peak."),
            ("milestones" in uses and not sorted_, "The steps at which the rate drops must ascend."),
        ]
        return [*(found[name] for name in uses if name in found), *own]


def _too_long(what: str, steps: int, room: int) -> str:
    return f"The {what} of {steps:,} steps does not fit: there is room for 1 to {room:,}."


@dataclass(frozen=True)
class Shape:
    """What comes after the warm-up: its name, its rate by (schedule, k), and the fields of ``Schedule`` it uses."""

    title: str
    rate: Callable[[Schedule, Floats], Floats]
    uses: tuple[str, ...] = ()


SHAPES: Mapping[str, Shape] = {
    "constant": Shape("Constant", shapes.constant),
    "step": Shape("Step", shapes.step, ("every", "factor")),
    "multi_step": Shape("Multi-step", shapes.multi_step, ("milestones", "factor")),
    "cosine": Shape("Cosine", shapes.cosine, ("final",)),
    "cosine_restarts": Shape("Cosine with restarts", shapes.cosine_restarts, ("period", "growth", "final")),
    "linear": Shape("Linear", shapes.linear, ("final",)),
    "inverse_sqrt": Shape("Inverse square root", shapes.inverse_sqrt, ("timescale",)),
    "polynomial": Shape("Polynomial", shapes.polynomial, ("power", "final")),
    "exponential": Shape("Exponential", shapes.exponential, ("every", "factor")),
    "one_cycle": Shape("One-cycle", shapes.one_cycle, ("rise", "warmup_start", "final")),
    "warmup_stable_decay": Shape("Warmup-stable-decay", shapes.warmup_stable_decay, ("decay_steps", "final")),
}
