"""The layers of a run: a map of them over the steps, and by name those that are furthest from what is sound."""

from typing import Any

import pandas as pd
import streamlit as st

from app.plot import heatmap
from app.plot.component import chart
from app.plot.points import Sight
from app.words import number, plain
from diagnostics import heat
from diagnostics.run import Run

WORST = 6  # layers named: the rest is seldom read
SAYS = {
    heat.RATIO: "Update norm / weight norm. Grey is near 1e-3, where it wants to be; blue is too small, orange too large.",
    heat.NORM: "The stronger the colour, the larger. Layers far above or below the median layer are named.",
}
CELL = "Each cell is the worst of its samples: for the ratio the one furthest from 1e-3, for the norm the largest."


def show(run: Run, key: str, *, known: str | None, sight: Sight, place: dict[str, Any]) -> None:
    """Draw the layers below the curves, over the same axis. ``place`` is where the choice of the quantity is kept."""
    if run.layers is None or run.layers.empty:
        return
    with st.container(key="layer-grid"):  # page.css puts the names beside the map, and the map below the curves
        with st.container(key="layer-map"):
            quantity = _quantity(place)
            worst = heat.worst(run, quantity, WORST)
            _map(run, key, quantity, worst, known, sight)
        with st.container(key="layer-names"):
            _named(worst, quantity)
            _table(worst, key)


def _map(run: Run, key: str, quantity: str, worst: pd.DataFrame, known: str | None, sight: Sight) -> None:
    figure = heatmap.figure(run, quantity, worst, sight=sight, key=known)
    st.caption(plain(f"{SAYS[quantity]} {CELL}"))
    if figure:
        chart(figure, key=f"{key}.layers", alt=f"{heatmap.NAMES[quantity]} of each layer", name=f"{run.name} layers")


def _quantity(place: dict[str, Any]) -> str:
    quantities = {name: quantity for quantity, name in heatmap.NAMES.items()}
    usual = heatmap.NAMES[heat.RATIO]
    return quantities[st.segmented_control("Layers", list(quantities), default=usual, **place) or usual]


def _named(worst: pd.DataFrame, quantity: str) -> None:
    """The letters at the map's edge, spelled out."""
    against = "1e-3" if quantity == heat.RATIO else "the median layer"
    st.markdown(plain(f"Layers furthest from {against}, medians over the run"))
    lines = [
        f"**{letter}** {plain(row['layer'])}  \n:gray[{plain(_far(row[quantity], row['factor']))}]"
        for letter, row in zip(heatmap.LETTERS, worst.to_dict("records"), strict=False)
    ]
    st.markdown("\n\n".join(lines))


def _far(value: float, factor: float) -> str:
    """``1.9e-05, 53 times below``."""
    if not factor > 0:
        return "no update" if factor == 0 else "not known"
    side, times = ("above", factor) if factor > 1 else ("below", 1 / factor)
    return f"{value:.2g}, {number(times, 2)} times {side}"


def _table(worst: pd.DataFrame, key: str) -> None:
    """Made when it is unfolded."""
    folded = st.expander("All norms of these layers", key=f"{key}.norms", on_change="rerun")
    if folded.open:
        folded.dataframe(
            worst,
            hide_index=True,
            column_order=("layer", "update_ratio", "weight_norm", "update_norm", "grad_norm"),
            column_config={
                "layer": st.column_config.TextColumn("Layer", pinned=True),
                "update_ratio": st.column_config.NumberColumn("Update ratio", format="%.1e"),
                "weight_norm": st.column_config.NumberColumn("Weight norm", format="%.3g"),
                "update_norm": st.column_config.NumberColumn("Update norm", format="%.1e"),
                "grad_norm": st.column_config.NumberColumn("Gradient norm", format="%.1e"),
            },
        )
