"""The verdict at one glance: what it is, since when, how sure the numbers are, what to do first, and what would change it."""

import streamlit as st

from app import findings, measures
from app.findings import Choice, Offer
from app.slot import slot
from app.words import counted, number, plain, title, verdict
from diagnostics.doubt import turns
from diagnostics.report import Evidence, Finding, Report


def show(report: Report, choice: Choice, offer: Offer | None = None, up_to: int | None = None) -> None:
    """The card of the headline finding. ``up_to``: the last step it knows of, where the curves beside it go on."""
    cause = report.headline
    with st.container(border=True, gap="small", key="verdict"):
        _title(report, choice)
        st.markdown(plain(cause.message))
        line, measured, to_do = slot(), slot(), slot()
        if up_to is not None:
            line.caption(plain(f"Judged up to step {number(up_to)}; the run goes on."))
        with measured:
            for evidence in cause.evidence:
                _measure(evidence)
        with to_do:
            if cause.remedies:
                _to_do(cause, offer)
        _doubts(report)


def _title(report: Report, choice: Choice) -> None:
    chip, cause = verdict(report.verdict), report.headline
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f":{chip.colour}[{chip.icon} {plain(chip.word)}]", anchor=False, width="content")
        began = "from" if cause.severity == "info" else "since"
        findings.button(report.findings.index(cause), plain(f"{began} step {number(cause.first_step)}"), report, choice)


def _measure(evidence: Evidence) -> None:
    with st.container(gap=None):
        st.caption(
            f"{plain(evidence.statistic)}: **{plain(measures.against(evidence))}**", help=plain(measures.line(evidence))
        )
        if drawn := measures.bar(evidence):
            st.html(drawn)


def _to_do(cause: Finding, offer: Offer | None) -> None:
    """The first remedy, which is the cheapest, and the others folded."""
    first, *more = cause.remedies
    st.markdown("**What to do**")
    findings.remedies([first], offer)
    if more:
        with st.expander(counted(len(more), "more way")):
            findings.remedies(more, offer, [first])


def _doubts(report: Report) -> None:
    """What would have to be measured for another verdict, and which others were considered."""
    against = [f"- {plain(measures.turned(turn))}" for turn in turns(report.headline)]
    if not against and not report.rivals:
        return
    with st.expander("What would change my mind"):
        if against:
            st.markdown("A measurement on the other side of its threshold:\n\n" + "\n".join(against))
        for rival in report.rivals:
            st.markdown(
                f"**{plain(title(rival.rule))}** was considered: {plain(rival.message)}  \n"
                f":gray[against it: {plain(rival.against)}]"
            )
