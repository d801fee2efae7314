"""The server's lifespan: what it does before the first page is asked for, and while it is up."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.hub import watching
from diagnostics import rules


@asynccontextmanager
async def serving(app: object) -> AsyncIterator[None]:
    """Import the pages and rules, spare what is there from garbage collection, and watch the folders.

    Streamlit collects garbage, all generations, after every rerun: 80 ms a rerun for the objects of the libraries alone, which
    live as long as the server does. Frozen they are not looked at, and a rerun costs a fifth.
    """
    from app.views import compare, diagnosis, rulebook, runs, schedules, upload  # noqa: F401

    rules.all_rules()
    gc.collect()
    gc.freeze()
    try:
        async with watching(app):
            yield
    finally:
        gc.unfreeze()
