"""Some layers move far more, or far less, per step than the others.

What it means
    A step should change a weight matrix by about a thousandth of its size. A layer far below its peers hardly learns; one far above is overwritten
    again and again.

Why it matters
    One learning rate serves all layers only where their ratios are alike. A layer that is off is held back by the rate that suits
    the others, or breaks at it.

Criterion
    Over the sampled steps at which the learning rate is at least a third of its peak: a weight matrix whose median ratio of update to weight lies
    outside LOWEST … HIGHEST and differs from the median of all matrices by more than APART, as a factor. Or that of the whole
    network lies outside NETWORK_LOWEST … NETWORK_HIGHEST.

Source
    The course (EECS 498 / CS231n, "Training Neural Networks II"): "you want this to be somewhere around 0.001 or so". Bounds: TheDeepChecker's, 1e-4 to 1e-1,
    one decade wider below for embeddings, of which a batch meets few rows. APART: sound networks of the lab stay within a factor of 10.

Known limits
    Biases and normalization layers start at 0 or 1 and have ratios of their own; they are left out, by name. A layer that is frozen moves by 0
    on purpose and is left out as well.
"""

from collections.abc import Iterator

import numpy as np

from collector.schema import LR, UPDATE_RATIO
from diagnostics import synthetic
from diagnostics.curve import Floats
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.decay import LOW
from diagnostics.stats.layers import Layers, layers

GOOD = 1e-3  # the course's target
LOWEST, HIGHEST = 1e-5, 1e-1  # of a layer: see Source
NETWORK_LOWEST, NETWORK_HIGHEST = 1e-6, 0.3  # of the whole network: only what no recipe wants
APART = 30.0  # times the median of all matrices, or that much below
LEAST_LAYERS = 3  # weight matrices, for a usual one
LEAST_SAMPLES = 5  # sampled steps
SHOWN = 3  # layers named


def check(run: Run) -> Iterator[Finding]:
    """Fires once for the layers that are off, or for the network as a whole."""
    ratios = layers(run, "update_ratio")
    off = _off(run, ratios) if ratios is not None else None
    found = off or _network(run)
    if found:
        yield found


def _off(run: Run, ratios: Layers) -> Finding | None:
    kept = ratios.where(_at_full_rate(run, ratios.steps))
    usual = kept.typical
    moving = np.flatnonzero(usual > 0)
    if len(moving) < LEAST_LAYERS or len(kept.steps) < LEAST_SAMPLES:
        return None
    middle = float(np.median(usual[moving]))
    outside = (usual[moving] < LOWEST) | (usual[moving] > HIGHEST)
    apart = np.abs(np.log(usual[moving] / middle))
    bad = moving[outside & (apart > np.log(APART))]
    if not bad.size:
        return None
    worst = int(bad[np.argmax(np.abs(np.log(usual[bad] / middle)))])
    low = bool(usual[worst] < middle)
    more = f" ({bad.size} of {len(moving)} layers are off)" if bad.size > 1 else ""
    said = (
        f"{kept.names[worst]} moves by {usual[worst]:.1g} of its size per step, the usual layer by {middle:.1g}{more}."
    )
    evidence = tuple(_evidence(run, kept, int(i), float(usual[i])) for i in bad[:SHOWN])
    return Finding(
        "update_ratio", "info", said, evidence, (_own_rate(kept.names[worst], float(middle / usual[worst]), low),)
    )


def _at_full_rate(run: Run, steps: np.ndarray) -> np.ndarray:
    """Warmup and decay make every update small; they say nothing of a layer."""
    lr = run.get(LR)
    now = lr.finite().at(steps) if lr is not None and len(lr.finite()) else np.ones(len(steps))
    peak = np.nanmax(now, initial=0.0)
    return now >= LOW * peak if peak > 0 else np.ones(len(steps), bool)


def _evidence(run: Run, kept: Layers, layer: int, measured: float) -> Evidence:
    bound = LOWEST if measured < GOOD else HIGHEST
    return Evidence(
        UPDATE_RATIO, *kept.span(run[UPDATE_RATIO]), f"median update ratio of {kept.names[layer]}", measured, bound
    )


def _own_rate(layer: str, factor: float, low: bool) -> Remedy:
    rounded = float(f"{factor:.1g}")
    action = f"Give {layer} a parameter group with {rounded:g} times the learning rate, or initialize it {'smaller' if low else 'larger'}."
    return Remedy(action, f"lr/{layer}", "then it moves as much as the others, for its size", factor=rounded)


def _network(run: Run) -> Finding | None:
    curve = run[UPDATE_RATIO].finite()
    late: Floats = curve.values[_at_full_rate(run, curve.steps)]
    usual = float(np.median(late)) if late.size >= LEAST_SAMPLES else GOOD
    if NETWORK_LOWEST <= usual <= NETWORK_HIGHEST or usual == 0:
        return None
    bound, what = (NETWORK_LOWEST, "barely moves") if usual < GOOD else (NETWORK_HIGHEST, "is overwritten")
    factor = float(f"{GOOD / usual:.1g}")
    evidence = Evidence(UPDATE_RATIO, int(curve.steps[0]), int(curve.steps[-1]), "median update ratio", usual, bound)
    remedy = Remedy(
        f"Multiply the learning rate by {factor:g}.", "lr", f"the ratio then is near {GOOD:g}", factor=factor
    )
    said = f"A step moves the weights by {usual:.1g} of their size; the network {what}."
    return Finding("update_ratio", "info", said, (evidence,), (remedy,))


def _with_ratios(ratios: list[float]) -> Run:
    return synthetic.layered(synthetic.healthy(), np.ones(np.shape(ratios)[-1]), update_ratio=ratios)


RULE = Rule(
    "update_ratio",
    "Update ratio off",
    check,
    needs={UPDATE_RATIO: LEAST_SAMPLES},
    fires={
        "one layer hardly moves": lambda: _with_ratios([1e-8, 1e-3, 1e-3, 2e-3]),
        "one layer is overwritten": lambda: _with_ratios([1e-3, 2e-3, 0.5, 1e-3]),
        "the whole network is overwritten": lambda: synthetic.make(
            synthetic.noisy(synthetic.falling()), update_ratio=0.8
        ),
    },
    silent={
        "a healthy run": synthetic.healthy,
        "an embedding with few symbols in a batch": lambda: _with_ratios([1e-4, 3e-3, 3e-3, 2e-3]),
        "a frozen layer": lambda: _with_ratios([0.0, 1e-3, 1e-3, 2e-3]),
        "all layers slow alike": lambda: _with_ratios([8e-6, 9e-6, 1e-5, 2e-5]),
    },
)
