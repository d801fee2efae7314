"""docs/pipeline.md: its commands run as they stand, and its JSON has the keys that a report has."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from diagnostics import Evidence, Finding, Report
from diagnostics.report import NotChecked, Remedy, Rival

HOME = Path(__file__).parents[1]
BLOCKS = dict(re.findall(r"```(bash|json)\n(.*?)```", (HOME / "docs" / "pipeline.md").read_text(), re.S))


def names(kind):
    return {field.name for field in fields(kind)}


def test_a_report_has_the_keys_that_the_page_shows():
    report = json.loads(BLOCKS["json"])
    (finding,) = report["findings"]
    assert report.keys() == names(Report) and finding.keys() == names(Finding)
    assert finding["evidence"][0].keys() == names(Evidence) and finding["remedies"][0].keys() < names(Remedy)
    assert report["not_checked"][0].keys() == names(NotChecked) and report["rivals"][0].keys() == names(Rival)


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_commands_run_as_they_stand(tmp_path):
    (tmp_path / "sample_runs").symlink_to(HOME / "sample_runs")
    command = f'set -e; curvewise() {{ "{sys.executable}" -m curvewise "$@"; }}\n{BLOCKS["bash"]}'
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"sample_runs/digits-diverged"' in done.stdout and '"try"' in done.stdout
