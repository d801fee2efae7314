"""The calculator of the Schedules page: what becomes of a schedule when the batch changes size."""

from typing import Any

import streamlit as st

from app import schedule_form, schedule_state
from app.words import number
from diagnostics.run import Run
from diagnostics.schedules import Schedule
from diagnostics.schedules.scaling import LINEAR, PROVEN, SQRT, epochs, scaled
from diagnostics.stats.rates import family

SGD, ADAM = "SGD: linear", "Adam: square root"
RULES = {SGD: LINEAR, ADAM: SQRT}
USUAL_BATCH = 256  # of Goyal et al. 2017; where the run does not say
LIMITS = (
    "- **Linear**: a step on k times the batch replaces k steps, so it may be k times as long; warmed up evenly over 5 epochs from "
    "the old rate, because early on the weights change too fast for that (Goyal et al. 2017).\n"
    f"- **It ends** where more data makes a step no better: ImageNet kept its accuracy up to a batch of {PROVEN:,}, not beyond "
    "(same paper). That critical batch grows as the loss falls (McCandlish et al. 2018).\n"
    "- **Adam** divides by the gradient's size: its rate grows by √k (Malladi et al. 2022).\n"
    "- **Batch normalization** should see as many examples per worker as before: its statistics belong to the loss, and another "
    "size is another problem. Grow the batch by adding workers, not by growing theirs."
)


def usual(run: Run) -> dict[str, Any]:
    """What the calculator's inputs start from: the run's batch, four times that."""
    batch = int(run.setting("batch_size") or USUAL_BATCH)
    return {
        "batch": batch,
        "new_batch": 4 * batch,
        "epochs": epochs(run),
        "rule": ADAM if family(run) == "adam" else SGD,
    }


def offer(schedule: Schedule) -> None:
    """Old and new batch in, rate and warm-up out; one click takes them over."""
    with st.expander("Another batch size", icon=":material/balance:", key="scale", bind="query-params"):
        inputs, outcome = st.columns([0.4, 0.6], gap="large")
        with inputs, st.container(key="scaled-form"):
            new = _asked(schedule)
        with outcome:
            _told(schedule, new)
        st.caption(LIMITS)


def _asked(schedule: Schedule) -> Schedule:
    left, right = st.columns(2)
    with left:
        now = schedule_form.number("Batch now", "batch", 1, 10**9, whole=True)
    with right:
        then = schedule_form.number("New batch", "new_batch", 1, 10**9, whole=True)
    length = schedule_form.number("Epochs in all", "epochs", 0.001, 1e9, step=1.0)
    rule = st.segmented_control("Optimizer", list(RULES), key="rule", bind="query-params", required=True)
    return scaled(schedule, then / now, length, RULES[schedule_state.usual("rule", rule)])


def _told(schedule: Schedule, new: Schedule) -> None:
    with st.container(horizontal=True, gap="medium", key="scaled-figures"):
        _metric("New learning rate", new.peak, f"{number(new.peak / schedule.peak)} × now")
        _metric("New warm-up steps", new.warmup_steps, _rise(new))
        _metric("New total steps", new.total_steps, "as many epochs as now")
    st.button("Use these", icon=":material/check:", on_click=_use, args=(new,))


def _use(new: Schedule) -> None:
    """The schedule is the new one, and the batch with it."""
    schedule_state.refill(new)
    st.session_state["batch"] = st.session_state["new_batch"]


def _rise(new: Schedule) -> str:
    if new.kind == "one_cycle":
        return "a rise of its own"
    return f"from {number(new.peak * new.warmup_start)}" if new.warmup_steps else "none"


def _metric(label: str, value: float, said: str) -> None:
    st.metric(label, number(value), said, delta_color="off", delta_arrow="off", width=150)
