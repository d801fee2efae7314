"""The page's section on the rivals."""

from collections.abc import Iterable
from importlib import metadata

from benchmarks.rivals import NAMES, environment
from benchmarks.score import cost
from benchmarks.score.field import Judge, algoperf_table, deepobs_table, lab_table
from benchmarks.score.grid_page import Curves
from benchmarks.score.heading import RIVALS
from benchmarks.score.lab_page import Part
from benchmarks.score.opinions import OURS, Reports, of_rival
from diagnostics.engine import HEADLINES

SILENCE = "healthy"  # what a judge that finds nothing says


def rivals(parts: Iterable[Part], public: Curves | None, reports: Reports) -> str:
    """The same tables for us and each rival."""
    text = RIVALS + "\n"
    for part in parts:
        judges = [_ours(part, None, reports), *(_rival(name, part, None) for name in environment.versions())]
        text += f"### Lab, {part.name} part\n\n{lab_table(judges, part.cases)}\n"
    if public:
        judges = [_ours(None, public, reports), *(_rival(name, None, public) for name in environment.versions())]
        text += f"### DeepOBS\n\nShares of the runs.\n\n{deepobs_table(judges, public.deepobs.known)}\n"
        text += f"### AlgoPerf, and what a run takes\n\n{algoperf_table(judges)}\n"
    return text + _absent()


def costs(ours: cost.Ours, *, with_rivals: bool) -> str:
    """Seconds, ours and theirs."""
    names = list(environment.versions()) if with_rivals else []
    labels = {name: environment.adapter(name).PACKAGE for name in names}
    return cost.as_table(ours, cost.of_rivals(names), labels)


def _ours(part: Part | None, public: Curves | None, reports: Reports) -> Judge:
    return Judge(
        OURS,
        metadata.version(OURS),
        "run",
        [reports.opinion(case.run) for case in part.cases] if part else None,
        [reports.opinion(run) for run in public.deepobs.known.runs] if public else None,
        [reports.opinion(run) for run in public.algoperf.known.runs] if public else None,
    )


def _rival(name: str, part: Part | None, public: Curves | None) -> Judge:
    adapter = environment.adapter(name)
    words = {slug for slugs in adapter.WORDS.values() for slug in slugs}
    known = frozenset(words | {SILENCE}) & frozenset(HEADLINES)
    return Judge(
        adapter.PACKAGE,
        environment.versions()[name],
        adapter.FORM,
        of_rival(name, [case.run for case in part.cases]) if part else None,
        of_rival(name, public.deepobs.known.runs) if public else None,
        of_rival(name, public.algoperf.known.runs) if public else None,
        known,
    )


def _absent() -> str:
    missing = [environment.adapter(name).PACKAGE for name in NAMES if name not in environment.versions()]
    return f"Could not be installed, so left out: {', '.join(missing)}.\n" if missing else ""
