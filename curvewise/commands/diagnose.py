"""Say what is wrong with each run, where it shows, and what to change.

PATH is a run folder, a folder of runs, or a past log. Exit code 0: all read; 1: a finding at --fail-on or above; 2: an input could not be read.
"""

import argparse
import json
from pathlib import Path

from curvewise.inputs import read_paths
from diagnostics import Report, diagnose
from diagnostics.report import SEVERITIES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("paths", metavar="PATH", type=Path, nargs="+")
    parser.add_argument("--json", action="store_true", help="print one JSON document, for machines")
    parser.add_argument("--fail-on", choices=SEVERITIES, help="exit with 1 when a finding is at least this severe")


def run(arguments: argparse.Namespace) -> int:
    """Read, judge, print."""
    runs, errors = read_paths(arguments.paths)
    reports = [diagnose(run) for run in runs]
    if arguments.json:
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
    return 2 if errors else int(_fails(reports, arguments.fail_on))


def _fails(reports: list[Report], least: str | None) -> bool:
    if least is None:
        return False
    found = {f.severity for report in reports for f in report.findings}
    return any(SEVERITIES.index(severity) >= SEVERITIES.index(least) for severity in found)
