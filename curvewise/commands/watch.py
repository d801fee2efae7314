"""Watch one run and say its verdict again whenever it changes, until the run ends."""

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from collector.schema import RUNNING
from curvewise.inputs import printable
from curvewise.terminal import block, screen
from diagnostics import Run, diagnose
from diagnostics.readers import ReadError, read
from diagnostics.view import stalls_at as stalls_at_time

EVERY = 1.0  # seconds between looks: a tenth of the time a person needs to read a report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Look, print when the verdict is new, stop when the run has ended; Ctrl-C ends it too."""
    console, verdict = screen(), None
    try:
        while True:
            seen = read(arguments.run_folder)[0]
            verdict = _say(console, seen, verdict)
            stalls_at = stalls_at_time(seen)
            if seen.state != RUNNING or (stalls_at is not None and time.time() > stalls_at):
                console.print(Text(printable(_ending(seen)), style="dim"))
                return 0
            time.sleep(EVERY)
    except ReadError as error:
        print(f"curvewise: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _ending(seen: Run) -> str:
    how = (
        "no row has come for long; the training may have been killed"
        if seen.state == RUNNING
        else seen.state or "ended"
    )
    return f"step {seen.last_step:,}: {how}" + (f" ({seen.exception})" if seen.exception else "")


def _say(console: Console, seen: Run, verdict: str | None) -> str:
    report = diagnose(seen)
    if report.verdict != verdict:
        console.print(f"step {seen.last_step:,}", style="dim", end="")
        console.print(block(seen, report))
    return report.verdict
