"""Write ``docs/rules.md`` from the rule files: ``python -m curvewise.docs``."""

from pathlib import Path

from diagnostics import rules
from diagnostics.engine import HEADLINES
from diagnostics.rule import Rule

PAGE = Path(__file__).parents[1] / "docs" / "rules.md"
HEAD = """<!-- generated from diagnostics/rules/ by `make docs`; do not edit -->
# The rules

Every run gets exactly one verdict, the first of these that holds; every rule answers found, clear, or not checked and why.
"""


def page() -> str:
    """The whole page, rules in the order of the headline verdicts, then the others by name."""
    ordered = sorted(rules.all_rules(), key=_place)
    contents = "\n".join(f"{n}. [{rule.title}](#{rule.slug})" for n, rule in enumerate(ordered, 1))
    return "\n".join([HEAD, contents, *(section(rule) for rule in ordered)]) + "\n"


def section(rule: Rule) -> str:
    """One rule: title, anchor, its explanation and the curves it needs."""
    told = rules.explanation(rule.slug)
    needs = ", ".join(f"`{tag}` ({least} points)" for tag, least in rule.needs.items()) or "nothing"
    parts = [f'\n<a id="{rule.slug}"></a>\n\n## {rule.title} · `{rule.slug}`\n\n{told.summary}\n']
    parts += [f"**{heading}.** {text}\n" for heading, text in told.sections.items()]
    return "\n".join([*parts, f"**Needs.** {needs}"])


def _place(rule: Rule) -> tuple[int, str]:
    return (HEADLINES.index(rule.slug) if rule.slug in HEADLINES else len(HEADLINES), rule.slug)


if __name__ == "__main__":
    PAGE.write_text(page())
