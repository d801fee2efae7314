"""The controls above the list of runs: the filter and its chips, sorting, grouping, columns. All of them stand in the address."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import filters, library, words
from app.fields import AUTOMATIC, CONFIG, FIELDS, Field, differing, ordered, setting
from app.filters import Found
from app.grouping import FOLDS, NONE, grouped, part
from app.library import Row
from app.listing import CHIPS, FILTER, Chip, Heading, told
from app.slot import slot

QUERY, SORT, GROUP, COLUMNS, PAGE = "q", "sort", "group", "columns", "page"
NEWEST, DESCENDING = "newest", " descending"
KEPT, WANTED, TRIED = "search.kept", "search.wanted", "search.tried"  # in the session
HELP = (
    "Words match names. A field with a comparison matches values: `lr>0.01`, `verdict=overfitting`, `state=running`, "
    "`accuracy>=0.9`, `optimizer!=sgd`. Commas give a choice: `batch_size=32,64`. A minus excludes a name: `-test`. "
    'Quotes keep blanks together: `"my run"`. The key / leads here.'
)


@dataclass(frozen=True)
class Order:
    """How the list is arranged: what it is sorted and grouped by, and the hyperparameters beside the results."""

    sort: str
    group: str
    settings: list[Field]

    @property
    def slug(self) -> str:
        """The sorting as the table's head shows it: a minus for descending."""
        if self.sort == NEWEST:
            return ""
        return f"-{self.sort.removesuffix(DESCENDING)}" if self.sort.endswith(DESCENDING) else self.sort


def restore() -> None:
    """Bring back what was asked before another page was looked at; an address that asks for something is obeyed."""
    if not any(name in st.query_params for name in (QUERY, SORT, GROUP, COLUMNS)):
        kept = st.session_state.get(KEPT, {})
        st.session_state.update(kept)
        st.session_state[WANTED] = kept.copy()


def keep(asked: dict[str, object]) -> None:
    """Remember what is asked, for ``restore``.

    Streamlit empties the address before it leads elsewhere; on the browser's way back it takes the empty one at its word
    and drops what was restored. One more run brings it back; no more than one, for what was asked may no longer be there.
    """
    wanted = st.session_state.pop(WANTED, {})
    lost = any(wanted.get(key, value) != value for key, value in asked.items())
    again = lost and not st.session_state.get(TRIED)
    st.session_state[TRIED] = lost
    if again:
        st.rerun()
    kept = st.session_state.setdefault(KEPT, {})
    if any(kept.get(key, value) != value for key, value in asked.items()):
        st.session_state[PAGE] = 1  # of another list
    kept.update(asked)


def reading() -> bool:
    """Whether inputs are still read for the first time, with a bar that says how many; the list shows those that have been."""
    done, total = library.progress()
    bar = slot(key="reading")
    if done < total:
        bar.progress(done / total, f"Reading: {done:,} of {total:,}")
    return done < total


def search(rows: Sequence[Row], now: float) -> Found:
    """The filter, and what it leaves of ``rows``."""
    text = st.text_input(
        FILTER,
        key=QUERY,
        bind="query-params",
        persist_state="session",
        live="200ms",
        icon=":material/search:",
        placeholder="name, lr>0.01, verdict=overfitting",
        help=HELP,
    )
    return filters.find(rows, text or "", now)


def problem(found: Found) -> None:
    """Say in one line why a filter was not understood."""
    line = slot()
    if found.problem:
        line.caption(f":orange[{words.plain(found.problem)} All runs are shown\\.]")


def arrange(rows: Sequence[Row], found: Found) -> Order:
    """Ask how to sort and group, and for columns; as many hyperparameters as fit are there unasked."""
    differ = differing(rows)
    slugs = [*FIELDS, *(setting(name).slug for name in differ)]
    sort = _select("Sort", SORT, [NEWEST, *(each for slug in slugs for each in (slug, slug + DESCENDING))])
    group = _select("Group", GROUP, [NONE, FOLDS, "verdict", "state", *slugs[len(FIELDS) :]])
    more = st.multiselect(
        "More columns",
        [setting(name).slug for name in differ],
        key=COLUMNS,
        bind="query-params",
        persist_state="session",
        placeholder="what differs",
        help=f"Up to {AUTOMATIC} hyperparameters that differ between the runs listed are shown unasked.",
    )
    keep({QUERY: st.session_state[QUERY], SORT: sort, GROUP: group, COLUMNS: more})
    here = differ if len(found.rows) == len(rows) else differing(found.rows)
    shown = dict.fromkeys([setting(name).slug for name in here[:AUTOMATIC]] + more)
    return Order(sort, group, [found.fields[slug] for slug in shown])


def _select(label: str, key: str, options: list[str]) -> str:
    """One of ``options``; the screen and the address say it in words, and an address may also say it as it is."""
    if (asked := st.query_params.get(key)) in options:
        st.session_state[key] = asked
        st.query_params[key] = word(str(asked))
    chosen = st.selectbox(
        label, options, key=key, format_func=word, bind="query-params", persist_state="session", width=210
    )
    return str(chosen)


def word(slug: str) -> str:
    """What to sort or group by as the table's head calls it: ``loss descending`` is Best val loss, descending."""
    name = slug.removesuffix(DESCENDING)
    known = FIELDS[name].title if name in FIELDS else name.removeprefix(CONFIG)
    said = name.capitalize() if name in (NEWEST, NONE, FOLDS) else known
    return f"{said}, descending" if name != slug else said


def sort(found: Found, order: Order, now: float) -> list[Row]:
    """The rows found, in the order asked for; newest first is the order they come in."""
    slug = order.slug
    if not slug:
        return found.rows
    return ordered(found.rows, found.fields[slug.removeprefix("-")], now, descending=slug.startswith("-"))


def lines(found: Found, order: Order, now: float, first: int, count: int) -> Sequence[Row | Heading]:
    """``count`` rows found from the ``first`` on, in the order asked for and under the headings of their groups."""
    rows = sort(found, order, now)
    if order.group == NONE:
        return rows[first : first + count]
    return part(grouped(rows, order.group, found.fields, now), first, count, repeats=order.group == FOLDS)


def chips(rows: Sequence[Row], found: Found, now: float) -> list[Chip]:
    """The verdicts and states there are, with how many runs have each."""
    return [
        Chip(field, value, count, value in filters.chosen(found.terms, field))
        for field in CHIPS
        for value, count in filters.counts(rows, found, field, now).items()
    ]


def resort(table: str) -> None:
    """The head of ``table`` was clicked."""
    slug = str(told(table, "sorted"))
    st.session_state[SORT] = f"{slug[1:]}{DESCENDING}" if slug.startswith("-") else slug or NEWEST


def toggle(table: str) -> None:
    """A chip of ``table`` was clicked."""
    clicked = told(table, "toggled")
    text = st.session_state.get(QUERY, "")
    st.session_state[QUERY] = filters.toggled(text, str(clicked["field"]), str(clicked["value"]))
