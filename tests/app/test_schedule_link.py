"""From a remedy to the Schedules page with its numbers."""

import re

import pytest

from app import library
from app.schedule_link import link
from diagnostics.report import Remedy
from diagnostics.schedules import pytorch
from diagnostics.schedules.remedied import remedied

SICK = ("digits-needs-decay", "digits-lr-too-high", "digits-lr-too-low", "digits-decayed-too-early", "digits-diverged")


@pytest.mark.parametrize("sample", SICK)
def test_a_remedy_opens_with_its_numbers(sample, runs, opened):
    case = library.case(f"sample/{sample}")
    said = [(remedy, link(remedy, case.run)) for remedy in case.report.headline.remedies]
    remedy, address = next((remedy, address) for remedy, address in said if address)
    at = opened("schedules", run=f"sample/{sample}", **address)
    assert not at.warning
    assert at.code[0].value.strip() == pytorch.code(remedied(remedy, case.run)).strip()


@pytest.mark.parametrize("sample", SICK)
def test_diagnosis_offers_the_way(sample, runs, opened):
    at = opened("diagnosis", run=f"sample/{sample}")
    links = [element.proto for element in at.get("page_link")]
    assert links and all(proto.label == "Open in Schedules" for proto in links)
    assert all(re.search(r"run=sample%2F.*shape=", proto.query_string) for proto in links)


def test_other_remedies_lead_nowhere(runs):
    run = library.case("sample/digits-overfitting").run
    assert link(Remedy("Drop out.", "dropout", "because", value=0.2), run) is None


def test_a_dropped_log_has_no_run_to_lead_from(runs, opened):
    at = opened("upload")
    rows = "\n".join(f"{step},{2.3 - step / 1000},0.1" for step in range(500))
    at.file_uploader[0].set_value([("good.csv", f"step,train_loss,lr\n{rows}".encode(), "text/csv")]).run()
    assert not at.exception and not at.get("page_link")
