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
from curvewise.terminal import Told, counted, print_reports, screen, told
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
    reports: list[Report] = []
    errors: list[ReadError] = []
    shown: list[Told] = []
    pages: list[tuple[Run, Report]] = []  # with the curves, which of many runs may not fit into memory
    for run in counted(each_run(arguments.paths, errors)):
        reports.append(diagnose(run))
        if not arguments.json:
            shown.append(told(run, reports[-1]))
        if arguments.html:
            pages.append((run, reports[-1]))
    with whoever_reads():  # who stops reading changes no exit code
        if arguments.json:
            _print_json(reports, errors)
        else:
            print_reports(screen(), shown)
    written = arguments.html is None or _write(arguments.html, pages)
    return 2 if errors or not written else int(_fails(reports, arguments.fail_on))


def _print_json(reports: Sequence[Report], errors: Sequence[ReadError]) -> None:
    told = {
        "reports": [report.to_json() for report in reports],
        "errors": [{"source": str(error.source), "message": error.message} for error in errors],
    }
    print(json.dumps(told, indent=2, allow_nan=False))


def _write(file: Path, pages: Sequence[tuple[Run, Report]]) -> bool:
    """The web page; a line on stderr where it cannot be written."""
    plotly = importlib.util.find_spec("plotly")
    if plotly is None or plotly.origin is None:
        return _cannot("--html needs plotly; install it with pip install 'curvewise[app]'")
    if len(pages) != 1:
        return _cannot(f"--html is for one run, and {len(pages)} were read; name one of them")
    from app.report.page import html  # the drawing takes a moment to import, and only a page needs it

    source = Path(plotly.origin).parent / "package_data" / "plotly.min.js"
    try:
        file.write_text(html(*pages[0], source.read_text("utf-8")), encoding="utf-8")
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
