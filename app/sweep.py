"""Hyperparameters against what came of them: parallel coordinates, and two of them as a scatter."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.fields import AUTOMATIC, FIELDS, Field, Value, differing, missing, ordered, setting
from app.library import Row
from app.listing import written
from app.plot.component import chart
from app.plot.parallel import parallel
from app.plot.scatter import scatter
from app.slot import slot

MOST = 2_000  # runs drawn: beyond, the browser is slow and points hide each other
SCORES = ("accuracy", "loss")
RATES, DECAYS = ("lr", "learning_rate", "max_lr", "base_lr"), ("weight_decay", "wd")


def parallel_coordinates(rows: Sequence[Row]) -> None:
    """A line for each run through its hyperparameters to its best validation."""
    names = differing(rows)
    if (asked := _score(rows, names)) is None:
        return
    score, best, place = asked
    with place:
        wanted = st.multiselect(
            "Axes", names, names[:AUTOMATIC], key="axes", bind="query-params", persist_state="session"
        )
    fields = [*map(setting, wanted), score]
    figure = parallel([(f.title, _values(best, f)) for f in fields], ranks(best, score))
    chart(figure, key="compare.parallel", alt=f"{len(best)} runs by {', '.join(wanted)}, coloured by rank")
    st.caption(
        "Drag along an axis to keep the runs that pass through there; drag its name to move it\\. A click on an axis frees it\\."
    )


def two_settings(rows: Sequence[Row]) -> str | None:
    """Two hyperparameters against each other, coloured by rank of the best validation. Gives the run that was clicked."""
    names = differing(rows)
    if (asked := _score(rows, names)) is None:
        return None
    score, best, place = asked
    with place:
        x = _axis("X-axis", "across", names, RATES, 0)
        y = _axis("Y-axis", "up", names, DECAYS, 1)
    said = [written(score.slug, score.of(row, 0.0)) for row in best]
    across, up = ((name, _values(best, setting(name))) for name in (x, y))
    keys, labels = [row.key for row in best], [row.name for row in best]
    figure = scatter(keys, labels, across, up, (score.title, said), ranks(best, score))
    return chart(figure, key="compare.scatter", alt=f"{len(best)} runs by {x} and {y}, coloured by rank")


def ranks(rows: Sequence[Row], score: Field) -> list[int]:
    """Place of each run by ``score``, 1 for the best; equal scores share a place."""
    values = [score.of(row, 0.0) for row in rows]
    better = sorted((float(v) for v in values if v is not None), reverse=not score.low)
    return [better.index(float(v)) + 1 for v in values if v is not None]


def _score(rows: Sequence[Row], names: Sequence[str]) -> tuple[Field, list[Row], DeltaGenerator] | None:
    """What to rank by, the runs that have it, best first, and where to ask on; None when there is nothing, which is said."""
    known = [slug for slug in SCORES if any(not missing(FIELDS[slug].of(row, 0.0)) for row in rows)]
    if not known or not names or len(rows) < 2:
        st.info(_why(rows, bool(known)), icon=":material/tune:")
        return None
    most = max(known, key=lambda slug: sum(not missing(FIELDS[slug].of(row, 0.0)) for row in rows))
    place = st.container(horizontal=True, vertical_alignment="bottom", key="sweep-ask")
    slug = place.segmented_control(
        "Rank by best validation",
        known,
        default=most,
        required=True,
        key="score",
        bind="query-params",
        persist_state="session",
    )
    score = FIELDS[str(slug)]
    best = [row for row in ordered(rows, score, 0.0, descending=not score.low) if not missing(score.of(row, 0.0))]
    line = slot()
    if len(best) > MOST:
        line.caption(f"The best {MOST:,} of {len(best):,} are drawn\\.")
    elif len(best) < len(rows):
        line.caption(f"{len(rows) - len(best):,} of {len(rows):,} runs have no validation {slug} and are left out\\.")
    return score, best[:MOST], place


def _why(rows: Sequence[Row], scored: bool) -> str:
    if len(rows) < 2:
        return "It takes two runs to compare."
    if not scored:
        return "None of these runs has a validation loss or accuracy to rank by. Log one with run.log_eval(loss=…, accuracy=…)."
    return (
        'These runs have no hyperparameters that differ. Give them to the collector: Collector(…, config={"lr": lr}).'
    )


def _axis(label: str, key: str, names: Sequence[str], usual: Sequence[str], place: int) -> str:
    first = next((i for i, name in enumerate(names) if name.lower() in usual), min(place, len(names) - 1))
    return str(st.selectbox(label, names, first, key=key, bind="query-params", persist_state="session", width=240))


def _values(rows: Sequence[Row], field: Field) -> list[Value]:
    return [field.of(row, 0.0) for row in rows]
