"""Learning rates that practice has settled on, by optimizer: what a rate thrown far off comes back to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from collector.schema import LR
from diagnostics.run import Run

# Where sound rates end, by optimizer. Adam's own default is 1e-3 (Kingma & Ba, 2015); plain gradient descent is used ten times higher than with
# a momentum of 0.9, which makes every step count ten times. Adagrad's steps shrink by themselves, as the squares of all gradients add up; PyTorch begins at 1e-2.
CAREFUL: Mapping[str, float] = {"adam": 1e-3, "momentum": 1e-2, "sgd": 1e-1, "adagrad": 1e-2}
UNKNOWN = 3e-3  # between Adam's and momentum's: high for neither
# Optimizers whose rate is a factor on one that they find themselves, or on the size of each weight: no other's rates are any measure for it.
SELF_TUNED = ("dadapt", "prodigy", "adafactor", "adamg", "muon")
# Times the highest in common use: of the lab's runs at as much, all that ended near their start had too high a rate (tests/benchmarks/test_bounds.py); sound ones come to 16.
FAR = 20.0
HIGHEST: Mapping[str, float] = {"adam": 1e-2, "momentum": 1e-1, "sgd": 1.0}


def optimizer(run: Run) -> str:
    """The optimizer's name by the run's configuration, in small letters; "" when it does not say.

    PyTorch calls gradient descent ``SGD`` with a momentum and without: here it is ``momentum``, ``nesterov`` or ``sgd``.
    """
    name = re.sub(r"[^a-z]", "", str(run.config.get("optimizer") or run.config.get("optimizer_name") or "").lower())
    if name == "sgd" and (run.setting("momentum") or 0.0) > 0:
        return "nesterov" if run.config.get("nesterov") is True else "momentum"
    return "sgd" if name in ("gradientdescent", "gradientdescentoptimizer") else name


def family(run: Run) -> str | None:
    """The optimizer's family: ``adam``, ``momentum``, ``sgd``, ``adagrad``; None when the configuration does not say."""
    name = optimizer(run)
    if "adam" in name or name in ("lion", "rmsprop", "adafactor", "lamb"):
        return "adam"
    if "momentum" in name or name == "nesterov":
        return "momentum"
    return name if name in CAREFUL else None


def careful(run: Run) -> float:
    """A rate that is rarely too high for the run's optimizer."""
    return CAREFUL.get(family(run) or "", UNKNOWN)


WITH = {"adam": "with Adam", "momentum": "with momentum", "sgd": "with plain SGD", "adagrad": "with Adagrad"}
WORDS = {0.1: "a tenth of it", 0.01: "a hundredth of it"}


def _words(factor: float) -> str:
    small = f"1/{float(f'{1 / factor:.1g}'):,.0f}" if 0 < factor < 0.1 else f"{factor:.1g}"
    return WORDS.get(factor, f"{small} of it")


def peak(run: Run) -> float | None:
    """The highest learning rate that was logged, or the one the run was configured with; None when neither is known."""
    lr = run.get(LR)
    known = lr.finite().values if lr is not None else np.empty(0)
    rate = float(known.max()) if known.size else run.setting("lr") or run.setting("learning_rate") or 0.0
    return rate if rate > 0 else None


@dataclass(frozen=True)
class Lower:
    """A lower learning rate.

    Attributes:
        factor: what to multiply the rate by.
        to: the same in words, with the rate it leads to where that is known.
        why: a clause on why it is so much, or "".
    """

    factor: float
    to: str
    why: str


def by(run: Run, factor: float, why: str) -> Lower:
    """The rate times ``factor``."""
    now = peak(run)
    return Lower(factor, _words(factor) if now is None else f"{now * factor:.2g}, {_words(factor)},", why)


def lower(run: Run, factor: float, most: float = np.inf) -> Lower:
    """The rate times ``factor``, or less: one far outside practice, 30 say, is not off by a factor of ten.

    It comes down to ``most``, and to a careful rate for the optimizer, when those are lower yet.
    """
    now, bound = peak(run), min(most, careful(run))
    if now is None or now * factor <= bound:
        return by(run, factor, "")
    with_what = WITH.get(family(run) or "", "")
    why = f"{bound:.2g} is a careful rate{' ' + with_what if with_what else ''}, and {now:.2g} is far above it"
    return Lower(bound / now, f"{bound:.2g}, {_words(bound / now)},", why)


def far_above(run: Run) -> float | None:
    """The highest rate in common use for the optimizer, plain SGD's where it is unknown; None where the logged rate never was FAR times as high."""
    rate, name = peak(run) if run.get(LR) is not None else None, optimizer(run)
    usual = None if any(one in name for one in SELF_TUNED) else highest(run) or (None if name else HIGHEST["sgd"])
    return usual if rate is not None and usual is not None and rate >= FAR * usual else None


def highest(run: Run) -> float | None:
    """The highest rate in common use for the run's optimizer; None when the optimizer is unknown."""
    return HIGHEST.get(family(run) or "")
