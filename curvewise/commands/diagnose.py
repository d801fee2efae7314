"""Say what is wrong with each run, where it shows, and what to change.

PATH is a run folder, a folder of runs, a past log, or - for a log that is piped in. --html writes the report on one run, its curves
included, as a file that opens offline. Exit code 0: all read; 1: a finding at --fail-on or above (that a run is healthy is none); 2: an input could not be read.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from curvewise.inputs import each_run
from curvewise.output import whoever_reads
from diagnostics import Report, Run, diagnose
from diagnostics.readers import ReadError
from diagnostics.readers.errors import printable
from diagnostics.report import SEVERITIES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "paths", metavar="PATH", type=Path, nargs="+", help="run folder, folder of runs, or past log of any tool"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document, for machines")
    parser.add_argument("--html", metavar="FILE", type=Path, help="also write the report on the one run as a web page")
    parser.add_argument("--fail-on", choices=SEVERITIES, help="exit with 1 when a finding is at least this severe")


def run(arguments: argparse.Namespace) -> int:
    """Read, judge, print."""
    runs: list[Run] = []
    reports: list[Report] = []
    errors: list[ReadError] = []
    for run in each_run(arguments.paths, errors):
        reports.append(diagnose(run))
        if (
            arguments.html or not arguments.json
        ):  # the reports of ten thousand runs fit into memory, their curves may not
            runs.append(run)
    with whoever_reads():  # who stops reading changes no exit code
        _print(runs, reports, errors, arguments.json)
    written = arguments.html is None or _write(arguments.html, runs, reports)
    return 2 if errors or not written else int(_fails(reports, arguments.fail_on))


def _print(runs: Sequence[Run], reports: Sequence[Report], errors: Sequence[ReadError], as_json: bool) -> None:
    if as_json:
        told = {
            "reports": [report.to_json() for report in reports],
            "errors": [{"source": str(error.source), "message": error.message} for error in errors],
        }
        print(json.dumps(told, indent=2, allow_nan=False))
    else:
        from curvewise.terminal import (  # rich takes a moment to import, and --json needs none of it
            print_reports,
            screen,
        )

        print_reports(screen(), runs, reports)


def _write(file: Path, runs: Sequence[Run], reports: Sequence[Report]) -> bool:
    """The web page; a line on stderr where it cannot be written."""
    plotly = importlib.util.find_spec("plotly")
    if plotly is None or plotly.origin is None:
        return _cannot("--html needs plotly; install it with pip install 'curvewise[app]'")
    if len(runs) != 1:
        return _cannot(f"--html is for one run, and {len(runs)} were read; name one of them")
    from app.report.page import html  # the drawing takes a moment to import, and only a page needs it

    source = Path(plotly.origin).parent / "package_data" / "plotly.min.js"
    try:
        file.write_text(html(runs[0], reports[0], source.read_text("utf-8")), encoding="utf-8")
    except OSError as error:
        return _cannot(f"{file}: cannot be written ({error.strerror}); choose another --html")
    return True


def _cannot(why: str) -> bool:
    print(printable(f"curvewise: {why}"), file=sys.stderr)
    return False


def _fails(reports: list[Report], least: str | None) -> bool:
    if least is None:
        return False
    found = {f.severity for report in reports for f in report.findings if f.rule != "healthy"}
    return any(SEVERITIES.index(severity) >= SEVERITIES.index(least) for severity in found)
