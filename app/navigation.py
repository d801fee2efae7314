"""Page config and navigation: what every browser tab runs."""

from pathlib import Path

import streamlit as st

from app import door
from app.views import compare, diagnosis, rulebook, runs, schedules, upload

ICON = Path(__file__).with_name("icon.svg")  # a material icon would be fetched from a font server
PHONE = 768  # px; below, Streamlit lays the navigation over the page
SIDEBAR = 220  # px; Streamlit's own 300 would be taken from the table of runs

st.set_page_config(page_title="Curvewise", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR)
st.logo(ICON)  # page.css writes the name beside it

shut = st.components.v2.component(
    "curvewise.shut", js=Path(__file__).with_name("plot").joinpath("shut.js").read_text(encoding="utf-8")
)
pages = [
    st.Page(runs.page, title="Runs", icon=":material/view_list:", default=True),
    st.Page(compare.page, title="Compare", icon=":material/stacked_line_chart:", url_path="compare"),
    st.Page(diagnosis.page, title="Diagnosis", icon=":material/troubleshoot:", url_path="diagnosis"),
    st.Page(schedules.page, title="Schedules", icon=":material/show_chart:", url_path="schedules"),
    st.Page(upload.page, title="Upload", icon=":material/upload_file:", url_path="upload"),
    st.Page(rulebook.page, title="Rulebook", icon=":material/menu_book:", url_path="rulebook"),
]
st.html(Path(__file__).with_name("page.css"))
entered = door.enter()
page = st.navigation(pages, position="sidebar" if entered else "hidden")
if entered:
    with st.container(key="shut"):
        shut(key="shut-on-choice", data={"phone": PHONE, "page": page.title})
    page.run()
