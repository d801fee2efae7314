"""docs/seven-steps.md says what happens: its script is trained as it says, and the verdicts it shows are those that come."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics import rules

PAGE = Path(__file__).parents[1] / "docs" / "seven-steps.md"
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE.read_text(), re.S)
TITLES = "|".join(re.escape(rule.title) for rule in rules.all_rules())
VERDICT = re.compile(rf"^(\S+) +({TITLES})\b", re.M)
RECORD = 'python() { shift; echo "$*" >> trainings; }; '  # bash unfolds the loops; torch is imported once, here
FIRM = 7  # verdicts, of steps 1 to 3: those of the longer trainings may hang on a machine's last digits
PLAIN = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # which readline sets for children
SHELL = 'curvewise() { "{python}" -m curvewise "$@"; }; '


def train(script: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's script, as ``python train.py`` would run it."""
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    exec(compile(script, "train.py", "exec"), {"__name__": "__main__"})


def test_the_page_says_what_happens(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.chdir(tmp_path)
    (script,) = [text for kind, text in BLOCKS if kind == "python"]
    printed, expected = "", ""
    for kind, text in BLOCKS:
        if kind == "text":
            expected += text
        elif kind == "bash":
            Path("trainings").write_text("")
            shell = RECORD + SHELL.replace("{python}", sys.executable) + text
            done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, env=PLAIN, check=True)
            printed += done.stdout
            for line in Path("trainings").read_text().splitlines():
                train(script, line.split(), monkeypatch)
    shown, came = VERDICT.findall(expected), VERDICT.findall(printed)
    assert len(shown) == 10
    assert set(shown[:FIRM]) <= set(came), printed
    assert {name for name, _ in shown} <= {name for name, _ in came}, printed
