"""Write the generated pages, ``docs/rules.md`` and ``docs/past-logs.md``, from the sources: ``python -m curvewise.docs``."""

import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from diagnostics import readers, rules
from diagnostics.engine import HEADLINES
from diagnostics.rule import Rule

DOCS = Path(__file__).parents[1] / "docs"
RULES = """<!-- generated from diagnostics/rules/ by `make docs`; do not edit -->
# The rules

Every run gets exactly one verdict, the first of these that holds; every rule answers found, clear, or not checked and why.
None sees an evaluation from before batch normalization had its averages: it is of another network than is trained.
"""
LOGS = """<!-- generated from diagnostics/readers/ by `make docs`; do not edit -->
# Past logs

`curvewise diagnose PATH…`, `curvewise import PATH… --to DIR` and the Upload page read any of these: a file, a folder, or an archive
of them. Files are recognised by what is in them, in this order, and not by their names. What a name was taken for is printed as a note and
can be changed on the Upload page; what nobody knows keeps its own name. Damage is told with its place, and what can be read around it is kept.
"""


def rule_page() -> str:
    """Every rule in the order of the headline verdicts, then the others by name."""
    ordered = sorted(rules.all_rules(), key=_place)
    contents = "\n".join(f"{n}. [{rule.title}](#{rule.slug})" for n, rule in enumerate(ordered, 1))
    return "\n".join([RULES, contents, *(section(rule) for rule in ordered)]) + "\n"


def section(rule: Rule) -> str:
    """One rule: title, anchor, its explanation and the curves it needs."""
    told = rules.explanation(rule.slug)
    needs = ", ".join(f"`{tag}` ({least} points)" for tag, least in rule.needs.items()) or "nothing"
    parts = [f'\n<a id="{rule.slug}"></a>\n\n## {rule.title} · `{rule.slug}`\n\n{told.summary}\n']
    parts += [f"**{heading}.** {text}\n" for heading, text in told.sections.items()]
    return "\n".join([*parts, f"**Needs.** {needs}"])


def log_page() -> str:
    """What every reader says of its format."""
    modules = [import_module(f"diagnostics.readers.{name}") for name in ("archive", *readers.READERS)]
    told = [inspect.cleandoc(module.__doc__ or "").replace("``", "`") for module in modules]
    return "\n".join([LOGS, *(_format(text) for text in told)])


def _format(text: str) -> str:
    """The first sentence is the heading; what follows a colon in it belongs to the text."""
    first, _, rest = text.partition("\n\n")
    heading, colon, more = " ".join(first.split()).partition(": ")
    lead = f"{more[0].upper()}{more[1:]}\n" if colon and more else ""
    return "\n".join([f"## {heading.rstrip('.')}\n", *filter(None, [lead, rest and f"{rest}\n"])])


def _place(rule: Rule) -> tuple[int, str]:
    return (HEADLINES.index(rule.slug) if rule.slug in HEADLINES else len(HEADLINES), rule.slug)


PAGES: dict[Path, Callable[[], str]] = {DOCS / "rules.md": rule_page, DOCS / "past-logs.md": log_page}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page())
