"""Standard output, which may refuse: a reader that has gone, a full disk, an encoding without our characters."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def whoever_reads() -> Iterator[None]:
    """What is printed within may meet a closed pipe, of `head` say: the rest goes nowhere, and the work after it is done."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        to_nowhere()


def to_nowhere() -> None:
    """What is still to be printed, and what waits in the buffer, is let go: Python would fail on it once more when it ends."""
    with suppress(OSError):  # where standard output is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable_everywhere() -> None:
    """A question mark for a character that the terminal or file cannot hold, not an exception."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
