"""Run every rule over a run and settle on one verdict."""

import numpy as np

from diagnostics import rules
from diagnostics.report import SEVERITIES, Finding, NotChecked, Report
from diagnostics.rule import Rule
from diagnostics.run import Run

# Headline verdicts in the order of causes: an earlier one accounts for what a later one would say, because a diverged
# run also has a gap, and a run held back by its learning rate also underfits. The last always holds when the others are clear.
HEADLINES = (
    "diverged",
    "not_enough_data",
    "bad_initialization",
    "lr_too_high",
    "decay_too_early",
    "lr_too_low",
    "overfitting",
    "needs_decay",
    "underfitting",
    "keep_training",
    "healthy",
)


def diagnose(run: Run) -> Report:
    """The report on ``run``: a pure function, the same run gives the same report.

    Every rule answers found, clear or not checked; exactly one headline verdict is given, the first of ``HEADLINES``
    that was found.
    """
    outcomes = {rule.slug: _ask(rule, run) for rule in rules.all_rules()}
    found = [f for outcome in outcomes.values() if isinstance(outcome, tuple) for f in outcome]
    verdict = next(slug for slug in HEADLINES if any(f.rule == slug for f in found))
    kept = _one_cause(found, verdict)
    return Report(
        run=run.name,
        source=run.source,
        verdict=verdict,
        findings=tuple(sorted(kept, key=lambda f: (f.rule != verdict, -SEVERITIES.index(f.severity)))),
        clear=tuple(slug for slug, outcome in outcomes.items() if outcome == ()),
        not_checked=tuple(outcome for outcome in outcomes.values() if isinstance(outcome, NotChecked)),
    )


def _ask(rule: Rule, run: Run) -> tuple[Finding, ...] | NotChecked:
    because = rule.missing(run)
    if because:
        return NotChecked(rule.slug, because)
    try:
        with np.errstate(all="ignore"):  # a loss of 1e300 overflows to inf, which every comparison understands
            return tuple(rule.check(run))
    except Exception as error:  # one rule's fault must not hide what the others found
        return NotChecked(rule.slug, f"the rule failed ({type(error).__name__}: {error}); please report it")


def _one_cause(found: list[Finding], verdict: str) -> list[Finding]:
    """Without the other headlines, and without what a finding that stays explains."""
    kept = [f for f in found if f.rule == verdict or f.rule not in HEADLINES]
    explained = {slug for f in kept for slug in rules.get(f.rule).explains}
    return [f for f in kept if f.rule == verdict or f.rule not in explained]
