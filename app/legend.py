"""The runs of an overlay: a list beside the chart, which shows and hides them, and a table of what they are and came to."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app import chosen, words
from app.fields import FIELDS, Field, differing, setting
from app.library import Row
from app.listing import BEST, Heading, Look, columns, table, written
from app.plot import palette
from app.plot.quantities import SPLITS, tags
from diagnostics.run import Run

SETTINGS = 12  # columns of the table for what differs
LIST, TABLE = "compare.list", "compare.table"


@dataclass(frozen=True)
class Legend:
    """What is drawn: ``marks`` are numbers of the palette by run, ``wanted`` the quantities, ``now`` s since 1970."""

    rows: Sequence[Row]
    runs: Mapping[str, Run]
    marks: Mapping[str, int]
    wanted: Sequence[str]
    now: float

    def beside(self, groups: Mapping[str, Sequence[str]]) -> str | None:
        """The list: each run with its colour and what its lines say, at the crosshair or last. Gives the run that was clicked.

        ``groups``: keys of the runs that stand together, by what is written above them.
        """
        by_key = {row.key: row for row in self.rows}
        entries: list[Row | Heading] = []
        for name, keys in groups.items():
            entries += [Heading(name, ""), *(by_key[key] for key in keys)]
        return self._table(entries or self.rows, [FIELDS["name"], *self._said()], LIST, slim=True)

    def below(self) -> str | None:
        """The table: results and the hyperparameters that differ. Gives the run that was clicked."""
        names = differing(self.rows)[:SETTINGS]
        found = columns(self.rows, [setting(name) for name in names], self.now)
        shown = [column for column in found if column.slug not in ("spark", "speed")]
        at = next((i for i, column in enumerate(shown) if column.slug in BEST), len(shown))
        shown[at:at] = self._last()
        opened = self._table(self.rows, shown, TABLE, slim=False)
        self._same()
        return opened

    def _table(self, entries: Sequence[Row | Heading], shown: Sequence[Field], key: str, *, slim: bool) -> str | None:
        keys, hidden = [row.key for row in self.rows], set(chosen.HIDDEN.keys())
        swatches = {key: palette.swatch(mark) for key, mark in self.marks.items()}
        drawn = [key for key in keys if key not in hidden]
        look = Look(None, drawn, chosen.HIDDEN.echo(), swatches=swatches, legend=True, slim=slim)
        return table(entries, shown, self.now, look, key=key, on_chosen_change=partial(_hide, key, keys))

    def _said(self) -> list[Field]:
        """A column for each kind of line: of training, of validation, of what knows neither."""
        kinds = {tag: _kind(tag) for q in self.wanted for run in self.runs.values() for tag in tags(run, q)}
        first = {kind: tag for tag, kind in reversed(kinds.items())}
        return [self._value(kind, kind, first[kind]) for kind in sorted(first)]

    def _last(self) -> list[Field]:
        """The last value of the first quantity that is drawn, in validation where there is any."""
        known = {tag for run in self.runs.values() for tag in tags(run, self.wanted[0])} if self.wanted else set()
        return [self._value("last", f"Last {max(known)}", max(known))] if known else []  # val comes after train

    def _value(self, slug: str, title: str, tag: str) -> Field:
        ends = {key: float(run[tag].values[-1]) for key, run in self.runs.items() if tag in run and len(run[tag])}
        last = {key: "NaN" if math.isnan(end) else end for key, end in ends.items()}  # a dash would say: not logged
        return Field(slug, title, lambda row, now: last.get(row.key), tip=f"Last {tag}")

    def _same(self) -> None:
        """What all runs have in common, for who wants to be sure."""
        differ = set(differing(self.rows))
        same = {name: value for name, value in self.rows[0].config.items() if name not in differ}
        if len(self.rows) > 1 and same:
            with st.expander(f"The same in all: {words.counted(len(same), 'hyperparameter')}"):
                st.markdown(
                    words.plain(", ".join(f"{name} = {written(setting(name).slug, v)}" for name, v in same.items()))
                )


def _kind(tag: str) -> str:
    """``train``, ``val``, or ``value``."""
    return next((split.removesuffix("/") for split in SPLITS if tag.startswith(split)), "value")


def _hide(table: str, keys: Sequence[str]) -> None:
    ticked, count = chosen.ticks(table)
    chosen.HIDDEN.choose([key for key in keys if key not in ticked], count)
