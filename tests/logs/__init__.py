"""Logs written by the real tools, and what was logged: see README.md."""

import json
from pathlib import Path

HOME = Path(__file__).parent
LOG, TRUTH = "log", "truth.json"

Truth = dict[str, dict[str, list[tuple[float, float]]]]


def log(tool: str) -> Path:
    """The folder with the logs of ``tool``."""
    return HOME / tool / LOG


def truth(tool: str) -> Truth:
    """What was logged: points by run and by the name the tool was given."""
    return json.loads((HOME / tool / TRUTH).read_text())
