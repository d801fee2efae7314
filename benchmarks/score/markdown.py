"""Tables and figures as they stand on the page."""

from collections.abc import Iterable, Sequence

import pandas as pd

NONE = "–"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    lines = [list(head), ["---", *["---:"] * (len(head) - 1)], *map(list, rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def share(part: float, whole: float) -> str:
    """``part`` of ``whole`` with both numbers, so that nobody mistakes 1 of 2 for half of a field."""
    return f"{part / whole:.2f} ({part:,.0f} of {whole:,.0f})" if whole else NONE


def number(value: float | None, digits: int = 2) -> str:
    """``value`` with ``digits`` decimals; a dash where there is none."""
    return NONE if value is None or pd.isna(value) else f"{value:.{digits}f}"


def percent(value: float | None) -> str:
    """A share (0–1) in per cent; a dash where there is none."""
    return NONE if value is None or pd.isna(value) else f"{100 * value:.0f} %"


def seconds(value: float) -> str:
    """A duration in the unit that suits it, three digits."""
    scale, unit = (1, "s") if value >= 1 else (1e3, "ms")
    return f"{value * scale:.3g} {unit}"
