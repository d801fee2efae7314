"""What do you say of a log I already have?"""

import time
from collections.abc import Sequence

import streamlit as st

from app import dropping, judged, keeping, library, mapping, story, words
from app.listing import Look, columns, table
from diagnostics.readers import ReadError
from diagnostics.readers.log import Log
from diagnostics.run import Run

KNOWN = {
    "Trackers": "TensorBoard event files, W&B offline runs and exports, MLflow stores, Trackio, SwanLab, Neptune and ClearML",
    "Frameworks": "Lightning metrics.csv, Hugging Face trainer_state.json, Keras, Ultralytics, fastai, DVCLive, Ray Tune, Detectron2, MMEngine",
    "Text": "output of nanoGPT, llm.c, Megatron-LM, fairseq, timm, torchvision, and most loops that print key and value",
    "Tables": "CSV, TSV, JSON, JSON lines and Parquet with any column names",
}


def page() -> None:
    """Drop past logs; each is read, diagnosed and shown. Nothing stays on disk unless it is kept."""
    st.title("Upload")
    st.caption(
        "A past log of any tool: its verdict in seconds. Nothing leaves this machine, and nothing is kept unless you say so."
    )
    files, mark = dropping.dropped()
    if not files:
        _how()
        return
    reading = dropping.reading(files, mark)
    for error in reading.errors:
        st.error(words.plain(error), icon=":material/broken_image:")
    if reading.logs:
        _show(reading.logs, f"upload.{hash(mark)}")


def _how() -> None:
    """What can be dropped, for who has not one at hand."""
    with st.container(border=True):
        st.markdown("**What can be read.** Files are recognised by what is in them, not by their names.")
        st.markdown("\n".join(f"- **{kind}**: {words.plain(what)}" for kind, what in KNOWN.items()))
        st.caption("Names are matched to losses, accuracies and learning rates; you see how, and can change it.")


def _show(logs: Sequence[Log | Run], key: str) -> None:
    at = _choose(logs, key) if len(logs) > 1 else 0
    log = logs[at]
    changed = mapping.edit(log, f"{key}.{at}.map") if isinstance(log, Log) else {}
    try:
        case = judged.case(log, changed)
    except ReadError as error:
        st.error(words.plain(f"{log.name}: {error.message}"), icon=":material/broken_image:")
        return
    keeping.offer(case, logs, key)
    story.tell(case, f"{key}.{at}.{case.run.name}")


def _choose(logs: Sequence[Log | Run], key: str) -> int:
    """Every run that was found, with its verdict; the one to show: the first until another is clicked."""
    rows = [library.row(str(i), case) for i, log in enumerate(logs) if (case := judged.verdict(log))]
    current = st.session_state.setdefault(f"{key}.current", rows[0].key if rows else "0")
    now = time.time()
    clicked = table(rows, columns(rows, [], now), now, Look(current=current), key=f"{key}.table")
    if clicked is not None and clicked != current:
        st.session_state[f"{key}.current"] = clicked
        st.rerun()
    return int(current)
