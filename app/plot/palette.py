"""Colours of runs and of ranks that stay apart for colour-blind eyes, each for a light page and for a dark one."""

import zlib
from collections.abc import Sequence

Pair = tuple[str, str]

# Found by search in OKLab, one of each of eight hues: any two differ by 0.19 in normal sight and by 0.12 under simulated
# protanopia, deuteranopia and tritanopia (Machado et al. 2009; the eye just sees 0.02), and by 2.8 : 1 from the page.
RUNS: tuple[Pair, ...] = (
    ("#1a3a97", "#36a6ff"),
    ("#cb2713", "#d73c00"),
    ("#047964", "#2e846b"),
    ("#f252b5", "#f15fbc"),
    ("#b9914d", "#a3ae35"),
    ("#009dfc", "#53eaff"),
    ("#863add", "#9149f1"),
    ("#701b3a", "#ffb8a6"),
)
# More than eight colours are soon alike on a thin line: the next eight runs carry circles, the next squares.
SYMBOLS = ("", "circle", "square", "triangle-up", "diamond")
# One hue direction, lightness falling all the way: the best run stands out of the page, the worst sinks into it.
RANKS: tuple[Pair, ...] = (
    ("#06283d", "#fdf3a7"),
    ("#1f6f8b", "#e89a4f"),
    ("#6fb1a0", "#a8476a"),
    ("#c9d9b0", "#44355f"),
)
FILL = "30"  # alpha of a band: lines show through where two overlap
PALETTE = {
    **{f"run{i}": pair for i, pair in enumerate(RUNS)},
    **{f"fill{i}": (light + FILL, dark + FILL) for i, (light, dark) in enumerate(RUNS)},
    **{f"rank{i}": pair for i, pair in enumerate(RANKS)},
}


def assigned(keys: Sequence[str]) -> dict[str, int]:
    """The mark of each run, by its key, so that it has the same tomorrow: a colour while there are enough, then a symbol too."""
    taken: dict[str, int] = {}
    used = [0] * len(RUNS)
    for key in sorted(keys, key=_hash):
        turn = [(_hash(key) + i) % len(RUNS) for i in range(len(RUNS))]
        hue = min(turn, key=lambda i: used[i])
        taken[key] = hue + len(RUNS) * (used[hue] % len(SYMBOLS))
        used[hue] += 1
    return taken


def colour(mark: int) -> str:
    """The colour of ``mark``, by its name in ``PALETTE``."""
    return f"$run{mark % len(RUNS)}"


def fill(mark: int) -> str:
    """The same, for a band."""
    return f"$fill{mark % len(RUNS)}"


def symbol(mark: int) -> str:
    """What stands on the line of ``mark``; "" for nothing."""
    return SYMBOLS[mark // len(RUNS)]


def swatch(mark: int) -> tuple[str, str, str]:
    """What a legend shows of ``mark``: its colour on a light page and on a dark one, and its symbol."""
    return *RUNS[mark % len(RUNS)], symbol(mark)


def _hash(key: str) -> int:
    return zlib.crc32(key.encode())


def by_rank() -> list[list[float | str]]:
    """Plotly's colour scale from the worst (0) to the best (1)."""
    return [[i / (len(RANKS) - 1), f"$rank{len(RANKS) - 1 - i}"] for i in range(len(RANKS))]
