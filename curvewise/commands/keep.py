"""Keep past logs as runs of ours: Parquet that the dashboard lists beside the live ones."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from curvewise.inputs import read_logs
from curvewise.output import whoever_reads
from diagnostics import Run
from diagnostics.keep import keep, numbered
from diagnostics.readers import Log, ReadError, understand
from diagnostics.readers.errors import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+", help="past log of any tool, or a folder of them")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="folder that receives the runs")


def run(arguments: argparse.Namespace) -> int:
    """Read, write, say what each curve was taken for; 2 when an input was not read or a run not kept."""
    logs, errors = read_logs(arguments.paths)
    names = numbered([log.name for log in logs])
    kept = [_keep(replace(log, name=name), arguments.to) for log, name in zip(logs, names, strict=True)]
    return 2 if errors or not all(kept) else 0


def _keep(log: Log | Run, folder: Path) -> bool:
    try:
        run = understand(log) if isinstance(log, Log) else log
        home = keep(run, folder)
    except ReadError as error:
        print(printable(f"curvewise: {error}"), file=sys.stderr)
        return False
    except FileExistsError:
        print(
            f"curvewise: {log.source}: {folder} has a run called {log.name!r} already; choose another --to",
            file=sys.stderr,
        )
        return False
    except OSError as error:
        print(f"curvewise: {folder}: cannot be written ({error.strerror}); choose another --to", file=sys.stderr)
        return False
    with whoever_reads():  # who stops reading stops no import
        _tell(run, home)
    return True


def _tell(run: Run, home: Path) -> None:
    print(printable(f"{home}: " + ", ".join(f"{tag} ({len(curve):,} points)" for tag, curve in run.curves.items())))
    for note in run.notes:
        print(printable(f"  note: {note}"))
