"""What do you say of a log I already have?"""

import tempfile
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import library, story, words
from app.library import Case
from diagnostics import readers
from diagnostics.engine import diagnose
from diagnostics.keep import keep
from diagnostics.run import Run

Reading = tuple[list[Case], list[str]]


def page() -> None:
    """Drop past logs; each is read, diagnosed and shown. Nothing stays on disk unless it is kept."""
    st.title("Upload")
    files = st.file_uploader(
        "Past logs: CSV or Parquet, one or several", ["csv", "tsv", "txt", "parquet"], accept_multiple_files=True
    )
    readings = [(_read(file), file) for file in files]
    for (_, errors), file in readings:
        for error in errors:
            st.error(words.plain(f"{file.name}: {error}"), icon=":material/broken_image:")
    cases = [case for (found, _), _ in readings for case in found]
    if not files:
        _how()
    elif cases:
        _show(cases)


def _show(cases: list[Case]) -> None:
    at = 0
    if len(cases) > 1:
        at = st.selectbox("Run", range(len(cases)), format_func=lambda i: cases[i].run.name, key="upload.run")
    if notes := cases[at].run.notes:
        st.caption(words.plain("; ".join(notes)))
    _offer_to_keep(cases[at].run)
    story.tell(cases[at], f"upload.{at}.{cases[at].run.name}")


def _offer_to_keep(run: Run) -> None:
    if not st.button(
        "Keep in my runs", icon=":material/save:", help=words.plain(f"Written as Parquet to {library.own()}")
    ):
        return
    try:
        home = keep(run, library.own())
    except FileExistsError:
        st.warning(words.plain(f"{library.own()} has a run called {run.name} already."), icon=":material/folder:")
    except OSError as error:
        st.error(words.plain(f"{library.own()} cannot be written: {error.strerror}."), icon=":material/folder_off:")
    else:
        st.success(words.plain(f"Kept in {home}; it stands in Runs now."), icon=":material/check:")


def _read(file: UploadedFile) -> Reading:
    """Read once an upload; the temporary copy lives only as long as the reading."""
    done: dict[str, Reading] = st.session_state.setdefault("upload.read", {})
    if file.file_id not in done:
        with tempfile.TemporaryDirectory(prefix="curvewise-") as folder:
            path = Path(folder) / Path(file.name).name
            path.write_bytes(file.getbuffer())
            runs, errors = readers.read_all([path])
        done[file.file_id] = [Case(run, diagnose(run)) for run in runs], [error.message for error in errors]
    return done[file.file_id]


def _how() -> None:
    """What a file should look like, for who has not one at hand."""
    with st.container(border=True):
        st.markdown("**One row a logged step.** Columns are found by their usual names:")
        st.code("step,train_loss,val_loss,train_acc,val_acc,lr\n0,2.31,,0.10,,0.1\n100,1.84,1.90,0.33,0.31,0.1", "csv")
        st.caption("Files are read in memory and a temporary folder, and forgotten with the tab unless you keep them.")
