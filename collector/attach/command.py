"""The command line: our own options come first, then the script, and all the rest is the script's."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from collector.attach import script as scripts
from collector.attach.folder import Folder
from collector.attach.imports import after_import
from collector.attach.script import Script

USAGE = "python -m collector [--runs DIR] [--name NAME] (SCRIPT | -m MODULE) [ARGS ...]"
OURS = "collector"  # the package that a script beside a module of that name would get instead of its own


def main(argv: Sequence[str] | None = None) -> None:
    """Run the script recorded; it exits as it would alone. Exit code 2: it was never started, one line says why."""
    options = _parser().parse_args(argv)
    script = _script(options)
    from collector.attach.session import Session

    session = Session(Folder(Path(options.runs), options.name, script.name), script)
    after_import("torch", session.attach)
    session.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m collector",
        usage=USAGE,
        description="Run a training script unchanged and record its curves into a run folder.",
        allow_abbrev=False,
    )
    parser.add_argument("--runs", default="runs", metavar="DIR", help="folder of runs (default: runs)")
    parser.add_argument("--name", help="the run's name (default: the script's name, date and time); an old one goes on")
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE", help="a module, as python -m")
    parser.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT", help="the script and its own arguments")
    return parser


def _script(options: argparse.Namespace) -> Script:
    words = options.module or options.script
    if not words:
        _refuse(f"name a training script: {USAGE}")
    try:
        found = scripts.module(*_split(words)) if options.module else scripts.file(*_split(words))
    except scripts.NotFound as error:
        _refuse(str(error))
    if any((found.folder / name).exists() for name in (f"{OURS}.py", f"{OURS}/__init__.py")) and _theirs(found.folder):
        _refuse(
            f"{found.folder} has a module '{OURS}' of its own, which this command would hide; use Collector in the script"
        )
    return found


def _split(words: Sequence[str]) -> tuple[str, list[str]]:
    return words[0], list(words[1:])


def _theirs(folder: Path) -> bool:
    return folder.resolve() != Path(__file__).resolve().parents[2]


def _refuse(why: str) -> None:
    sys.stderr.write(f"python -m collector: {why}\n")
    sys.exit(2)
