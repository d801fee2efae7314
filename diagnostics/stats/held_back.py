"""Settings that hold a network back: layers too narrow, dropout too heavy, a weight decay that the weights gave way to."""

import math
from dataclasses import dataclass

import numpy as np

from collector.schema import TRAIN_LOSS, VAL_LOSS
from diagnostics.run import Run
from diagnostics.stats.balance import last_norm, norm_left
from diagnostics.stats.decay import known_rate, sums
from diagnostics.stats.gain import widest
from diagnostics.stats.level import before_training, blocks, end
from diagnostics.stats.rates import optimizer

NARROW = 4  # units or channels: nothing but toys has so few
HEAVY_DROPOUT = 0.6  # the usual most is 0.5
STRONG, STRONG_ADAMW = 5e-3, 0.5  # weight decay: ten times the usual 5e-4, and five times the usual 0.1
ABSURD = 8.0  # times STRONG: where nobody saw the weights, all of the lab's runs with as much are held back by it (tests/benchmarks/test_bounds.py)
SHRUNK = 0.35  # of the weight norm's height: decays that suit the task were seen to leave 0.47 and more, those that do not under 0.3
PULLS = 4.0  # times STRONG: a decay of 0.01 pulls as much at weights that hardly matter, and harms two sound runs of the lab as little
PULL = 0.35  # of the first loss: healthy runs of the lab stay below 0.26, six that a tenth of the decay cured are above 0.47
# Of the steps that the weights reach back, and times STRONG_ADAMW. All runs of the lab that are so far out are held back by it (tests/benchmarks/test_bounds.py); large vision models are trained with 0.02, but a decay of 0.3.
BRIEF, MUCH = 0.15, 2.0
CLOSE = 1.15  # validation over training loss: no gap for a decay to close
DECOUPLED = ("lion", "adan", "muon", "sophia", "sgdw")
WIDTHS = ("width", "hidden_size", "hidden_dim", "hidden", "units", "n_embd", "d_model", "channels")


@dataclass(frozen=True)
class HeldBack:
    """The setting, and by how much it is out of the usual.

    Attributes:
        parameter: its name in a remedy: ``weight_decay``, ``dropout`` or ``width``.
        why: in words, to follow "the losses have levelled off".
        value, limit: what it is, and from where on it holds back.
    """

    parameter: str
    why: str
    value: float
    limit: float


def held_back(run: Run) -> HeldBack | None:
    """The first of them that ``run`` has."""
    return decayed(run) or dropped(run) or narrow(run)


def decayed(run: Run) -> HeldBack | None:
    """A strong decay may be what the task wants, or still have a gap to close; weights that gave way to it tell, or that it still pulls at, or, where these were not recorded, how strong it is."""
    decay, strong = run.setting("weight_decay") or 0.0, STRONG_ADAMW if decoupled(run) else STRONG
    val = run.get(VAL_LOSS)
    train = end(run[TRAIN_LOSS]) + blocks(run[TRAIN_LOSS]).error
    apart = val is not None and len(val.finite()) > 0 and end(val) >= CLOSE * train
    if decay < strong or apart:
        return None
    left, pulls = norm_left(run), _pull(run, decay)
    if left is not None and left < SHRUNK:
        what = f"which has shrunk the weights to {left:.0%} of their norm"
    elif pulls is not None and pulls > PULL and decay >= PULLS * strong:
        what = f"which holds the weights down: a tenth larger, they would lower the loss by {min(0.1 * pulls, 1.0):.1%} of where it began"
    elif (
        left is None and optimizer(run) and decay >= ABSURD * strong
    ):  # 0.05 is usual with AdamW, which a log may not say
        what = f"{decay / strong:.0f} times what is strong with this optimizer"
    elif (kept := memory(run, decay)) <= BRIEF and decay >= MUCH * strong:
        what = f"under which the weights keep what the last {kept:.1%} of the steps gave them"
    else:
        return None
    return HeldBack("weight_decay", f"under a weight decay of {decay:g}, {what}", decay, strong)


def decoupled(run: Run) -> bool:
    """Whether the optimizer takes the decay off the weights itself, scaled by the rate, where others add it to the gradient."""
    name = optimizer(run)
    return "adamw" in name or name.startswith(DECOUPLED) or run.config.get("decoupled_weight_decay") is True


def memory(run: Run, decay: float) -> float:
    """1 / (``decay`` · sum of the rates): the share of the steps that the weights, a running average of the updates, reach back (Wang & Aitchison, 2024).

    Infinite where no rate was logged, or the decay is part of the gradient.
    """
    if not (decoupled(run) and known_rate(run)):
        return math.inf
    summed = float(sums(run, np.array([run.last_step]))[0])
    return 1 / (decay * summed) if summed > 0 else math.inf


def _pull(run: Run, decay: float) -> float | None:
    """decay · ‖w‖² over the first loss: at rest, the slope of the loss along ln ‖w‖, as the gradient is then −decay · w.

    None where the norms were not recorded, or the decay is no part of the gradient.
    """
    norm, first = last_norm(run), before_training(run)
    return None if norm is None or first <= 0 or decoupled(run) else decay * norm**2 / first


def dropped(run: Run) -> HeldBack | None:
    """More units dropped than any usual share."""
    dropout = run.setting("dropout") or 0.0
    return (
        HeldBack("dropout", f"under dropout of {dropout:g}", dropout, HEAVY_DROPOUT)
        if dropout >= HEAVY_DROPOUT
        else None
    )


def narrow(run: Run) -> HeldBack | None:
    """Layers of a handful of units."""
    wide = width(run)
    return HeldBack("width", f"with layers {wide:g} wide", wide, NARROW) if wide and wide <= NARROW else None


def width(run: Run) -> float | None:
    """The layers' width, by its usual names; else the widest of the layers before the last, where their shapes are known."""
    return next((w for name in WIDTHS if (w := run.setting(name))), None) or widest(run)
