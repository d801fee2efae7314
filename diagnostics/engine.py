"""Run every rule over a run and settle on one verdict."""

from dataclasses import replace

import numpy as np

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import rules
from diagnostics.report import SEVERITIES, Finding, NotChecked, Report, Rival
from diagnostics.rule import Rule
from diagnostics.run import Run
from diagnostics.stats.averages import without_untouched_averages
from diagnostics.stats.hardly_logged import sketched
from diagnostics.steady import QUIET, standing

# Headline verdicts in the order of causes, and why each comes before those after it: what speaks against a rival that
# shows as well. The last always holds when the others are clear.
ORDER = {
    "diverged": "in a run that blew up, gaps, plateaus and jumps mean nothing of their own",
    "not_enough_data": "so few points show it by chance",
    "bad_initialization": "while the network sits where there is no slope, neither rate, size nor budget can be judged",
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
# Data that is not shuffled, a network that is cut, a loss that is not what it is taken for.
MEND_FIRST = ("periodic_loss", "untrained_layers", "double_softmax")
TOO_SHORT = "it has not shown for long enough to be told from chance"


def diagnose(run: Run) -> Report:
    """The report on ``run``: a pure function, the same run gives the same report.

    Every rule answers found, clear or not checked; exactly one headline verdict is given: the first of ``HEADLINES``
    that was found, or, while the run is going on, the one that has stood for a while. Where training was hardly logged, the
    verdict is one on its course as validation shows it, and says so; what is found beside it is of the log alone.
    """
    seen = without_untouched_averages(run)
    judged = sketched(seen)
    outcomes = {rule.slug: _ask(rule, judged if rule.slug in HEADLINES else seen) for rule in rules.all_rules()}
    found = [f for outcome in outcomes.values() if isinstance(outcome, tuple) for f in outcome]
    verdict = standing(run, _headlines(found), _fault)
    verdict = _grounded(verdict, len(seen[TRAIN_LOSS])) if judged.sketched else verdict
    pending = _pending(found, verdict) if run.state == RUNNING else None
    if pending:
        verdict = replace(verdict, message=f"{verdict.message} Not certain yet: {pending.message}")
    others = _unexplained([f for f in found if f.rule not in HEADLINES], verdict)
    verdict = _mended_first(verdict, others)
    return Report(
        run=run.name,
        source=run.source,
        verdict=verdict.rule,
        findings=(verdict, *sorted(others, key=lambda f: -SEVERITIES.index(f.severity))),
        clear=tuple(slug for slug, outcome in outcomes.items() if outcome == () and slug != verdict.rule),
        not_checked=tuple(outcome for outcome in outcomes.values() if isinstance(outcome, NotChecked)),
        rivals=(
            *(Rival(f.rule, f.message, TOO_SHORT) for f in (pending,) if f),
            *(Rival(f.rule, f.message, ORDER[verdict.rule]) for f in _outranked(found, verdict)),
        ),
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


def _grounded(verdict: Finding, points: int) -> Finding:
    """``verdict`` with what it rests on, where training was logged in so few ``points``."""
    often = {1: "once", 2: "twice"}.get(points, f"{points} times")
    said = f"{verdict.message} Training was logged only {often}: its course, and its figures here, are taken from validation."
    evidence = tuple(replace(e, tag=VAL_LOSS) if e.tag == TRAIN_LOSS else e for e in verdict.evidence)
    return replace(verdict, message=said, evidence=evidence)


def _mended_first(verdict: Finding, others: list[Finding]) -> Finding:
    """``verdict`` with what no setting makes up for as its first remedy.

    The order of sorted data alone can lift a loss, toss it, and part training from validation; layers that no gradient reaches look like steps that are too short.
    """
    remedy = next((f.remedies[0] for f in others if f.rule in MEND_FIRST and f.severity != "info"), None)
    return (
        verdict if remedy is None or verdict.rule in QUIET else replace(verdict, remedies=(remedy, *verdict.remedies))
    )


def _fault(run: Run) -> Finding | None:
    """The first fault of ``run`` in the order of causes; the rules after it are not asked."""
    seen = sketched(without_untouched_averages(run))
    outcomes = (_ask(rules.get(slug), seen) for slug in HEADLINES if slug not in QUIET)
    return next((outcome[0] for outcome in outcomes if isinstance(outcome, tuple) and outcome), None)


def _headlines(found: list[Finding]) -> list[Finding]:
    """The headlines among ``found``, in the order of causes."""
    return sorted((f for f in found if f.rule in HEADLINES), key=lambda f: HEADLINES.index(f.rule))


def _pending(found: list[Finding], verdict: Finding) -> Finding | None:
    """The fault that shows at this moment and has not yet stood long enough to be the verdict on a run that goes on."""
    first = _headlines(found)[0]
    return first if verdict.rule in QUIET and first.rule not in QUIET else None


def _outranked(found: list[Finding], verdict: Finding) -> list[Finding]:
    """The headlines that were found as well and come later; healthy always does and is no rival."""
    place = HEADLINES.index(verdict.rule)
    return [f for f in _headlines(found) if place < HEADLINES.index(f.rule) < len(HEADLINES) - 1]


def _unexplained(others: list[Finding], verdict: Finding) -> list[Finding]:
    """Without what the verdict or a finding beside it explains: one cause, one finding."""
    explained = {slug for f in (verdict, *others) for slug in rules.get(f.rule).explains}
    return [f for f in others if f.rule not in explained]
