"""The filter's grammar: what it finds, what it says when it does not understand, and how chips change it."""

import math

import pytest

from app import filters
from app.fields import FIELDS, differing, ordered, setting, settings
from app.library import Row

NOW = 1_000.0


def row(name, verdict="healthy", state="finished", /, loss=None, accuracy=None, last=None, **config):
    return Row(name, name, False, verdict, state, [], 10, loss, accuracy, last, None, config=config)


ROWS = [
    row("digits-a", loss=0.5, accuracy=0.9, lr=0.1, optimizer="sgd", amp=True),
    row("digits b", "diverged", "crashed", loss=math.nan, lr=1.0, optimizer="adam"),
    row("text-c", "overfitting", "running", loss=0.7, lr=0.01, optimizer="Adam", name="mine"),
]


def found(text):
    answer = filters.find(ROWS, text, NOW)
    assert answer.problem is None, answer.problem
    return [r.name for r in answer.rows]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["digits-a", "digits b", "text-c"]),
        ("DIGITS", ["digits-a", "digits b"]),
        ("digits a", ["digits-a"]),
        ("-digits", ["text-c"]),
        ('"digits b"', ["digits b"]),
        ('name="digits b"', ["digits b"]),
        ("lr>0.01", ["digits-a", "digits b"]),
        ("lr>=1e-2 lr<1", ["digits-a", "text-c"]),
        ("lr=1e-1", ["digits-a"]),
        ("lr=0.1,1", ["digits-a", "digits b"]),
        ("optimizer!=sgd", ["digits b", "text-c"]),
        ("optimizer=adam", ["digits b", "text-c"]),
        ("verdict=diverged,overfitting", ["digits b", "text-c"]),
        ("state=running", ["text-c"]),
        ("loss<1", ["digits-a", "text-c"]),
        ("loss=nan", ["digits b"]),
        ("accuracy>0.5", ["digits-a"]),
        ("amp=true", ["digits-a"]),
        ("config.name=mine", ["text-c"]),
        ("digits verdict=healthy lr=0.1", ["digits-a"]),
    ],
)
def test_finds(text, names):
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr>", "After lr> stands a value"),
        (">3", "Before > stands the name of a field"),
        ("lr>abc", "abc is not a number"),
        ('"digits', "A quote is not closed"),
        ("optimiser=sgd", "Did you mean optimizer?"),
        ("zzz=1", "No run has a field called zzz. There are"),
    ],
)
def test_says_in_one_line_what_it_does_not_understand_and_hides_nothing(text, said):
    answer = filters.find(ROWS, text, NOW)
    assert said in answer.problem and "\n" not in answer.problem
    assert answer.rows == ROWS


def test_chips_add_and_take_values_and_leave_the_rest():
    once = filters.toggled("digits lr>0.01", "verdict", "diverged")
    assert once == "digits lr>0.01 verdict=diverged"
    twice = filters.toggled(once, "verdict", "healthy")
    assert twice == "digits lr>0.01 verdict=diverged,healthy"
    assert filters.toggled(filters.toggled(twice, "verdict", "diverged"), "verdict", "healthy") == "digits lr>0.01"


def test_counts_are_of_what_the_other_terms_leave():
    answer = filters.find(ROWS, "digits verdict=diverged", NOW)
    assert filters.counts(ROWS, answer, "verdict", NOW) == {"healthy": 1, "diverged": 1}
    assert filters.counts(ROWS, answer, "state", NOW) == {"crashed": 1}


@pytest.mark.parametrize("descending", [False, True])
def test_what_has_no_value_or_nan_is_last_either_way(descending):
    rows = [*ROWS, row("none")]
    names = [r.name for r in ordered(rows, FIELDS["loss"], NOW, descending=descending)]
    assert names[:2] == (["text-c", "digits-a"] if descending else ["digits-a", "text-c"])
    assert set(names[2:]) == {"digits b", "none"}


def test_numbers_and_words_in_one_column_are_both_sorted():
    rows = [row("a", x="auto"), row("b", x=2), row("c", x=1), row("d")]
    assert [r.name for r in ordered(rows, setting("x"), NOW, descending=False)] == ["c", "b", "a", "d"]


def test_columns_are_what_differs_the_usual_first_and_labels_last():
    rows = [row(str(i), path=f"/p{i}", zeta=i % 2, lr=10.0**-i, same=1) for i in range(4)]
    assert differing(rows) == ["lr", "zeta", "path"]
    assert differing([*rows, row("4", same=1)]) == ["lr", "zeta", "path"]


def test_a_hyperparameter_called_like_a_field_keeps_both_apart():
    assert list(settings([row("a", loss_=1, lr=2)])) == ["loss_", "lr"]
    assert setting("loss").slug == "config.loss" and setting("lr").slug == "lr"


def test_time_left_is_of_runs_that_go_on_and_counts_down():
    going = Row("a", "a", False, "healthy", "running", [], 10, None, None, NOW, NOW + 100, seconds_left=90.0)
    left = FIELDS["left"]
    assert left.of(going, NOW + 30) == 60 and left.of(going, NOW + 99) == 0
    assert left.of(going, NOW + 101) is None, "it has stalled"
    assert left.of(row("b"), NOW) is None
