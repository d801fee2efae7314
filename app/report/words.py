"""The words of a run's report as HTML: verdict, numbers, remedies, findings, settings, and what was not checked."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from app import measures
from app.plot import heatmap
from app.row import settings
from app.words import counted, number, title, verdict
from diagnostics import heat
from diagnostics.doubt import turns
from diagnostics.report import Finding, Remedy, Report
from diagnostics.run import Run

WORST = 8  # layers named
MOST = 500  # settings: a config beyond that is a data set


def body(run: Run, report: Report) -> str:
    """Everything that is read."""
    head = f"<header><h1>{escape(run.name)}</h1><p>{escape(' · '.join(_state(run)))}</p></header>"
    crash = f'<p class="crash">{escape(run.exception)}</p>' if run.exception else ""
    beside = "".join(_beside(i, f) for i, f in enumerate(report.findings, 1) if f is not report.headline)
    said = f"{_headline(report)}{_section('Also found', beside)}{_doubts(report)}"
    charts = f'<div id="curves" class="chart"></div>{_layers(run)}'
    return f"{head}{crash}<main><div>{said}</div><div>{charts}</div></main>{_rest(run, report)}"


def _state(run: Run) -> Iterator[str]:
    if run.state:
        yield run.state
    yield counted(run.last_step, "step")
    if run.source:
        yield run.source.rpartition("/")[2]


def _headline(report: Report) -> str:
    chip, cause = verdict(report.verdict), report.headline
    since = "" if cause.severity == "info" else f" <small>since step {number(cause.first_step)}</small>"
    return (
        f'<section class="card {chip.colour}"><h2>{escape(chip.word)}{since}</h2><p>{escape(cause.message)}</p>'
        f"{_evidence(cause)}{_remedies(cause.remedies)}</section>"
    )


def _beside(i: int, finding: Finding) -> str:
    head = f"<h3>{i} {escape(title(finding.rule))} <small>{escape(finding.severity)}</small></h3>"
    return f'<div class="card">{head}<p>{escape(finding.message)}</p>{_evidence(finding)}{_remedies(finding.remedies)}</div>'


def _evidence(finding: Finding) -> str:
    lines = (f'<p class="quiet">{escape(measures.line(e))}</p>{measures.bar(e)}' for e in finding.evidence)
    return "".join(lines)


def _remedies(remedies: Sequence[Remedy]) -> str:
    done = [
        f"<li><b>{escape(r.action)}</b> <code>{escape(measures.size(r))}</code><br>"
        f'<span class="quiet">because {escape(r.because)}</span></li>'
        for r in remedies
    ]
    return f"<h3>What to do</h3><ol>{''.join(done)}</ol>" if done else ""


def _doubts(report: Report) -> str:
    against = _list(measures.turned(turn) for turn in turns(report.headline))
    rivals = _list(f"{title(r.rule)} was considered: {r.message} Against it: {r.against}." for r in report.rivals)
    return _section("What would change this verdict", against + rivals)


def _layers(run: Run) -> str:
    if run.layers is None or run.layers.empty:
        return ""
    return "".join(
        f'<h3>{escape(heatmap.NAMES[q].capitalize())} of each layer</h3><p class="quiet">{escape(_worst(run, q))}</p>'
        f'<div id="layers-{q}" class="chart"></div>'
        for q in (heat.RATIO, heat.NORM)
    )


def _worst(run: Run, quantity: str) -> str:
    """The letters at the map's edge, spelled out."""
    against = "1e-3" if quantity == heat.RATIO else "the median layer"
    names = heat.worst(run, quantity, WORST)["layer"]
    named = ", ".join(f"{letter} {name}" for letter, name in zip(heatmap.LETTERS, names, strict=False))
    return f"Furthest from {against}, by their medians: {named}"


def _rest(run: Run, report: Report) -> str:
    """What is looked up: the settings, what was not checked and why, what is clear, notes."""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>"
        for name, value in settings(run.config, MOST).items()
    )
    config = f"<table>{rows}</table>" if rows else ""
    unchecked = _list(f"{title(n.rule)}: {n.because}" for n in report.not_checked)
    clear = f"<p>{escape(', '.join(title(slug) for slug in report.clear))}</p>" if report.clear else ""
    parts = (("Settings", config), ("Not checked", unchecked), ("Clear", clear), ("Notes", _list(run.notes)))
    return "<footer>" + "".join(_section(name, part) for name, part in parts) + "</footer>"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _section(name: str, content: str) -> str:
    return f"<section><h2>{name}</h2>{content}</section>" if content else ""
