"""What a rule is: one diagnosis in one file, explained, checked and exemplified in the same place."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from types import ModuleType

from collector.schema import VAL_LOSS
from diagnostics.report import Finding
from diagnostics.run import Run

HEADINGS = ("What it means", "Why it matters", "Criterion", "Source", "Known limits")

MIN_POINTS = 20  # points of a loss; half the blocks of stats.level, so that a share of 5 % of the run is one point
MEANS_ENOUGH = 8  # points: one that stands for a whole epoch, or for all steps since the one before, has the noise of its batches averaged out

Check = Callable[[Run], Iterable[Finding]]
Example = Callable[[], Run]
Cannot = Callable[[Run], str | None]


def enough(run: Run, tag: str) -> int:
    """How many points of the loss ``tag`` a verdict takes: fewer where each has the noise of single batches averaged out.

    Means over some steps beside hardly an evaluation show too little (``benchmarks.hardly_logged``: how many faults pass for healthy).
    """
    seen = VAL_LOSS in run and len(run[VAL_LOSS].finite()) >= MEANS_ENOUGH
    return MEANS_ENOUGH if run.per_epoch(tag) or (tag in run.means and seen) else MIN_POINTS


@dataclass(frozen=True)
class Rule:
    """One diagnosis.

    Attributes:
        slug: its name everywhere: file, verdict, docs anchor, test id.
        title: two to four plain words, as the app prints it.
        check: pure; yields a Finding when the diagnosis holds. It may assume ``needs``.
        needs: minimum number of finite points by tag, never more than ``MEANS_ENOUGH`` where that is ``enough``; where they are
            missing the rule is "not checked".
        cannot: why the rule cannot judge a run that has what it ``needs``, as one clause; None when it can.
        explains: slugs whose findings this one accounts for: one cause, one finding.
        fires: example runs on which it must fire, by name.
        silent: near-misses on which it must not, by name.
    """

    slug: str
    title: str
    check: Check
    needs: Mapping[str, int] = field(default_factory=dict)
    cannot: Cannot = lambda run: None
    explains: tuple[str, ...] = ()
    fires: Mapping[str, Example] = field(default_factory=dict)
    silent: Mapping[str, Example] = field(default_factory=dict)

    def missing(self, run: Run) -> str | None:
        """Why the rule cannot judge ``run``, as one clause, or None when it can."""
        for tag, least in self.needs.items():
            curve = run.get(tag)
            if curve is None:
                return f"{tag} was not logged"
            count = len(curve.finite())
            if count < least and enough(run, tag) < MIN_POINTS:
                least = min(least, MEANS_ENOUGH)
            if count < least:
                return f"{tag} has {count} finite {'point' if count == 1 else 'points'}, {least} are needed"
        return self.cannot(run)


@dataclass(frozen=True)
class Explanation:
    """A rule file's docstring, parsed: the finding in plain words, and the text under each heading.

    The Criterion carries the value of each constant it names.
    """

    summary: str
    sections: Mapping[str, str]


def explain(module: ModuleType) -> Explanation:
    """Parse a rule file's docstring.

    Raises:
        ValueError: a heading of ``HEADINGS`` is missing, empty or out of order.
    """
    summary, *lines = inspect.cleandoc(module.__doc__ or "").splitlines()
    sections: dict[str, list[str]] = {}
    for line in lines:
        if line in HEADINGS:
            sections[line] = []
        elif sections:
            sections[next(reversed(sections))].append(line)
    texts = {heading: dedent("\n".join(body)).strip() for heading, body in sections.items()}
    if tuple(texts) != HEADINGS or not all(texts.values()):
        raise ValueError(f"{module.__name__}: the docstring needs the headings {', '.join(HEADINGS)}, in this order")
    return Explanation(summary, {**texts, "Criterion": _with_values(texts["Criterion"], module)})


def _with_values(criterion: str, module: ModuleType) -> str:
    """The criterion with the value behind each constant's first mention: ``RISE (0.05)``."""
    for name in dict.fromkeys(re.findall(r"\b[A-Z][A-Z_]{2,}\b", criterion)):
        if isinstance(value := getattr(module, name, None), int | float):
            criterion = re.sub(rf"\b{name}\b", f"{name} ({value:g})", criterion, count=1)
    return criterion
