from types import SimpleNamespace

import pytest

from app import findings, measures
from app.findings import Choice, names
from collector.schema import TRAIN_LOSS
from diagnostics.doubt import turns
from diagnostics.report import Evidence, Finding, Report

KEY = "story"


def report(*slugs: str) -> Report:
    found = tuple(Finding(slug, "warning", "It rose.", (Evidence(TRAIN_LOSS, 1, 9, "height", 3, 2),)) for slug in slugs)
    return Report("a", "", slugs[0], found, (), ())


@pytest.fixture
def page(monkeypatch):
    page = SimpleNamespace(session_state={}, query_params={})
    monkeypatch.setattr(findings, "st", page)
    return page


def test_a_second_finding_of_a_rule_has_a_name_of_its_own():
    assert names(report("diverged", "loss_spike", "loss_spike")) == ["diverged", "loss_spike", "loss_spike-2"]


@pytest.mark.parametrize("linked", [True, False])
def test_keys_go_through_the_findings_and_around(linked, page):
    told, choice = report("diverged", "loss_spike"), Choice(KEY, linked)
    seen = []
    for by in (1, 1, 1, -1):
        choice.move(told, by)
        seen.append(choice.chosen(told))
    assert seen == [0, 1, 0, 1] and choice.jumps == 4


def test_the_address_says_which(page):
    told, choice = report("diverged", "loss_spike"), Choice(KEY, linked=True)
    choice.press(told, 1)
    choice.to_address()
    assert page.query_params == {"finding": "loss_spike"}
    page.query_params.clear()  # as when two changes come at once
    choice.to_address()
    assert page.query_params == {"finding": "loss_spike"} and choice.chosen(told) == 1
    choice.press(told, 1)
    choice.to_address()
    assert page.query_params == {} and choice.chosen(told) is None


def test_another_run_begins_without(page):
    told, choice = report("diverged", "loss_spike"), Choice(KEY, linked=True)
    choice.press(told, 1)
    choice.forget()
    assert choice.chosen(told) is None and choice.jumps == 1


def test_a_finding_that_is_no_more_is_not_chosen(page):
    page.query_params["finding"] = "loss_spike"
    assert Choice(KEY, linked=True).chosen(report("diverged")) is None


@pytest.mark.parametrize(
    "measured, threshold, said",
    [
        (1.575, 1.05, "1.57 epochs against 1.05 epochs, 50% more"),
        (0.5, 2, "0.5 epochs against 2 epochs, 75% less"),
        (25.0, 10.0, "25 epochs against 10 epochs, 2.5 times as much"),
        (3, 0, "3 epochs against 0 epochs"),
        (2, 2, "2 epochs against 2 epochs"),
    ],
)
def test_how_sure_the_numbers_are(measured, threshold, said):
    assert measures.against(Evidence(TRAIN_LOSS, 1, 9, "length", measured, threshold, "epochs")) == said


def test_what_would_change_the_verdict():
    assert measures.turned(turns(report("diverged").headline)[0]) == "height (train/loss): 2 or less"


def test_a_bar_shows_where_the_threshold_is():
    drawn = measures.bar(Evidence(TRAIN_LOSS, 1, 9, "height", 3, 2))
    assert "width:86.96%" in drawn and "left:57.97%" in drawn
    assert measures.bar(Evidence(TRAIN_LOSS, 1, 9, "height", 3, 0)) == ""


def test_one_point_is_no_points():
    found = Evidence("train/loss", 301, 301, "values not finite", 1.0, 0.0, "points")
    assert measures.against(found).startswith("1 point against 0 points")
