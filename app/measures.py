"""A measurement beside the threshold it is judged by, in words and as a bar."""

from app.words import figure, number
from diagnostics.doubt import Turn, factor
from diagnostics.report import Evidence, Remedy

LEAST = 0.005  # a share that rounds to 0 %
FAR = 2.0  # times: from there a factor says more than a share


def line(e: Evidence) -> str:
    """Where, what, how much against what: one line."""
    return f"{e.tag}, {_span(e)}: {e.statistic}: {against(e)}"


def against(e: Evidence) -> str:
    """``1.57 against 1.05``, with the unit, and how far beyond."""
    return f"{_with_unit(e.measured, e.unit)} against {_with_unit(e.threshold, e.unit)}{far(e)}"


def size(remedy: Remedy) -> str:
    """``lr × 0.1``: how much to change, and what."""
    change = f"= {number(remedy.value, 3)}" if remedy.factor is None else f"× {figure(remedy.factor)}"
    return f"{remedy.parameter} {change}"


def far(e: Evidence) -> str:
    """``, 2.5 times as much``, ``, 50% more``; nothing where no factor says it."""
    times = factor(e)
    if times is None or abs(times - 1) < LEAST:
        return ""
    if times >= FAR:
        return f", {number(times, 2)} times as much"
    return f", {100 * abs(times - 1):.0f}% {'more' if times > 1 else 'less'}"


def turned(turn: Turn) -> str:
    """What would have to be measured instead."""
    e = turn.evidence
    side = "less" if turn.side == "below" else "more"
    return f"{e.statistic} ({e.tag}): {_with_unit(e.threshold, e.unit)} or {side}"


def bar(e: Evidence) -> str:
    """HTML of a bar as long as what was measured, with a tick at the threshold; "" where they have no common scale."""
    times = factor(e)
    if times is None:
        return ""
    whole = 1.15 * max(times, 1.0)
    return (
        f'<div class="cw-bar" aria-hidden="true"><i style="width:{times / whole:.2%}"></i>'
        f'<b style="left:{1 / whole:.2%}"></b></div>'
    )


def _with_unit(value: float, unit: str) -> str:
    """``1.57``, ``2 points``, ``1 point``."""
    said = figure(value)
    single = unit.removesuffix("s") if said == "1" and len(unit) > 1 else unit
    return f"{said} {single}" if unit else said


def _span(e: Evidence) -> str:
    if e.first_step == e.last_step:
        return f"step {number(e.first_step)}"
    return f"steps {number(e.first_step)} to {number(e.last_step)}"
