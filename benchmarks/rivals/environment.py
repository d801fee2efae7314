"""The rivals' own environment, ``build/rivals-venv``: what they need never meets what we need."""

import importlib
import json
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType

from benchmarks.rivals import NAMES

HOME = Path("build/rivals-venv")
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def adapter(name: str) -> ModuleType:
    """The adapter called ``name``."""
    return importlib.import_module(f"benchmarks.rivals.{name}")


@cache
def python() -> Path:
    """The interpreter of the rivals' environment, made on the first call.

    A rival that cannot be installed is left out, and ``versions`` does not know it.
    """
    interpreter = (HOME / "bin" / "python").absolute()
    made = HOME / "installed.txt"
    wanted = "\n".join(_wanted())
    if not made.exists() or made.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        for requirement in _wanted():
            subprocess.run([interpreter, "-m", "pip", "install", "--quiet", requirement], check=False)
        made.write_text(wanted)
    return interpreter


def _wanted() -> list[str]:
    """The extra ``rivals`` of pyproject.toml."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    found: list[str] = project["optional-dependencies"]["rivals"]
    return found


@cache
def versions() -> dict[str, str]:
    """Version of each adapter's rival that is installed, by adapter."""
    listed = subprocess.run(
        [python(), "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    installed = {row["name"].lower().replace("_", "-"): row["version"] for row in json.loads(listed.stdout)}
    return {name: v for name in NAMES if (v := installed.get(adapter(name).PACKAGE))}
