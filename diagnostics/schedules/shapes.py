"""The shapes a learning rate takes after its warm-up: one short function each, with its formula and source.

Each takes the schedule and k, the steps since the warm-up ended (float64 [m], 0 … n), and gives the rate η (float64 [m]).
"""

from typing import TYPE_CHECKING

import numpy as np

from diagnostics.curve import Floats

if TYPE_CHECKING:
    from diagnostics.schedules.schedule import Schedule


def constant(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak. Steps that never shrink end where the noise holds them: Robbins & Monro 1951."""
    return np.full(k.shape, schedule.peak)


def step(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak · factor^⌊k / every⌋. He et al. 2016, Deep Residual Learning; torch StepLR."""
    return np.asarray(schedule.peak * schedule.factor ** np.floor(k / schedule.every), dtype=np.float64)


def multi_step(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak · factor^(milestones passed). He et al. 2016, section 4.2; torch MultiStepLR."""
    drops = np.searchsorted(schedule.milestones, k + schedule.warmup_steps, side="right")
    return np.asarray(schedule.peak * schedule.factor**drops, dtype=np.float64)


def cosine(schedule: "Schedule", k: Floats) -> Floats:
    """η = final + (peak − final) · (1 + cos πk/n) / 2. Loshchilov & Hutter 2017, SGDR, eq. 5; torch CosineAnnealingLR."""
    return _between(schedule.final, schedule.peak, k / schedule.after)


def cosine_restarts(schedule: "Schedule", k: Floats) -> Floats:
    """η = final + (peak − final) · (1 + cos πj/P) / 2, j steps into a cycle of P; each is growth times the last. Loshchilov & Hutter 2017, SGDR; torch CosineAnnealingWarmRestarts."""
    begun, length = _cycle(schedule, k)
    return _between(schedule.final, schedule.peak, (k - begun) / length)


def linear(schedule: "Schedule", k: Floats) -> Floats:
    """η = final + (peak − final) · (1 − k/n). Devlin et al. 2019, BERT, appendix A.2; torch LinearLR."""
    return schedule.final + (schedule.peak - schedule.final) * (1 - k / schedule.after)


def inverse_sqrt(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak · √(τ / (τ + k)), τ the timescale; with τ = W it is peak · √(W / s). Vaswani et al. 2017, Attention Is All You Need, eq. 3."""
    return np.asarray(schedule.peak * np.sqrt(schedule.timescale / (schedule.timescale + k)), dtype=np.float64)


def polynomial(schedule: "Schedule", k: Floats) -> Floats:
    """η = final + (peak − final) · (1 − k/n)^power. Chen et al. 2018, DeepLab; torch PolynomialLR."""
    left = (1 - k / schedule.after) ** schedule.power
    return np.asarray(schedule.final + (schedule.peak - schedule.final) * left, dtype=np.float64)


def exponential(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak · factor^(k / every). Senior et al. 2013, An Empirical Study of Learning Rates; torch ExponentialLR."""
    return np.asarray(schedule.peak * schedule.factor ** (k / schedule.every), dtype=np.float64)


def one_cycle(schedule: "Schedule", k: Floats) -> Floats:
    """η climbs half a cosine from start · peak to the peak in the first share of the steps, then falls half a cosine to final. Smith & Topin 2018, Super-Convergence; torch OneCycleLR."""
    top, last = schedule.rise * schedule.total_steps - 1, schedule.total_steps - 1
    rising = _between(schedule.peak, schedule.warmup_start * schedule.peak, k / top)
    falling = _between(schedule.final, schedule.peak, np.clip((k - top) / (last - top), 0, 1))
    return np.where(k <= top, rising, falling)


def warmup_stable_decay(schedule: "Schedule", k: Floats) -> Floats:
    """η = peak until T − D, then evenly down to final over the D decay steps. Hu et al. 2024, MiniCPM, section 4; Hägele et al. 2024, Scaling Laws Beyond Fixed Durations."""
    left = np.minimum((schedule.after - k) / schedule.decay_steps, 1)
    return np.asarray(schedule.final + (schedule.peak - schedule.final) * left, dtype=np.float64)


def _between(low: float, high: float, gone: Floats) -> Floats:
    """Half a cosine from ``high`` to ``low``; as a square, because 1 + cos loses its digits near the end."""
    left = np.where(gone >= 1, 0.0, np.cos(np.pi / 2 * gone) ** 2)  # π is rounded: the end is not quite 0
    return np.asarray(low + (high - low) * left, dtype=np.float64)


def _cycle(schedule: "Schedule", k: Floats) -> tuple[Floats, Floats]:
    """Where the cycle of each k began, and how long it is: ``period``, times ``growth`` for every cycle before it."""
    if schedule.growth == 1:
        return schedule.period * np.floor(k / schedule.period), np.full(k.shape, float(schedule.period))
    starts = np.array(cycle_starts(schedule), dtype=np.float64)
    begun = starts[np.searchsorted(starts, k, side="right") - 1]
    return begun, begun * (schedule.growth - 1) + schedule.period


def cycle_starts(schedule: "Schedule") -> list[int]:
    """The steps after the warm-up, up to n, at which a cosine begins anew, 0 first."""
    starts, length = [0], schedule.period
    while starts[-1] + length <= schedule.after:
        starts.append(starts[-1] + length)
        length *= schedule.growth
    return starts
