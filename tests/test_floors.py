"""The floors: imports point down, and the light parts stay light."""

import subprocess
import sys

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
