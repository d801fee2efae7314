"""Colours of runs and of ranks that stay apart for colour-blind eyes, each for a light page and for a dark one."""

import zlib
from collections.abc import Sequence

Pair = tuple[str, str]

# Found by search in OKLab, in normal sight and under simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009):
# any two of the first FEW differ by at least 0.11, of all by 0.05 (the eye just sees 0.02), and 2.7 : 1 from the page.
FEW = 8
RUNS: tuple[Pair, ...] = (
    ("#072198", "#a1c7f8"),
    ("#de7515", "#f7945a"),
    ("#45a992", "#22fbc6"),
    ("#5d1252", "#9a6789"),
    ("#8a5f18", "#fbd530"),
    ("#1c719a", "#5dacba"),
    ("#b170f1", "#7366d9"),
    ("#8a0219", "#cb4835"),
    ("#8140d0", "#b688fe"),
    ("#703a5f", "#cb7483"),
    ("#718161", "#e16c10"),
    ("#a84078", "#cdd093"),
    ("#cb4cc4", "#59ceba"),
    ("#8e9e5d", "#ad36a7"),
    ("#2382ba", "#c6e1ff"),
    ("#4f654a", "#9186d1"),
    ("#431575", "#6e7655"),
    ("#5623b7", "#e5a691"),
    ("#34492f", "#d1947f"),
    ("#4458a1", "#e2e58d"),
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
    """The colour of each run, by its key, so that it has the same tomorrow; no two alike while there are enough.

    Up to ``FEW`` runs share the colours that are furthest apart.
    """
    many = FEW if len(keys) <= FEW else len(RUNS)
    taken: dict[str, int] = {}
    used = [0] * many
    for key in sorted(keys, key=_hash):
        turn = [(_hash(key) + i) % many for i in range(many)]
        taken[key] = min(turn, key=lambda i: used[i])
        used[taken[key]] += 1
    return taken


def _hash(key: str) -> int:
    return zlib.crc32(key.encode())


def by_rank() -> list[list[float | str]]:
    """Plotly's colour scale from the worst (0) to the best (1)."""
    return [[i / (len(RANKS) - 1), f"$rank{len(RANKS) - 1 - i}"] for i in range(len(RANKS))]
