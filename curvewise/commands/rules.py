"""List the rules, or explain one: what it means, its criterion, its source, its limits."""

import argparse
import sys

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from curvewise.terminal import screen
from diagnostics import rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("slug", metavar="SLUG", nargs="?", help="the rule to explain")


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or one rule."""
    known = {rule.slug: rule for rule in rules.all_rules()}
    console = screen()
    if arguments.slug is None:
        console.print(_list())
    elif arguments.slug in known:
        _explain(console, arguments.slug)
    else:
        print(f"curvewise: no rule is called {arguments.slug!r}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    return 0


def _list() -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for rule in rules.all_rules():
        table.add_row(Text(rule.slug, style="bold"), Text(rules.explanation(rule.slug).summary))
    return table


def _explain(console: Console, slug: str) -> None:
    told = rules.explanation(slug)
    console.print(Text.assemble((rules.get(slug).title, "bold"), f"  {told.summary}"))
    for heading, text in told.sections.items():
        console.print(Text(f"\n{heading}", style="bold"))
        console.print(Padding(Text(" ".join(text.split())), (0, 2), expand=False))
