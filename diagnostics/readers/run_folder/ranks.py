"""The other processes of a distributed run: their health, and their shares of the parameters, added up.

Every rank writes for itself into ``ranks/<rank>/`` (nobody waits for anybody while training). A shard's norm is that of a part
of a tensor: the squares of all ranks add up to the square of the whole.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from collector import run_file, schema
from diagnostics.readers.run_folder.rows import Attempt, layer_rows

NORMS = ["weight_norm", "update_norm", "grad_norm"]
WAY_OUT = "make the Collector on every rank, and keep the ranks folders of all machines together"


def folders(run: Path) -> dict[int, Path]:
    """The folders of the ranks that recorded something, by rank."""
    ranks = run / schema.RANKS
    found = [path for path in ranks.iterdir() if path.name.isdigit()] if ranks.is_dir() else []
    return {int(path.name): path for path in sorted(found, key=lambda path: int(path.name))}


def whole_layers(run: Path, about: Mapping[str, Any], notes: list[str]) -> dict[int, pd.DataFrame]:
    """Rows of ``LAYERS_SCHEMA`` of sharded parameters by attempt of the run: steps at which every rank measured."""
    shares = _shares(run, about, notes)
    worlds = {entry["attempt"]: entry.get("world_size") for entry in run_file.attempts(dict(about))}
    whole = {}
    for attempt, by_rank in shares.items():
        world = worlds.get(attempt) or len(by_rank)
        missing = sorted(set(range(world)) - by_rank.keys())
        if missing:
            ranks = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            notes.append(f"norms of sharded parameters are incomplete: nothing from rank {ranks} of {world}; {WAY_OUT}")
            continue
        whole[attempt] = _sum([_frame(by_rank[rank]) for rank in range(world)])
    return whole


def _shares(run: Path, about: Mapping[str, Any], notes: list[str]) -> dict[int, dict[int, Attempt]]:
    """Layer rows by attempt of the run and by rank."""
    shares: dict[int, dict[int, Attempt]] = {}
    for rank, folder in folders(run).items():
        pairs = {} if rank == 0 else _pairs(about, run_file.read(folder))
        for attempt in layer_rows(folder, notes):
            shares.setdefault(pairs.get(attempt.number, attempt.number), {})[rank] = attempt
    return shares


def _pairs(run: Mapping[str, Any], rank: Mapping[str, Any]) -> dict[int, int]:
    """Attempt of the rank → attempt of the run: those that began at about the same time belong together."""
    begun = [(float(entry.get("started_at") or 0), int(entry["attempt"])) for entry in run_file.attempts(dict(run))]
    return {
        int(entry["attempt"]): min(begun, key=lambda b: abs(b[0] - float(entry.get("started_at") or 0)))[1]
        for entry in (run_file.attempts(dict(rank)) if begun else [])
    }


def _frame(attempt: Attempt) -> pd.DataFrame:
    frame: pd.DataFrame = attempt.table.to_pandas()
    return frame


def _sum(parts: list[pd.DataFrame]) -> pd.DataFrame:
    rows = pd.concat(parts, ignore_index=True)
    order = rows["layer"].drop_duplicates()
    squares = rows[["step", "layer"]].join(rows[NORMS] ** 2).groupby(["step", "layer"], sort=False)
    whole: pd.DataFrame = (
        squares[NORMS].sum(min_count=1).pow(0.5)[(squares.size() == len(parts)).to_numpy()].reset_index()
    )
    whole["update_ratio"] = (whole["update_norm"] / whole["weight_norm"]).where(whole["weight_norm"] != 0)
    rank = whole["layer"].map({layer: i for i, layer in enumerate(order)})
    order_of_rows = np.lexsort((rank.to_numpy(), whole["step"].to_numpy()))
    ordered: pd.DataFrame = whole.iloc[order_of_rows][schema.LAYERS_SCHEMA.names].reset_index(drop=True)
    return ordered


def totals(layers: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    """(tag, values by step) over all parameters, at the steps at which each of them was measured."""
    squares = layers[["step"]].join(layers[NORMS] ** 2).groupby("step")
    sums = squares[NORMS].sum(min_count=1).pow(0.5)[(squares.size() == layers["layer"].nunique()).to_numpy()]
    ratio = (sums["update_norm"] / sums["weight_norm"]).where(sums["weight_norm"] != 0)
    yield schema.UPDATE_RATIO, ratio.dropna()
    yield schema.GRAD_NORM, sums["grad_norm"].dropna()
