"""How a report reads in a terminal: calm, plain, the numbers beside the words."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from collector.schema import RUNNING, TRAIN_LOSS, VAL_LOSS
from diagnostics import Evidence, Finding, Report, Run, rules
from diagnostics.readers.errors import printable

COLOURS = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
BARS = "▁▂▃▄▅▆▇█"
SPARK_WIDTH = 40  # characters, one a block of stats.level
WIDEST = 110  # characters
UNFOLDED = 10_000  # characters, more than any line of a report
WHOLE = 1e6  # from here on in powers of ten
MANY = 4  # runs from which a table of all comes first


class Screen(Console):
    """A console that leaves a closed pipe to the command."""

    def on_broken_pipe(self) -> None:
        """Raise: rich would end the program with 1, which says that a finding was bad enough."""
        raise


def screen() -> Console:
    """Standard output, plain where it is no terminal or NO_COLOR is set.

    A terminal is never filled wider than is pleasant to read. In a pipe or a file nothing is folded: ``grep`` finds every name.
    """
    console = Screen(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        return Screen(highlight=False, width=UNFOLDED)
    return console if console.width <= WIDEST else Screen(highlight=False, width=WIDEST)


@dataclass(frozen=True)
class Told:
    """What is printed of one run. It holds no curves: of ten thousand runs they may not fit into memory.

    Attributes:
        report: on the run.
        state: how it stands, "" where it simply finished.
        drawn: its losses as lines of bars.
        notes: of its reader.
    """

    report: Report
    state: str
    drawn: Sequence[RenderableType]
    notes: Sequence[RenderableType]


def told(run: Run, report: Report) -> Told:
    """What is printed of ``run``."""
    return Told(report, _state(run), _sparklines(run), _notes(run))


def counted(runs: Iterator[Run]) -> Iterator[Run]:
    """``runs``, with how many they are so far on standard error where that is a terminal: thousands take a while."""
    if not sys.stderr.isatty():
        yield from runs
        return
    with Console(stderr=True).status("reading") as status:
        for number, run in enumerate(runs, 1):
            yield run
            status.update(f"{number:,} {'run' if number == 1 else 'runs'} judged")


def print_reports(console: Console, runs: Sequence[Told]) -> None:
    """Print the reports on ``runs``; from ``MANY`` runs on, a table of all verdicts first."""
    reports = [run.report for run in runs]
    names = told_apart(reports)
    if len(reports) >= MANY:
        console.print(overview(names, reports))
    for name, run in zip(names, runs, strict=True):
        console.print(block(name, run))


def told_apart(reports: Sequence[Report]) -> list[str]:
    """The names of the runs, with where each lies where others are called the same."""
    times = Counter(report.run for report in reports)
    return [report.run if times[report.run] == 1 else f"{report.run} ({report.source})" for report in reports]


def overview(names: Sequence[str], reports: Sequence[Report]) -> Table:
    """One line a run: verdict and sentence."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("run", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("because", overflow="fold")
    for name, report in zip(names, reports, strict=True):
        table.add_row(Text(printable(name)), _verdict(report.headline), Text(report.headline.message))
    return table


def block(name: str, run: Told) -> RenderableType:
    """Everything on one run."""
    head = Text.assemble("\n", (printable(name), "bold"), "  ", _verdict(run.report.headline))
    if run.state:
        head.append(f"  {run.state}", style="dim")
    parts: list[RenderableType] = [head, *run.drawn]
    for finding in run.report.findings:
        parts += _finding(finding)
    return Group(*parts, *_quiet(run.report), *run.notes)


def line(name: str, run: Run, report: Report) -> Text:
    """What is new of a run that is watched: time, name, step, verdict, since when, what to do first, what stands beside."""
    first, *others = report.findings
    said = Text.assemble(
        (time.strftime("%H:%M:%S  "), "dim"), (printable(name), "bold"), (f"  step {run.last_step:,}  ", "dim")
    )
    if run.state != RUNNING:
        said.append(f"{_state(run) or run.state or 'ended'}  ", style="dim")
    said.append_text(_verdict(first)).append(f" since step {first.first_step:,}")
    if first.remedies:
        said.append(f": {printable(first.remedies[0].action)}")
    beside = ", ".join(_inside(slug) for slug in dict.fromkeys(f.rule for f in others))
    return said.append(f"  also: {beside}", style="dim") if beside else said


def _state(run: Run) -> str:
    """How the run stands, unless it simply finished."""
    crashed = f"crashed: {run.exception}" if run.exception else "crashed"
    said = {"running": f"running, step {run.last_step:,}", "crashed": crashed}
    return printable(said.get(run.state or "", ""))


def _verdict(finding: Finding) -> Text:
    colour = "bold green" if finding.rule == "healthy" else COLOURS[finding.severity]
    return Text(rules.get(finding.rule).title, style=colour)


def _sparklines(run: Run) -> list[RenderableType]:
    shown = [(tag, run.get(tag)) for tag in (TRAIN_LOSS, VAL_LOSS)]
    return [
        _indented(Text.assemble((f"{tag:<11}", "dim"), sparkline(c.values)))
        for tag, c in shown
        if c is not None and len(c)
    ]


def sparkline(values: np.ndarray) -> str:
    """``values`` as a row of bars from the lowest to the highest level; × where nothing is finite."""
    parts = np.array_split(values, min(SPARK_WIDTH, len(values)))
    levels = np.array([np.median(p[np.isfinite(p)]) if np.isfinite(p).any() else np.nan for p in parts])
    low, high = (np.nanmin(levels), np.nanmax(levels)) if np.isfinite(levels).any() else (0.0, 0.0)
    height = np.nan_to_num((levels - low) / ((high - low) or 1.0)) * (len(BARS) - 1)
    return "".join("×" if np.isnan(level) else BARS[round(h)] for level, h in zip(levels, height, strict=True))


def _indented(what: RenderableType, by: int = 2) -> Padding:
    """``what`` after a margin, no wider than it needs to be."""
    return Padding(what, (0, 0, 0, by), expand=False)


def _finding(finding: Finding) -> list[RenderableType]:
    lines: list[RenderableType] = [_indented(Text(printable(finding.message)))]
    lines += [_indented(_evidence(e), 4) for e in finding.evidence]
    return [*lines, _indented(_remedies(finding))] if finding.remedies else lines


def _evidence(evidence: Evidence) -> Text:
    span = f"steps {evidence.first_step:,}–{evidence.last_step:,}"
    numbers = f"{evidence.statistic} {_figure(evidence.measured)} (against {_figure(evidence.threshold)})"
    return Text(printable(f"{evidence.tag}, {span}: {numbers}"), style="dim")


def _figure(value: float) -> str:
    """Three digits, and whole numbers as they are."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < WHOLE else f"{value:.3g}"


def _inside(slug: str) -> str:
    """The title of a rule within a sentence."""
    title = rules.get(slug).title
    return title[0].lower() + title[1:]


def _remedies(finding: Finding) -> Table:
    """Numbered, cheapest first, each with its because beneath."""
    table = Table.grid(padding=(0, 1, 0, 0))
    for number, remedy in enumerate(finding.remedies, 1):
        table.add_row(
            Text(f"{number}.", style="bold"), Text.assemble(remedy.action, (f"\nbecause {remedy.because}", "dim"))
        )
    return table


def _quiet(report: Report) -> list[RenderableType]:
    """The rivals of the verdict and the rules with nothing to say, each kind in one line."""
    rivals = "; ".join(f"{_inside(r.rule)} (against it: {r.against})" for r in report.rivals)
    names = ", ".join(_inside(slug) for slug in report.clear if slug not in ("healthy", "not_enough_data"))
    unchecked = "; ".join(f"{', '.join(titles)} ({because})" for because, titles in _by_reason(report).items())
    lines = (("also considered", rivals), ("clear", names), ("not checked", unchecked))
    return [_indented(Text(printable(f"{kind}: {said}"), style="dim")) for kind, said in lines if said]


def _by_reason(report: Report) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for n in report.not_checked:
        reasons.setdefault(n.because, []).append(_inside(n.rule))
    return reasons


def _notes(run: Run) -> list[RenderableType]:
    return [_indented(Text(printable(f"note: {note}"), style="dim")) for note in run.notes]
