"""Keep past logs as runs of ours: Parquet that the dashboard lists beside the live ones."""

import argparse
import sys
from pathlib import Path

from curvewise.inputs import printable, read_paths
from diagnostics import Run
from diagnostics.keep import keep


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="folder that receives the runs")


def run(arguments: argparse.Namespace) -> int:
    """Read, write, say what each curve was taken for; 2 when an input was not read or a run not kept."""
    runs, errors = read_paths(arguments.paths)
    kept = [_keep(run, arguments.to) for run in runs]
    return 2 if errors or not all(kept) else 0


def _keep(run: Run, folder: Path) -> bool:
    try:
        home = keep(run, folder)
    except FileExistsError:
        print(
            f"curvewise: {run.source}: {folder} has a run called {run.name!r} already; choose another --to",
            file=sys.stderr,
        )
        return False
    except OSError as error:
        print(f"curvewise: {folder}: cannot be written ({error.strerror}); choose another --to", file=sys.stderr)
        return False
    print(printable(f"{home}: " + ", ".join(f"{tag} ({len(curve):,} points)" for tag, curve in run.curves.items())))
    for note in run.notes:
        print(printable(f"  note: {note}"))
    return True
