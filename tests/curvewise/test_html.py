import importlib.util
from pathlib import Path

import pytest

from curvewise.cli import main

SAMPLES = Path(__file__).parents[2] / "sample_runs"
SICK = str(SAMPLES / "digits-overfitting")


def test_one_run_becomes_one_page(tmp_path, capsys):
    page = tmp_path / "page.html"
    assert main(["diagnose", SICK, "--html", str(page)]) == 0
    text = page.read_text("utf-8")
    assert "Overfitting" in text and "plotly.js v" in text and "https://cdn" not in text.split("figures")[0]
    assert "Overfitting" in capsys.readouterr().out, "it is printed as well"


def refused(capsys, *arguments: str) -> str:
    assert main(["diagnose", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_several_runs_are_no_page(tmp_path, capsys):
    assert "12 were read" in refused(capsys, str(SAMPLES), "--html", str(tmp_path / "page.html"))


def test_a_page_that_cannot_be_written_is_one_line(tmp_path, capsys):
    assert "cannot be written" in refused(capsys, SICK, "--html", str(tmp_path / "no" / "page.html"))


def test_without_plotly_one_line_says_what_to_install(tmp_path, capsys, monkeypatch: pytest.MonkeyPatch):
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "plotly" else known(name))
    assert "curvewise[app]" in refused(capsys, SICK, "--html", str(tmp_path / "page.html"))
