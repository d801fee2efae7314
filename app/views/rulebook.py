"""What do you check, how, and where does it come from?"""

import re

import streamlit as st

from app.words import plain
from diagnostics import rules
from diagnostics.rule import HEADINGS, Rule


def page() -> None:
    """Every rule as its own file explains it."""
    st.title("Rulebook")
    st.caption(
        "Each rule is one small file that says what it looks for, why, and by which sources. This page is made from them."
    )
    wanted = st.text_input(
        "Find",
        key="find",
        bind="query-params",
        live="200ms",
        icon=":material/search:",
        placeholder="overfitting, learning rate, NaN",
        width=320,
    )
    found = [rule for rule in rules.all_rules() if (wanted or "").strip().lower() in _text(rule).lower()]
    with st.container(gap="xsmall"):
        for rule in sorted(found, key=lambda rule: rule.title):
            _entry(rule)
    if not found:
        st.caption("No rule mentions that.")


def _entry(rule: Rule) -> None:
    explanation = rules.explanation(rule.slug)
    with st.expander(f"**{plain(rule.title)}**  \n:gray[{plain(explanation.summary)}]", key=f"rulebook.{rule.slug}"):
        for heading in HEADINGS:
            st.markdown(f"**{heading}**  \n{_markdown(explanation.sections[heading])}")
        st.caption(f"Name in filters and reports: {plain(rule.slug)}")


def _markdown(text: str) -> str:
    """The paragraphs and points of a rule's text; the word a point begins with stays slanted, and all else is literal."""
    parts = re.split(r"\n\s*\n|\n(?=- )", text)
    return "".join(_point(part[2:]) if part.startswith("- ") else f"\n\n{plain(part)}" for part in parts).strip()


def _point(text: str) -> str:
    lead = re.match(r"\*(.+?)\*", text)
    return f"\n- *{plain(lead[1])}* {plain(text[lead.end() :])}" if lead else f"\n- {plain(text)}"


def _text(rule: Rule) -> str:
    explanation = rules.explanation(rule.slug)
    return " ".join([rule.slug, rule.title, explanation.summary, *explanation.sections.values()])
