"""Loud faults: each is trained as it is named, and judged with and without what only the collector knows."""

import pytest

pytest.importorskip("sklearn")

from benchmarks.obvious import FAULTS, SOUND, bare, cases, trained
from diagnostics import diagnose
from diagnostics.engine import HEADLINES

CASES = {name: (setting, fault) for name, setting, fault in cases()}


def test_every_fault_is_one_somewhere_and_its_verdicts_exist():
    assert len(CASES) == len(list(cases())) > 100
    assert {name.split(" ", 2)[2] for name in CASES} == set(FAULTS)
    assert all(fault.verdicts <= set(HEADLINES) for fault in FAULTS.values())
    assert {setting.data for setting, _ in CASES.values()} == {sound.data for sound in SOUND}


@pytest.mark.parametrize(
    "name", ["wine momentum four steps", "digits sgd thirty steps", "wine momentum weights of zero"]
)
def test_a_loud_fault_is_named(name, tmp_path):
    setting, fault = CASES[name]
    run = trained(setting, tmp_path / "run")
    assert diagnose(run).verdict in fault.verdicts
    assert run.layers is not None and run.shapes and run.config["lr"] == setting.lr
    assert bare(run).layers is None and set(bare(run).curves) < set(run.curves)
