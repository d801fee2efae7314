"""Keep what was dropped in among one's own runs, or be done with it."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app import dropping, judged, library, words
from app.row import Case
from app.views import runs as all_runs
from diagnostics.keep import keep, numbered
from diagnostics.readers.log import Log
from diagnostics.run import Run


def offer(case: Case, logs: Sequence[Log | Run], key: str) -> None:
    """Buttons to keep the run of ``case``, to keep all ``logs``, and to discard them."""
    where = words.plain(f"Written as Parquet to {library.own()}")
    with st.container(horizontal=True):
        one = st.button("Keep in my runs", icon=":material/save:", help=where, key=f"{key}.keep")
        every = len(logs) > 1 and st.button(
            f"Keep all {len(logs):,}", icon=":material/library_add:", help=where, key=f"{key}.all"
        )
        if st.button("Discard", icon=":material/delete:", type="tertiary", key=f"{key}.discard"):
            dropping.discard()
    if one:
        _keep([case.run])
    elif every:
        _keep([known.run for log in logs if (known := judged.verdict(log))])


def _keep(runs: Sequence[Run]) -> None:
    """Write ``runs`` and say what became of each."""
    kept: list[str] = []
    for run, name in zip(runs, numbered([run.name for run in runs]), strict=True):
        try:
            kept.append(str(keep(replace(run, name=name), library.own())))
        except FileExistsError:
            st.warning(words.plain(f"{library.own()} has a run called {name} already."), icon=":material/folder:")
        except OSError as error:
            st.error(words.plain(f"{library.own()} cannot be written: {error.strerror}."), icon=":material/folder_off:")
    if kept:
        said = f"Kept in {kept[0]}" if len(kept) == 1 else f"Kept {len(kept):,} runs in {library.own()}"
        st.success(words.plain(f"{said}."), icon=":material/check:")
        label = "See it among the runs" if len(kept) == 1 else "See them among the runs"
        st.page_link(st.Page(all_runs.page, default=True), label=label, icon=":material/view_list:")
