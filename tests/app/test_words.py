import pytest

from app import words
from diagnostics import rules
from diagnostics.engine import HEADLINES


@pytest.mark.parametrize("evil", ["<b>x</b>", "$a$", ":red[x]", "[a](http://b)", "*x*", "`x`", "# x", "![](x)"])
def test_plain_leaves_no_markup(evil):
    printed = words.plain(evil)
    assert printed.replace("\\", "") == evil
    assert all(printed[i - 1] == "\\" for i, c in enumerate(printed) if c in "<>$[]()*`#!:_")


@pytest.mark.parametrize("value, printed", [(None, "–"), (1500, "1,500"), (0.123456, "0.1235"), ("adam", "adam")])
def test_numbers(value, printed):
    assert words.number(value) == printed


def test_few_digits_of_hundreds_need_no_power_of_ten():
    assert words.number(327.4, 2) == "330" and words.number(12345.6, 2) == "12,000"


def test_every_verdict_has_a_word_and_an_icon():
    for slug in HEADLINES:
        chip = words.verdict(slug)
        assert chip.word == rules.get(slug).title and chip.icon


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (-3, "0 s"),
        (40.4, "40 s"),
        (200, "3 min 20 s"),
        (3_600, "1 h"),
        (7_505, "2 h 5 min"),
        (273_700, "3 d 4 h"),
    ],
)
def test_a_span_of_time_in_its_two_largest_units(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.022914, "0.0229"),
        (1645.4, "1,650"),
        (1645.0, "1,645"),
        (1, "1"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (2.5e7, "2.5e+07"),
        (999.96, "1,000"),
    ],
)
def test_a_figure_has_three_digits_and_a_count_all(value, said):
    assert words.figure(value) == said


def test_one_has_no_plural():
    assert [words.counted(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]
