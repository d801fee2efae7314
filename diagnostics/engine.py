"""Run every rule over a run and settle on one verdict."""

import numpy as np

from diagnostics import rules
from diagnostics.report import SEVERITIES, Finding, NotChecked, Report, Rival
from diagnostics.rule import Rule
from diagnostics.run import Run

# Headline verdicts in the order of causes, and why each comes before those after it: what speaks against a rival that
# shows as well. The last always holds when the others are clear.
ORDER = {
    "diverged": "in a run that blew up, gaps, plateaus and jumps mean nothing of their own",
    "not_enough_data": "so few points show it by chance",
    "bad_initialization": "while the network sits where there is no slope, neither its rate nor its size can be judged",
    "lr_too_high": "steps that are too long hold the loss up by themselves; change the rate first, then look again",
    "decay_too_early": "before the cut the rate was right; the cut alone accounts for the rest",
    "lr_too_low": "short steps account for what is still to come; change the rate first, then look again",
    "overfitting": "validation gets worse while training improves, which neither another rate nor more steps would turn",
    "needs_decay": "shorter steps may still lower the loss, and cost nothing to try",
    "underfitting": "more steps bring little where training itself is stuck",
    "keep_training": "the loss is not where it is going yet",
    "healthy": "",
}
HEADLINES = tuple(ORDER)


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
        rivals=tuple(Rival(f.rule, f.message, ORDER[verdict]) for f in _outranked(found, verdict)),
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


def _outranked(found: list[Finding], verdict: str) -> list[Finding]:
    """The headlines that were found as well and come later, likeliest first; healthy always does and is no rival."""
    later = [f for f in found if f.rule in HEADLINES and f.rule not in (verdict, HEADLINES[-1])]
    return sorted(later, key=lambda f: HEADLINES.index(f.rule))


def _one_cause(found: list[Finding], verdict: str) -> list[Finding]:
    """Without the other headlines, and without what a finding that stays explains."""
    kept = [f for f in found if f.rule == verdict or f.rule not in HEADLINES]
    explained = {slug for f in kept for slug in rules.get(f.rule).explains}
    return [f for f in kept if f.rule == verdict or f.rule not in explained]
