"""Serve the dashboard in the browser."""

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

RUNS = "CURVEWISE_RUNS"  # environment variable that the dashboard reads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--runs", metavar="DIR", type=Path, help="folder of runs to show (default: $CURVEWISE_RUNS, else runs)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Start Streamlit in a process of its own and wait for it."""
    missing = [name for name in ("streamlit", "plotly", "watchdog") if importlib.util.find_spec(name) is None]
    if missing:
        print(
            f"curvewise: the dashboard needs {', '.join(missing)}; install them with pip install 'curvewise[app]'",
            file=sys.stderr,
        )
        return 2
    if arguments.runs and not arguments.runs.is_dir():
        print(
            f"curvewise: {arguments.runs}: there is no such folder; name the folder that holds your runs",
            file=sys.stderr,
        )
        return 2
    home = Path(__file__).parents[2]  # the settings in .streamlit are found from the working directory
    runs = arguments.runs or Path(os.environ.get(RUNS, "runs"))  # from where the user stands, as the collector writes
    environment = {**os.environ, RUNS: str(runs.resolve())}
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py"]
    return subprocess.run(command, cwd=home, env=environment, check=False).returncode
