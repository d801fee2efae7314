"""Generated pages are fresh, and what the README promises exists."""

import re
from pathlib import Path

import pytest

from curvewise.cli import COMMANDS
from curvewise.docs import PAGES

HOME = Path(__file__).parents[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_generated_pages_are_fresh(page):
    assert page.read_text() == PAGES[page](), "run `make docs`"


def test_every_command_is_in_the_readme():
    readme = (HOME / "README.md").read_text()
    assert [name for name in COMMANDS if f"curvewise {name}" not in readme and f"make {name}" not in readme] == []


def test_every_make_target_of_the_readme_exists():
    targets = set(re.findall(r"^([\w-]+):", (HOME / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:^|`)make ([\w-]+)", (HOME / "README.md").read_text(), re.M))
    assert named <= targets


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", (HOME / "README.md").read_text())
    assert [link for link in links if not (HOME / link).exists()] == []


def test_the_collector_lines_of_the_readme_are_eight():
    block = re.search(r"```python\n(.*?)```", (HOME / "README.md").read_text(), re.S)
    assert block is not None
    assert len([line for line in block[1].splitlines() if line.strip()]) == 8
