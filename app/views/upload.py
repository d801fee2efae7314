"""What do you say of a log I already have?"""

import io
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from app import library, mapping, past, story, words
from app.library import Case
from app.listing import Look, columns, table
from app.views import runs as all_runs
from diagnostics.keep import keep, numbered
from diagnostics.readers import ReadError
from diagnostics.readers.log import Log, Meaning
from diagnostics.run import Run

FILES, FOLDER, TEXT = "Files", "A folder", "Text"
ROUND = "upload.round"  # counts the readings that were discarded: new widgets are empty ones


class Text(io.BytesIO):
    """Pasted text as if it were a file."""

    name = past.PASTED


def page() -> None:
    """Drop past logs; each is read, diagnosed and shown. Nothing stays on disk unless it is kept."""
    st.title("Upload")
    st.caption(
        "A past log of any tool: its verdict in seconds. Nothing leaves this machine, and nothing is kept unless you say so."
    )
    turn = st.session_state.setdefault(ROUND, 0)
    files, mark = _dropped(turn)
    if not files:
        _how()
        return
    reading = _read(files, mark)
    for error in reading.errors:
        st.error(words.plain(error), icon=":material/broken_image:")
    if reading.logs:
        _show(reading.logs, f"upload.{hash(mark)}")


def _dropped(turn: int) -> tuple[Sequence[past.Dropped], Any]:
    """What the reader gave, and what tells it from anything else."""
    kind = st.segmented_control(
        "From", [FILES, FOLDER, TEXT], default=FILES, key="upload.kind", label_visibility="collapsed"
    )
    if kind == TEXT:
        text = st.text_area(
            "Paste the output of a training", key=f"upload.text.{turn}", height=180, placeholder=EXAMPLE
        )
        return ([Text(text.encode())], text) if text.strip() else ([], None)
    many: Any = "directory" if kind == FOLDER else True
    label = (
        "The folder of one run or of several"
        if kind == FOLDER
        else "Drop logs of any tool here: one or several, also as zip or tar"
    )
    files = st.file_uploader(label, accept_multiple_files=many, key=f"upload.{kind}.{turn}")
    return files, tuple(file.file_id for file in files)


def _read(files: Sequence[past.Dropped], mark: Any) -> past.Reading:
    """Read once what was dropped, with a bar while it takes long."""
    done: dict[Any, past.Reading] = st.session_state.setdefault("upload.read", {})
    if mark not in done:
        done.clear()  # one at a time: a log is in memory twice as it is
        bar = st.progress(0.0, "Reading")

        def show(share: float) -> None:
            bar.progress(share, "Reading")

        done[mark] = past.read(files, show)
        bar.empty()
    return done[mark]


def _show(logs: Sequence[Log | Run], key: str) -> None:
    at = _choose(logs, key) if len(logs) > 1 else 0
    log = logs[at]
    meanings = mapping.edit(log, past.meanings(log), f"{key}.{at}.map") if isinstance(log, Log) else None
    try:
        case = _understood(log, meanings, f"{key}.{at}.case")
    except ReadError as error:
        st.error(words.plain(f"{log.name}: {error.message}"), icon=":material/broken_image:")
        return
    _offer(case, logs, key)
    story.tell(case, f"{key}.{at}.{case.run.name}")


def _understood(log: Log | Run, meanings: dict[str, Meaning] | None, key: str) -> Case:
    """The run that ``log`` tells of and its report: judged again only when a meaning was changed."""
    known: tuple[str, dict[str, Meaning] | None, Case] | None = st.session_state.get("upload.case")
    if known is None or known[:2] != (key, meanings):
        known = st.session_state["upload.case"] = (key, meanings, past.case(log, meanings))
    return known[2]


def _choose(logs: Sequence[Log | Run], key: str) -> int:
    """Every run that was found, with its verdict; the one to show: the first until another is clicked."""
    rows = [library.row(str(i), case) for i, log in enumerate(logs) if (case := _verdict(log))]
    current = st.session_state.setdefault(f"{key}.current", rows[0].key if rows else "0")
    now = time.time()
    clicked = table(rows, columns(rows, [], now), now, Look(current=current), key=f"{key}.table")
    if clicked is not None and clicked != current:
        st.session_state[f"{key}.current"] = clicked
        st.rerun()
    return int(current)


def _verdict(log: Log | Run) -> Case | None:
    known: dict[int, Case | None] = st.session_state.setdefault("upload.verdicts", {})
    if id(log) not in known:
        try:
            known[id(log)] = past.case(log)
        except ReadError:
            known[id(log)] = None
    return known[id(log)]


def _offer(case: Case, logs: Sequence[Log | Run], key: str) -> None:
    """Keep what was read, or be done with it."""
    where = words.plain(f"Written as Parquet to {library.own()}")
    with st.container(horizontal=True):
        one = st.button("Keep in my runs", icon=":material/save:", help=where, key=f"{key}.keep")
        every = len(logs) > 1 and st.button(f"Keep all {len(logs):,}", icon=":material/library_add:", key=f"{key}.all")
        if st.button("Discard", icon=":material/delete:", type="tertiary", key=f"{key}.discard"):
            st.session_state[ROUND] += 1
            st.rerun()
    if one:
        _keep([case.run])
    elif every:
        _keep([known.run for log in logs if (known := _verdict(log))])


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
        st.page_link(st.Page(all_runs.page, default=True), label="See it among the runs", icon=":material/view_list:")


EXAMPLE = """step 0: train loss 4.1676, val loss 4.1649
iter 10: loss 3.2413, time 9.52ms
iter 20: loss 2.7897, time 9.47ms"""

KNOWN = {
    "Trackers": "TensorBoard event files, W&B offline runs and exports, MLflow stores, Trackio, Neptune and ClearML exports",
    "Frameworks": "Lightning metrics.csv, Hugging Face trainer_state.json, Keras, Ultralytics, fastai, DVCLive, Ray Tune, Detectron2, MMEngine",
    "Text": "output of nanoGPT, llm.c, Megatron-LM, fairseq, timm, torchvision, and most loops that print key and value",
    "Tables": "CSV, TSV, JSON, JSON lines and Parquet with any column names",
}


def _how() -> None:
    """What can be dropped, for who has not one at hand."""
    with st.container(border=True):
        st.markdown("**What can be read.** Files are recognised by what is in them, not by their names.")
        st.markdown("\n".join(f"- **{kind}**: {words.plain(what)}" for kind, what in KNOWN.items()))
        st.caption("Names are matched to losses, accuracies and learning rates; you see how, and can change it.")
