"""Accuracies that a loop of one's own logged in per cent."""

import numpy as np

from diagnostics.curve import Curve
from diagnostics.readers.understanding.guess import ACCURACIES, MOST, PER_CENT

NOTE = "{} was logged in per cent and is read as a fraction; the files keep what was logged"


def as_fractions(curves: dict[str, Curve], notes: list[str]) -> dict[str, Curve]:
    """``curves`` with accuracies as the fractions that every rule takes them for; each that was none is noted."""
    logged = [curves[tag] for tag in ACCURACIES if tag in curves and PER_CENT < _highest(curves[tag]) <= MOST]
    notes += [NOTE.format(curve.tag) for curve in logged]
    return {**curves, **{c.tag: Curve(c.tag, c.steps, c.values / 100, c.wall_time) for c in logged}}


def _highest(curve: Curve) -> float:
    values = curve.finite().values
    return float(np.max(values)) if values.size else 0.0
