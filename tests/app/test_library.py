import os
import shutil

import pytest

from app import library
from collector import verdict

SAMPLE = library.ROOT / "sample_runs" / "digits-overfitting"


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "sample/../app", "", "sample/", "#1", "nope"])
def test_only_listed_runs_are_opened(key, runs):
    assert library.case(key) is None


def test_a_change_of_any_file_changes_the_fingerprint(tmp_path):
    (tmp_path / "scalars").mkdir()
    seen = {library.fingerprint(tmp_path)}
    (tmp_path / "tail-a1.bin").write_bytes(bytes(8))
    seen.add(library.fingerprint(tmp_path))
    os.utime(tmp_path / "tail-a1.bin", ns=(0, 1))  # a memory-mapped file changes in time only
    seen.add(library.fingerprint(tmp_path))
    assert len(seen) == 3


def test_an_unchanged_run_is_read_once(runs):
    library.rows()
    before = library._cases.cache_info().misses
    assert library.case("sample/digits-overfitting") is not None
    library.rows()
    assert library._cases.cache_info().misses <= before + 1


def test_a_missing_folder_is_no_error(runs, monkeypatch):
    monkeypatch.setenv(library.RUNS, str(runs / "not yet"))
    rows, broken = library.rows()
    assert rows and not broken and all(row.sample for row in rows)


def test_own_runs_come_first(runs):
    (runs / "mine").symlink_to(SAMPLE)
    assert library.rows()[0][0].key == "mine"
    assert library.case("mine").run.last_step == library.case("sample/digits-overfitting").run.last_step


def test_the_verdict_of_a_watcher_makes_nothing_be_read_again(runs):
    folder = shutil.copytree(SAMPLE, runs / "mine")
    first = library.case("mine")
    read, mark = library._cases.cache_info().misses, library.fingerprint(folder)
    verdict.leave(folder, {"findings": []}, step=1, started_at=None)
    (folder / ".verdict.json.0123abcd.tmp").write_bytes(b"{")  # as a watcher that is killed leaves it
    assert library.fingerprint(folder) == mark
    assert library.case("mine") is first and library._cases.cache_info().misses == read
    assert library.rows()[0][0].key == "mine"
