"""The server that ``streamlit run app/main.py`` starts: the pages, and the two routes that push news and hand out plotly.js.

Streamlit imports this file as ``main``; what each browser tab runs is ``navigation.py`` (docs/adr/0002).
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # from a clone that is not installed: streamlit adds only this folder

from app.early import Early  # noqa: E402
from app.routes import ROUTES  # noqa: E402
from app.serving import serving  # noqa: E402

app = st.App(HERE / "navigation.py", routes=ROUTES, middleware=[Middleware(Early)], lifespan=serving)
