"""Reads and judges the run of a page while the browser still starts Streamlit: it asks for it a second later."""

from threading import Thread
from urllib.parse import parse_qs

from starlette.types import Scope

from app import door, library

PAGE = "/diagnosis"


def begin(scope: Scope) -> None:
    """Begin, where the address asked for names a run and whoever asks may see it: who has signed in is not known yet."""
    key = asked(scope)
    if key and not door.locked():
        Thread(target=library.case, args=(key,), daemon=True, name="curvewise-ahead").start()


def asked(scope: Scope) -> str:
    """The key of the run that the address names; empty where it names none."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return query.get("run", [""])[0] if scope["path"].rstrip("/").endswith(PAGE) else ""
