"""What the rules say of a run: the verdict in one breath, the findings one by one, and what was not found or not checked."""

from collections.abc import Callable, Sequence

import streamlit as st

from app.words import SEVERITIES, number, plain, title, verdict
from diagnostics.report import Evidence, Finding, Remedy, Report

Offer = Callable[[Remedy, Sequence[Remedy]], None]  # shows what more can be done with a remedy, after others


def headline(report: Report, offer: Offer | None = None) -> None:
    """The verdict, since when, the sentence with the numbers, and what to try first."""
    chip, cause = verdict(report.verdict), report.headline
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f":{chip.colour}[{chip.icon} {plain(chip.word)}]", anchor=False, width="content")
            if cause.severity != "info":
                st.badge(f"since step {number(cause.first_step)}", icon=":material/schedule:", color="gray")
        st.markdown(plain(cause.message))
        if cause.remedies:
            st.markdown("**What to do**")
            remedies(cause.remedies, offer)


def remedies(found: tuple[Remedy, ...], offer: Offer | None = None) -> None:
    """Actions, cheapest first, each with its size and its reason, and what ``offer`` shows of it."""
    with st.container(gap="xsmall"):
        for i, remedy in enumerate(found, 1):
            st.markdown(f"{i}. **{plain(remedy.action)}** {_size(remedy)}  \n   {_reason(remedy.because)}")
            if offer:
                offer(remedy, found[: i - 1])


def _size(remedy: Remedy) -> str:
    change = f"= {number(remedy.value)}" if remedy.factor is None else f"× {number(remedy.factor)}"
    return f":gray-badge[{plain(f'{remedy.parameter} {change}')}]"


def _reason(because: str) -> str:
    return f":gray[because {plain(because)}]"


def choose(report: Report, key: str, offer: Offer | None = None) -> tuple[int | None, int]:
    """List the findings; the one chosen (None: none) and how often the reader has jumped, for the chart to follow.

    A second press lets the finding go, and all of the run is shown.
    """
    state = st.session_state
    chosen, jumps = state.setdefault(f"{key}.finding", None), f"{key}.jumps"
    state.setdefault(jumps, 0)
    chosen = chosen if chosen is not None and chosen < len(report.findings) else None
    st.markdown("**Findings**")
    for i, finding in enumerate(report.findings):
        if _card(i, finding, f"{key}.{i}", headline=finding.rule == report.verdict, offer=offer):
            chosen, state[jumps] = None if i == chosen else i, state[jumps] + 1
    _quiet(report)
    state[f"{key}.finding"] = chosen
    return chosen, state[jumps]


def _card(i: int, finding: Finding, key: str, *, headline: bool, offer: Offer | None) -> bool:
    """One finding; whether its button was pressed. The headline's own text stands above already."""
    chip = SEVERITIES[finding.severity]
    with st.container(border=True, gap="xsmall"):
        pressed = st.button(
            f"**{i + 1}** :{chip.colour}[{chip.icon}] {plain(title(finding.rule))}",
            key=f"{key}.show",
            type="tertiary",
            help="Zoom the curves to where it shows",
        )
        if not headline:
            st.markdown(plain(finding.message))
            if finding.remedies:
                remedies(finding.remedies, offer)
        for evidence in finding.evidence:
            st.caption(plain(_evidence(evidence)))
    return pressed


def _evidence(e: Evidence) -> str:
    span = f"step {number(e.first_step)}" if e.first_step == e.last_step else _steps(e)
    unit = f" {e.unit}" if e.unit else ""
    return f"{e.tag}, {span}: {e.statistic}: {number(e.measured)}{unit} against {number(e.threshold)}{unit}"


def _steps(e: Evidence) -> str:
    return f"steps {number(e.first_step)} to {number(e.last_step)}"


def _quiet(report: Report) -> None:
    """Rivals of the verdict, what is fine and what could not be judged, out of the way."""
    if report.rivals:
        with st.expander(f"Also considered: {len(report.rivals)}"):
            for rival in report.rivals:
                st.markdown(
                    f"**{plain(title(rival.rule))}**: {plain(rival.message)}  \n*Against it*: {plain(rival.against)}."
                )
    with st.expander(f"Clear: {len(report.clear)}, not checked: {len(report.not_checked)}"):
        if report.clear:
            st.markdown("**Clear**  \n" + plain(", ".join(title(slug) for slug in report.clear)))
        if report.not_checked:
            st.markdown("**Not checked, because**")
            st.markdown("\n".join(f"- {plain(title(n.rule))}: {plain(n.because)}" for n in report.not_checked))
