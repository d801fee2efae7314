"""What do you check, how, and where does it come from?"""

import streamlit as st

from app.words import plain
from diagnostics import rules
from diagnostics.rule import HEADINGS, Rule


def page() -> None:
    """Every rule as its own file explains it."""
    st.title("Rulebook")
    st.caption(
        "Each diagnosis is one small file that says what it looks for, why, and who says so. This page is made from them."
    )
    wanted = st.text_input("Find", key="rulebook.find", placeholder="a word", icon=":material/search:", width=260)
    found = [rule for rule in rules.all_rules() if wanted.lower() in _text(rule).lower()]
    for rule in found:
        _entry(rule)
    if not found:
        st.caption("No rule speaks of that.")


def _entry(rule: Rule) -> None:
    explanation = rules.explanation(rule.slug)
    with st.expander(f"**{plain(rule.title)}**  \n{plain(explanation.summary)}", key=f"rulebook.{rule.slug}"):
        for heading in HEADINGS:
            st.markdown(f"**{heading}**  \n{plain(explanation.sections[heading])}")
        st.caption(f"Slug: {plain(rule.slug)}")


def _text(rule: Rule) -> str:
    explanation = rules.explanation(rule.slug)
    return " ".join([rule.slug, rule.title, explanation.summary, *explanation.sections.values()])
