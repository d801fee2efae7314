"""What the rules say of a run: the verdict in one breath, the findings one by one, and what was not found or not checked."""

import streamlit as st

from app.words import SEVERITIES, number, plain, title, verdict
from diagnostics import view
from diagnostics.report import Evidence, Finding, Remedy, Report
from diagnostics.run import Run

WORST = 8  # layers listed: the rest is seldom read


def headline(report: Report) -> None:
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
            remedies(cause.remedies)


def remedies(found: tuple[Remedy, ...]) -> None:
    """Actions, cheapest first, each with its size and its reason."""
    st.markdown(
        "\n".join(f"{i}. **{plain(r.action)}** {_size(r)}  \n   {_reason(r.because)}" for i, r in enumerate(found, 1))
    )


def _size(remedy: Remedy) -> str:
    change = f"= {number(remedy.value)}" if remedy.factor is None else f"× {number(remedy.factor)}"
    return f":gray-badge[{plain(f'{remedy.parameter} {change}')}]"


def _reason(because: str) -> str:
    return f":gray[because {plain(because)}]"


def choose(report: Report, key: str) -> tuple[int | None, int]:
    """List the findings; the one chosen (None: none) and how often the reader has jumped, for the chart to follow."""
    state = st.session_state
    chosen, jumps = state.setdefault(f"{key}.finding", None), f"{key}.jumps"
    state.setdefault(jumps, 0)
    chosen = chosen if chosen is not None and chosen < len(report.findings) else None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown("**Findings**", width="content")
        if st.button("Reset zoom", key=f"{key}.reset", icon=":material/zoom_out_map:", type="tertiary"):
            chosen, state[jumps] = None, state[jumps] + 1
    for i, finding in enumerate(report.findings):
        if _card(i, finding, f"{key}.{i}", headline=finding.rule == report.verdict):
            chosen, state[jumps] = i, state[jumps] + 1
    _quiet(report)
    state[f"{key}.finding"] = chosen
    return chosen, state[jumps]


def _card(i: int, finding: Finding, key: str, *, headline: bool) -> bool:
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
                remedies(finding.remedies)
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


def layers(run: Run) -> None:
    """The layers whose updates are furthest from a thousandth of their weights."""
    if run.layers is None or run.layers.empty:
        return
    st.markdown("**Layers furthest from an update ratio of 1e\\-3**, medians over the run")
    st.dataframe(
        view.worst_layers(run.layers, WORST),
        hide_index=True,
        column_order=("layer", "update_ratio", "weight_norm", "update_norm", "grad_norm"),
        column_config={
            "layer": st.column_config.TextColumn("Layer", pinned=True),
            "update_ratio": st.column_config.NumberColumn(
                "Update ratio", format="%.1e", help="Update norm / weight norm"
            ),
            "weight_norm": st.column_config.NumberColumn("Weight norm", format="%.3g"),
            "update_norm": st.column_config.NumberColumn("Update norm", format="%.1e"),
            "grad_norm": st.column_config.NumberColumn("Gradient norm", format="%.1e"),
        },
    )
