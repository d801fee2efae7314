"""The ``curvewise`` command: one subcommand, one module of ``curvewise.commands``."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

COMMANDS = {"app": "app", "diagnose": "diagnose", "import": "keep", "watch": "watch", "rules": "rules"}  # name → module


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; the exit code is its own, 2 for unusable arguments, 130 after Ctrl-C."""
    arguments = _parser().parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe, say `head`, has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="curvewise", description="Says what is wrong with learning curves, and what to change."
    )
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(f"curvewise.commands.{module_name}")
        text = (module.__doc__ or "").strip()
        subparser = subparsers.add_parser(name, help=text.splitlines()[0], description=text)
        module.add_arguments(subparser)
        subparser.set_defaults(run=module.run)
    return parser
