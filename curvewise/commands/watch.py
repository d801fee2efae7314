"""Follow a run, or a folder of runs: say what changes in the diagnosis, and leave it for the training to react to.

A line whenever the verdict or the findings change, nothing otherwise. While a run goes on its verdict is kept in its folder, in
verdict.json, where the collector's findings and should_stop find it. Ends with the run, of a folder at Ctrl-C.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from collector import claims, run_file, schema
from curvewise.terminal import block, line, screen, told
from curvewise.watched import SHARE, Judged, Watched
from diagnostics.readers import ReadError, sources
from diagnostics.readers.errors import printable

EVERY = 1.0  # seconds between looks: how often the collector looks for the verdict
UNLEFT = "the verdict cannot be left there ({}): the training will not hear of it; watching goes on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", metavar="RUN|FOLDER", type=Path)
    parser.add_argument("--every", metavar="SECONDS", type=_seconds, default=EVERY, help="between looks (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Follow until the end; Ctrl-C is one."""
    path, teller = arguments.path, Teller(screen())
    try:
        if path.is_dir() and not schema.is_run(path):
            return _follow_all(path, arguments.every, teller)
        return _follow(Watched(path), arguments.every, teller)
    except KeyboardInterrupt:
        return 0


class Teller:
    """Says what is new, and only that."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._told: dict[str, object] = {}  # by run
        self._complaints: dict[str, str | None] = {}

    def tell(self, name: str, watched: Watched) -> None:
        """A line, when verdict, findings or state are not those of before."""
        judged = watched.judged
        if judged is not None and self._told.get(name) != (news := _news(judged)):
            self._told[name] = news
            self.console.print(line(name, judged.run, judged.report), soft_wrap=True)
        why = watched.unleft
        self.complain(name, None if why is None else f"{watched.path}: {UNLEFT.format(why.strerror or why)}")

    def complain(self, name: str, what: str | None) -> None:
        """A line on stderr, once; None takes it back."""
        if what is not None and self._complaints.get(name) != what:
            print(printable(f"curvewise: {what}"), file=sys.stderr, flush=True)
        self._complaints[name] = what


def _news(judged: Judged) -> object:
    findings = frozenset((finding.rule, finding.severity) for finding in judged.report.findings)
    return judged.run.state, judged.report.verdict, findings


def _follow(watched: Watched, every: float, teller: Teller) -> int:
    """One run to its end, which is told in full."""
    while True:
        try:
            watched.look(every)
        except ReadError as error:
            if not claims.alive(watched.path):  # else it has only just begun
                teller.complain("", str(error))
                return 2
        if watched.judged and (watched.silent or not watched.running):
            return _end(watched, watched.judged, teller.console)
        teller.tell(watched.path.resolve().name, watched)
        time.sleep(every)


def _end(watched: Watched, judged: Judged, console: Console) -> int:
    console.print(block(judged.report.run, told(judged.run, judged.report)))
    if watched.running:
        console.print("no row has come for long; the training may have been killed", style="dim")
    return 0


def _follow_all(folder: Path, every: float, teller: Teller) -> int:
    """Every run of the folder that goes on, begins or is resumed, until Ctrl-C."""
    followed = {path: Watched(path) for path in _runs(folder)}
    ended = [watched for path, watched in followed.items() if _ended(path)]
    for watched in ended:
        watched.set_aside()
    going = len(followed) - len(ended)
    begun = f"watching {printable(str(folder))}: {going} running, {len(ended)} ended"
    teller.console.print(Text(begun, style="dim"), soft_wrap=True)
    while True:
        began = time.monotonic()
        followed = {path: followed.get(path) or Watched(path) for path in _runs(folder)}
        time_to_list = time.monotonic() - began
        going = max(1, sum(watched.running for watched in followed.values()))
        for path, watched in followed.items():
            _look(path.relative_to(folder).as_posix(), watched, every, going, teller)
        time.sleep(max(every, time_to_list / SHARE))


def _look(name: str, watched: Watched, every: float, going: int, teller: Teller) -> None:
    try:
        if watched.look(every, among=going):
            teller.tell(name, watched)
    except ReadError as error:
        if not claims.alive(watched.path):
            teller.complain(name, str(error))


def _runs(folder: Path) -> Iterator[Path]:
    """The run folders below, none while there are none."""
    try:
        yield from (path for path in sources(folder) if path.is_dir())
    except (ReadError, OSError):
        return


def _ended(path: Path) -> bool:
    return run_file.read(path).get("state") != schema.RUNNING or claims.alive(path) is False


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and seconds > 0):
        raise argparse.ArgumentTypeError(f"{text} is no time to wait; give seconds above 0")
    return seconds
