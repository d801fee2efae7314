"""How far a measurement is from the threshold it is judged by, and on which side it would have to come for another answer."""

import math
from dataclasses import dataclass
from typing import Literal

from diagnostics.report import Evidence, Finding

NEAR = 0.02  # of the threshold: a loss that ends where it began may be a little above or below


@dataclass(frozen=True)
class Turn:
    """A measurement that would speak against its finding once it came to ``threshold`` or further, to the ``side`` named."""

    evidence: Evidence
    side: Literal["below", "above"]


def turns(finding: Finding) -> list[Turn]:
    """What would have to be measured for ``finding`` not to be made, one for each evidence that is on a side of its threshold.

    A rule may need several of them: nothing is said on which alone would do. Healthy is said when nothing else is, and turns
    with no number of its own.
    """
    if finding.rule == "healthy":
        return []
    return [Turn(e, "below" if e.measured > e.threshold else "above") for e in finding.evidence if _has_side(e)]


def _has_side(e: Evidence) -> bool:
    """Whether it is clear on which side it is: as near as ``NEAR`` a rule has a tolerance of its own."""
    times = factor(e)
    known = not math.isnan(e.measured) and not math.isnan(e.threshold) and e.measured != e.threshold
    return known and (times is None or abs(times - 1) > NEAR)


def factor(evidence: Evidence) -> float | None:
    """Measured over threshold; None where that says nothing: a sign, a zero or an infinity between them."""
    measured, threshold = evidence.measured, evidence.threshold
    if not (math.isfinite(measured) and math.isfinite(threshold)) or threshold == 0 or measured / threshold <= 0:
        return None
    return measured / threshold
