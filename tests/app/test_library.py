import os
import shutil

import pytest

from app import library
from collector import verdict
from diagnostics import readers
from diagnostics.readers.fingerprint import fingerprint
from diagnostics.readers.run_folder import Followed

SAMPLE = library.ROOT / "sample_runs" / "digits-overfitting"


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "sample/../app", "", "sample/", "#1", "nope"])
def test_only_listed_runs_are_opened(key, runs):
    assert library.case(key) is None


def test_a_change_of_any_file_changes_the_fingerprint(tmp_path):
    (tmp_path / "scalars").mkdir()
    seen = {fingerprint(tmp_path)}
    (tmp_path / "tail-a1.bin").write_bytes(bytes(8))
    seen.add(fingerprint(tmp_path))
    os.utime(tmp_path / "tail-a1.bin", ns=(0, 1))  # a memory-mapped file changes in time only
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 3


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the logs that are read from now on."""
    seen: list[str] = []
    for_one, for_all = Followed.read, readers.read_all
    monkeypatch.setattr(Followed, "read", lambda self: seen.append(self._path.name) or for_one(self))
    monkeypatch.setattr(readers, "read_all", lambda paths, *more: seen.extend(p.name for p in paths) or for_all(paths))
    return seen


def test_an_unchanged_run_is_read_once_for_the_list_and_once_for_who_looks_at_it(runs, read):
    library.rows()
    read.clear()
    first = library.case("sample/digits-overfitting")
    library.rows()
    assert library.case("sample/digits-overfitting") is first and read == ["digits-overfitting"]


def test_a_missing_folder_is_no_error(runs, monkeypatch):
    monkeypatch.setenv(library.RUNS, str(runs / "not yet"))
    rows, broken = library.rows()
    assert rows and not broken and all(row.sample for row in rows)


def test_own_runs_come_first(runs):
    (runs / "mine").symlink_to(SAMPLE)
    assert library.rows()[0][0].key == "mine"
    assert library.case("mine").run.last_step == library.case("sample/digits-overfitting").run.last_step


def test_the_verdict_of_a_watcher_makes_nothing_be_read_again(runs, read):
    folder = shutil.copytree(SAMPLE, runs / "mine")
    first, mark = library.case("mine"), fingerprint(folder)
    library.rows()
    read.clear()
    verdict.leave(folder, {"findings": []}, step=1, started_at=None)
    (folder / ".verdict.json.0123abcd.tmp").write_bytes(b"{")  # as a watcher that is killed leaves it
    assert fingerprint(folder) == mark
    assert library.case("mine") is first and library.rows()[0][0].key == "mine"
    assert not read


def test_a_run_that_is_deleted_is_gone(runs):
    folder = shutil.copytree(SAMPLE, runs / "mine")
    assert library.rows()[0][0].key == "mine"
    shutil.rmtree(folder)
    assert library.rows()[0][0].key != "mine" and library.case("mine") is None


def test_a_row_says_what_the_curves_say(runs):
    case = library.case("sample/digits-overfitting")
    row = next(row for row in library.rows()[0] if row.key == "sample/digits-overfitting")
    values = case.run["val/loss"].values
    assert row.best_val_loss == values.min() and row.best_step == case.run["val/loss"].steps[values.argmin()]
    assert row.config["lr"] == 0.003 and row.config["optimizer"] == "adam"
    assert row.verdict == case.report.verdict and row.since == case.report.headline.first_step


def test_settings_of_a_row_are_flat_and_few():
    config = {"lr": 0.1, "optim": {"name": "x" * 999, "betas": [0.9], "fused": True}, "none": None}
    config |= {f"k{i}": i for i in range(99)}
    found = library.settings(config)
    assert list(found)[:4] == ["lr", "optim.name", "optim.fused", "k0"]
    assert len(found) == 60 and len(found["optim.name"]) == 200
    assert library.settings({"seed": 10**400})["seed"] == "1" + 199 * "0"
