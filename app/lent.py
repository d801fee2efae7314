"""Runs of the Upload page, lent to the routes while their tab shows them, under names that nobody can guess."""

import secrets
from collections import OrderedDict
from threading import Lock

from app.row import Case

PREFIX = "upload:"  # no key of a listed run begins so: a colon follows no folder's name of ours
MOST = 16  # cases: a few tabs' worth; the oldest is forgotten, and its chart shows what it was drawn with

_cases: "OrderedDict[str, Case]" = OrderedDict()
_lock = Lock()


def lend(case: Case) -> str:
    """The name under which the routes now know ``case``; the same one each time, while it is lent."""
    with _lock:
        known = next((name for name, lent in _cases.items() if lent.run is case.run), None)
        name = known or PREFIX + secrets.token_urlsafe(16)
        _cases[name] = case
        _cases.move_to_end(name)
        while len(_cases) > MOST:
            _cases.popitem(last=False)
    return name


def borrowed(name: str) -> Case | None:
    """The case lent under ``name``, or None."""
    with _lock:
        return _cases.get(name)
