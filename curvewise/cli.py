"""The ``curvewise`` command: one subcommand, one module of ``curvewise.commands``."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from curvewise import version
from curvewise.output import printable_everywhere, to_nowhere, whoever_reads

COMMANDS = {"app": "app", "diagnose": "diagnose", "import": "keep", "watch": "watch", "rules": "rules"}  # name → module

NEEDED = ("pandas", "rich")  # the collector alone, beside a training, needs none of them
WAY_OUT = "pip install 'curvewise[app]' brings all that the commands and the dashboard need"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code is its own, 2 for what cannot be used or written, 130 after Ctrl-C."""
    printable_everywhere()
    try:
        parser = _parser()
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        print(f"curvewise: {missing} is not installed here; {WAY_OUT}", file=sys.stderr)
        return 2
    arguments = parser.parse_args(argv)
    code: int = 0
    try:
        with whoever_reads():
            code = arguments.run(arguments)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.filename is None:
            to_nowhere()
        what = error.filename or "the output"
        print(
            f"curvewise: {what}: cannot be written or read ({error.strerror}); nothing more was done", file=sys.stderr
        )
        return 2
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="curvewise", description="Says what is wrong with learning curves, and what to change."
    )
    parser.add_argument("--version", action="version", version=f"curvewise {version()}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(f"curvewise.commands.{module_name}")
        text = (module.__doc__ or "").strip()
        subparser = subparsers.add_parser(name, help=text.splitlines()[0], description=text)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser
