"""The entries of ``run.json`` about the attempts: one for each process that has recorded into the run."""

import os
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any

from collector import claims, schema

Entry = dict[str, Any]
MOST = 1_000  # entries kept: a job that restarts every ten minutes for a week


def of(content: Mapping[str, Any]) -> list[Entry]:
    """The well-formed entries of a ``run.json``."""
    entries = content.get("attempts")
    found = entries if isinstance(entries, list) else []
    return [a for a in found if isinstance(a, dict) and type(a.get("attempt")) is int]


def new(number: int) -> Entry:
    """The entry of an attempt that begins now in this process."""
    return {
        "attempt": number,
        "state": schema.RUNNING,
        "exception": None,
        "started_at": time.time(),
        "first_step": None,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "ended_at": None,
    }


def joined(entries: Sequence[Entry], own: Mapping[str, Any]) -> list[Entry]:
    """``entries`` with ``own`` among them, sorted; the oldest are let go beyond a bound."""
    others = [a for a in entries if a["attempt"] != own["attempt"]]
    return sorted([*others, dict(own)], key=lambda a: int(a["attempt"]))[-MOST:]


def gone(entry: Entry) -> Entry:
    """The entry of an attempt whose process ended without a word; when, nobody knows, so ``ended_at`` stays null."""
    if entry.get("state", schema.RUNNING) != schema.RUNNING or entry.get("ended_at") is not None:
        return entry
    return entry | {"state": schema.CRASHED, "exception": claims.GONE}


def begun_again(entries: Sequence[Entry], number: int, first_step: int) -> int | None:
    """The earlier attempt that attempt ``number`` would replace from its very first step on, if there is one.

    A resume goes on from a checkpoint; whoever starts over has perhaps only run the same command twice.
    """
    for entry in entries:
        begun = entry.get("first_step")
        if entry["attempt"] < number and isinstance(begun, int) and first_step <= begun:
            return int(entry["attempt"])
    return None
