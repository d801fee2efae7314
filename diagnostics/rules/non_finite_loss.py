"""A loss was NaN or infinite at some steps.

What it means
    A number in the forward pass overflowed, or a zero was divided by or its logarithm taken. Where the loss recovers, the bad value did
    not reach the weights: the step was skipped, or only the measurement failed.

Why it matters
    One such step that is not skipped makes every weight NaN. What the gradient, the learning rate and the loss did just before says
    whether the run blew up or met a bad example.

Criterion
    At least one value of train/loss or val/loss is NaN or infinite; an error where the loss is still not finite at its end. The
    lead-up names what moved in the last LEAD points before: a gradient norm, update ratio or loss of more than
    GROWN times its median until then, or a learning rate of more than LR_GROWN times.

Source
    Micikevicius et al., "Mixed precision training", 2018 (overflow in half precision); Pascanu et al., "On the difficulty of training
    recurrent neural networks", 2013 (clipping). Lead-up: runmedic's bounds, gradient × 5 and learning rate × 3.

Known limits
    A logger that drops NaN hides it; masked_nan looks for the traces. A loss logged every hundredth step meets few of the bad ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from collector.schema import GRAD_NORM, LR, TRAIN_LOSS, UPDATE_RATIO, VAL_LOSS
from diagnostics import synthetic
from diagnostics.curve import Curve
from diagnostics.report import Evidence, Finding, Remedy
from diagnostics.rule import Rule
from diagnostics.run import Run

LEAD = 5  # points before the first bad value
GROWN = 5.0  # times the median before: see Source
LR_GROWN = 3.0  # times the median before: see Source
LEAST_BEFORE = 10  # points for a median to compare with
CLIP = 2.0  # times the usual gradient norm: leaves ordinary steps alone
NAMES = {TRAIN_LOSS: "training loss", VAL_LOSS: "validation loss"}


def check(run: Run) -> Iterator[Finding]:
    """Fires once: for the loss that is broken for good, else for the one that broke first."""
    broken = [run[tag] for tag in NAMES if tag in run and not np.isfinite(run[tag].values).all()]
    if broken:
        worst = min(broken, key=lambda c: (bool(np.isfinite(c.values[-1])), c.steps[np.argmin(np.isfinite(c.values))]))
        yield _finding(run, worst, NAMES[worst.tag])


def _finding(run: Run, loss: Curve, name: str) -> Finding:
    bad = ~np.isfinite(loss.values)
    at, count = int(np.argmax(bad)), int(bad.sum())
    for_good = bool(bad[-1])
    since = _first_of_the_last(bad) if for_good else at
    what = "infinite" if np.isinf(loss.values[bad]).all() else "not a number"
    leads = _leads(run, loss, int(loss.steps[since]))
    evidence = Evidence(
        loss.tag,
        int(loss.steps[since]),
        int(loss.steps[np.flatnonzero(bad)[-1]]),
        "values not finite",
        count,
        0,
        "points",
    )
    return Finding(
        "non_finite_loss",
        "error" if for_good else "warning",
        f"The {name} {_when(loss, since, count, what, for_good)}.{''.join(lead.said for lead in leads)}",
        (evidence, *(lead.evidence for lead in leads)),
        _remedies(run, leads),
    )


def _first_of_the_last(bad: np.ndarray) -> int:
    """Index at which the stretch of bad values that lasts to the end begins."""
    good = np.flatnonzero(~bad)
    return int(good[-1]) + 1 if good.size else 0


def _when(loss: Curve, since: int, count: int, what: str, for_good: bool) -> str:
    if for_good:
        return f"is {what} from step {loss.steps[since]:,} on"
    after = loss.values[since:]  # by their order: in a damaged log all may stand at one step
    back = f"went on at {after[np.isfinite(after)][0]:.3g}"
    if count == 1:
        return f"was {what} at step {loss.steps[since]:,} and {back}"
    return f"was {what} at {count:,} of {len(loss):,} points, first at step {loss.steps[since]:,}, and {back}"


@dataclass(frozen=True)
class Lead:
    """What moved before the loss broke: a sentence, its evidence, and the usual level."""

    tag: str
    said: str
    evidence: Evidence
    usual: float


def _leads(run: Run, loss: Curve, step: int) -> list[Lead]:
    bounds = {GRAD_NORM: GROWN, UPDATE_RATIO: GROWN, LR: LR_GROWN, loss.tag: GROWN}
    found = [_lead(run[tag], step, bound) for tag, bound in bounds.items() if tag in run]
    return [lead for lead in found if lead]


def _lead(curve: Curve, step: int, bound: float) -> Lead | None:
    """The median and the highest of the last points before ``step``; a broken one counts as the highest."""
    before = curve.where(curve.steps < step)
    usual, last = before.values[:-LEAD], before.where(np.arange(len(before)) >= len(before) - LEAD)
    usual = usual[np.isfinite(usual)]
    if usual.size < LEAST_BEFORE:
        return None
    level, peak = float(np.median(usual)), float(np.max(np.where(np.isnan(last.values), np.inf, last.values)))
    if not peak > bound * level > 0:
        return None
    words = f"{peak / level:.3g} times its usual {level:.2g}" if np.isfinite(peak) else "not finite"
    span = int(last.steps[0]), int(last.steps[-1])
    evidence = Evidence(curve.tag, *span, "highest value before, over the median until then", peak / level, bound)
    return Lead(curve.tag, f" Just before, {curve.tag} was {words}.", evidence, level)


def _remedies(run: Run, leads: list[Lead]) -> tuple[Remedy, ...]:
    found = [_against(lead) for lead in leads]
    skip = Remedy(
        "Skip the step when the loss or the gradient norm is not finite, and print the batch.",
        "skip_non_finite",
        "one such step makes every weight NaN, and the batch shows whether the data is at fault",
        value=True,
    )
    half = "16" in str(run.config.get("precision", "")) or run.config.get("fp16") is True
    wide = Remedy("Use bfloat16 in place of float16.", "precision", "it reaches as far as float32", value="bf16")
    return (*(r for r in found if r), skip, *((wide,) if half and not run.config.get("bf16") else ()))


def _against(lead: Lead) -> Remedy | None:
    if lead.tag == GRAD_NORM:
        limit = float(f"{CLIP * lead.usual:.2g}")
        because = f"ordinary steps have {lead.usual:.2g}, so only the burst is cut"
        return Remedy(f"Clip the gradient norm at {limit:g}.", "max_grad_norm", because, value=limit)
    if lead.tag == LR:
        back = float(f"{lead.usual:.2g}")
        return Remedy(f"Keep the learning rate at {back:g}.", "lr", "it held until the rate rose", value=back)
    return None


def _one_bad(value: float, **more: np.ndarray) -> Run:
    values = synthetic.noisy(synthetic.falling())
    values[300] = value
    return synthetic.make(values, **more)  # type: ignore[arg-type]


def _val_breaks() -> Run:
    val = synthetic.falling(last=0.2)
    val[700:] = np.inf
    return synthetic.make(synthetic.noisy(synthetic.falling()), val)


RULE = Rule(
    "non_finite_loss",
    "Loss not finite",
    check,
    needs={TRAIN_LOSS: 0},
    fires={
        "one NaN, then it goes on": lambda: _one_bad(np.nan),
        "one infinite value after a burst of updates": lambda: _one_bad(
            np.inf, update_ratio=np.where(abs(np.arange(1000) - 298) < 2, 0.3, 1e-3)
        ),
        "validation overflows for good": _val_breaks,
    },
    silent={
        "a healthy run": synthetic.healthy,
        "one huge but finite value": lambda: _one_bad(1e30),
    },
)
