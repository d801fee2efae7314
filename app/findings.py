"""The findings one by one, which of them the reader has chosen, and what was not found or not checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from app import measures
from app.slot import slot
from app.words import SEVERITIES, plain, title
from diagnostics.report import Finding, Remedy, Report

CHOSEN = "finding"  # the name in the address
Offer = Callable[[Remedy, Sequence[Remedy]], None]  # shows what more can be done with a remedy, after others


def names(report: Report) -> list[str]:
    """What the address calls each finding: its rule; a second one of the same rule has a number."""
    slugs = [finding.rule for finding in report.findings]
    before = [slugs[:i].count(slug) for i, slug in enumerate(slugs)]
    return [f"{slug}-{n + 1}" if n else slug for slug, n in zip(slugs, before, strict=True)]


@dataclass(frozen=True)
class Choice:
    """The finding that the reader looks at, if any; in the address when ``linked``. ``key`` tells it from another story's."""

    key: str
    linked: bool

    @property
    def jumps(self) -> int:
        """How often the reader has chosen, for the chart to follow."""
        return int(st.session_state.get(f"{self.key}.jumps", 0))

    def chosen(self, report: Report) -> int | None:
        """Its place in ``report``. A link says it at first; then the session does, since two changes at once lose one in the address."""
        asked = st.query_params.get(CHOSEN) if self.linked else None
        name = st.session_state.setdefault(f"{self.key}.{CHOSEN}", asked)
        return names(report).index(name) if name in names(report) else None

    def press(self, report: Report, place: int) -> None:
        """Choose the finding at ``place``; a second time lets it go, and all of the run is shown."""
        self._keep(None if self.chosen(report) == place else names(report)[place])

    def move(self, report: Report, by: int) -> None:
        """Choose the next finding or the one before, around the end."""
        now = self.chosen(report)
        first = 0 if by > 0 else len(report.findings) - 1
        self._keep(names(report)[first if now is None else (now + by) % len(report.findings)])

    def forget(self) -> None:
        """Let it go without a jump: another run is shown."""
        st.session_state.pop(f"{self.key}.{CHOSEN}", None)
        if self.linked:
            st.query_params.pop(CHOSEN, None)

    def to_address(self) -> None:
        """Say it in the address."""
        name = st.session_state.get(f"{self.key}.{CHOSEN}")
        if self.linked and not isinstance(name, str):
            st.query_params.pop(CHOSEN, None)
        elif self.linked and st.query_params.get(CHOSEN) != name:
            st.query_params[CHOSEN] = str(name)

    def _keep(self, name: str | None) -> None:
        st.session_state[f"{self.key}.jumps"] = self.jumps + 1
        st.session_state[f"{self.key}.{CHOSEN}"] = name


def show(report: Report, choice: Choice, offer: Offer | None = None, notes: Sequence[str] = ()) -> None:
    """Every finding beside the verdict, and what is quiet, the reader's ``notes`` on the log among it."""
    with slot():
        if len(report.findings) > 1:
            st.markdown("**Also found**")
        for i, finding in enumerate(report.findings):
            if finding is not report.headline:
                _card(i, finding, report, choice, offer)
    _quiet(report, notes)


def button(place: int, label: str, report: Report, choice: Choice) -> None:
    """What zooms the curves to the finding at ``place``, with the number it has there."""
    shown = choice.chosen(report) == place
    st.button(
        f"**{place + 1}** {label}",
        key=f"{choice.key}.{place}.show",
        type="tertiary",
        help="Show all of the run" if shown else "Zoom the curves to where it shows",
        icon=":material/zoom_out_map:" if shown else None,
        on_click=partial(choice.press, report, place),
    )


def _card(i: int, finding: Finding, report: Report, choice: Choice, offer: Offer | None) -> None:
    chip = SEVERITIES[finding.severity]
    with st.container(border=True, gap="xsmall", key=f"{choice.key}.{i}.card"):
        button(i, f":{chip.colour}[{chip.icon}] {plain(title(finding.rule))}", report, choice)
        st.markdown(plain(finding.message))
        for evidence in finding.evidence:
            st.caption(plain(measures.line(evidence)))
        if finding.remedies:
            with st.expander("What to do"):
                remedies(finding.remedies, offer)


def remedies(found: Sequence[Remedy], offer: Offer | None = None, before: Sequence[Remedy] = ()) -> None:
    """Actions, cheapest first, each with its size and its reason, and what ``offer`` shows of it; ``before`` came others."""
    with st.container(gap="xsmall"):
        for i, remedy in enumerate(found):
            st.markdown(
                f"**{plain(remedy.action)}** :gray-badge[{plain(measures.size(remedy))}]  \n:gray[because {plain(remedy.because)}]"
            )
            if offer:
                offer(remedy, [*before, *found[:i]])


def _quiet(report: Report, notes: Sequence[str]) -> None:
    """What is fine, what could not be judged and why, and how the log was read: out of the way."""
    folded = {
        "Not checked": [f"{title(n.rule)}: {n.because}" for n in report.not_checked],
        "Clear": [title(slug) for slug in report.clear],
        "Notes on how the log was read": notes,
    }
    for name, lines in folded.items():
        place = slot()
        if lines:
            with place.expander(f"{name}: {len(lines)}"):
                st.markdown("\n".join(f"- {plain(line)}" for line in lines))
