"""Work in a process of its own, for so long and no longer: what it gave before it hung or failed is kept."""

import multiprocessing
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.dashboard_speed.servers import end

DONE = "done"


class CutShort(Exception):
    """The work did not come to its end; says why."""


def within(minutes: float, work: Callable[..., Iterator[Any]], *arguments: Any) -> Iterator[Any]:
    """What ``work`` yields, as it does; then everything that it has started is ended.

    Raises:
        CutShort: it took longer, or failed.
    """
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(there, work, arguments))
    process.start()
    there.close()  # so that its death is heard
    try:
        yield from _heard(here, time.monotonic() + 60 * minutes, minutes)
        process.join(10)
    finally:
        if process.is_alive():
            end(process.pid or 0)
        process.join()


def _heard(here: Connection, ends: float, minutes: float) -> Iterator[Any]:
    while here.poll(max(ends - time.monotonic(), 0)):
        try:
            said = here.recv()
        except EOFError:
            raise CutShort("it failed; the traceback is on stderr") from None
        if said == DONE:
            return
        yield said
    raise CutShort(f"cut short at its limit of {minutes:g} min")


def _work(there: Connection, work: Callable[..., Iterator[Any]], arguments: tuple[Any, ...]) -> None:
    """In the process for it."""
    for piece in work(*arguments):
        there.send(piece)
    there.send(DONE)
