"""Colours of runs and of ranks that stay apart for colour-blind eyes, each for a light page and for a dark one."""

import zlib
from collections.abc import Sequence

Pair = tuple[str, str]

# Found by search in OKLab: any two differ by at least 0.08 (four times what the eye just sees) in normal sight and under
# simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009), and by 2.9 : 1 from the page.
RUNS: tuple[Pair, ...] = (
    ("#992b57", "#a56767"),
    ("#e9622e", "#ef7926"),
    ("#0c6383", "#3b859b"),
    ("#191c8f", "#8b5dce"),
    ("#1795fa", "#98e9e3"),
    ("#424e08", "#b3cf98"),
    ("#c37c7b", "#ca8e79"),
    ("#814ec6", "#b082f7"),
    ("#9b5c45", "#c94c18"),
    ("#6b7db6", "#5caeb2"),
    ("#5a1d2b", "#dfe044"),
    ("#432657", "#eca5fc"),
)
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
    """The colour of each run: by its key, so that it has the same tomorrow; no two alike as long as there are enough."""
    taken: dict[str, int] = {}
    for key in sorted(keys, key=_hash):
        used = [list(taken.values()).count(i) for i in range(len(RUNS))]
        first = _hash(key) % len(RUNS)
        turn = [(first + i) % len(RUNS) for i in range(len(RUNS))]
        taken[key] = min(turn, key=lambda i: used[i])
    return taken


def _hash(key: str) -> int:
    return zlib.crc32(key.encode())


def by_rank() -> list[list[float | str]]:
    """Plotly's colour scale from the worst (0) to the best (1)."""
    return [[i / (len(RANKS) - 1), f"$rank{len(RANKS) - 1 - i}"] for i in range(len(RANKS))]
