"""The floors: imports point down, and the light parts stay light."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "streamlit", "plotly")


def loaded_by(statement: str, names: tuple[str, ...]) -> list[str]:
    """Which of ``names`` are in memory after ``statement`` in a fresh interpreter."""
    code = f"import sys; {statement}; print(*[n for n in {names!r} if n in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()


def test_the_contracts_hold():
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_diagnostics_is_light():
    assert loaded_by("import diagnostics, diagnostics.readers; diagnostics.diagnose", HEAVY) == []


@pytest.mark.parametrize("statement", ["import collector", "from collector import Collector"])
def test_the_collector_is_lighter(statement):
    assert loaded_by(statement, (*HEAVY, "pandas", "diagnostics")) == []


def test_this_check_can_fail():
    assert loaded_by("import pandas", ("pandas", "torch")) == ["pandas"]


IMPORT = re.compile(r"^\s*(?:from (collector[\w.]*) import ([\w, ]+)|import (collector[\w.]*))", re.M)
LAYOUTS = {"collector.schema", "collector.tail", "collector.claims", "collector.run_file", "collector.verdict"}


def imports_of_collector(text: str) -> set[str]:
    """The collector's modules that ``text`` imports."""
    found = set()
    for package, names, module in IMPORT.findall(text):
        found |= {f"collector.{n.strip()}" for n in names.split(",")} if package == "collector" else {package or module}
    return found


@pytest.mark.parametrize("folder", ["app", "diagnostics", "curvewise"])
def test_the_viewing_side_knows_only_the_files_layouts(folder):
    files = (Path(__file__).parents[1] / folder).rglob("*.py")
    assert {m for file in files for m in imports_of_collector(file.read_text())} <= LAYOUTS


def test_that_check_can_fail_too():
    text = "from collector import schema, Collector\nfrom collector.tail import rows\nimport collector.hooks\n"
    assert imports_of_collector(text) - LAYOUTS == {"collector.Collector", "collector.hooks"}
