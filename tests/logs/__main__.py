"""Run the tools again: ``python -m tests.logs TOOL…`` gives each an environment of its own and runs its ``make.py``."""

import argparse
import ast
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.logs import HOME, LOG

ENVIRONMENTS = HOME.parents[1] / "build" / "logs"


def main() -> None:
    """Make the logs of every tool that is named."""
    tools = sorted(p.parent.name for p in HOME.glob("*/make.py"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tools", nargs="+", choices=tools, metavar="TOOL", help=", ".join(tools))
    for tool in parser.parse_args().tools:
        make(tool)


def make(tool: str) -> None:
    """Write ``log/`` and ``truth.json`` of ``tool`` anew."""
    script = HOME / tool / "make.py"
    python = _environment(tool, _packages(script))
    shutil.rmtree(HOME / tool / LOG, ignore_errors=True)
    (HOME / tool / LOG).mkdir()
    subprocess.run([python, script], cwd=HOME / tool, check=True)


def _packages(script: Path) -> list[str]:
    """The list that ``make.py`` assigns to ``PACKAGES``, without running it."""
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "PACKAGES":
            return list(ast.literal_eval(node.value))
    raise SystemExit(f"{script}: says no PACKAGES")


def _environment(tool: str, packages: list[str]) -> Path:
    """The Python of an environment that has just ``packages``."""
    home = ENVIRONMENTS / tool
    wanted = "\n".join(packages)
    mark = home / "packages.txt"
    if not mark.exists() or mark.read_text() != wanted:
        venv.create(home, clear=True, with_pip=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", *packages], check=True)
        mark.write_text(wanted)
    return home / "bin" / "python"


if __name__ == "__main__":
    sys.exit(main())
