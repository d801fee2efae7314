import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import hands, index, index_store, library, watch
from app.hub import Hub
from app.index import Index
from app.index_store import Store
from app.sources import Folder

SAMPLES = library.ROOT / "sample_runs"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    path = tmp_path / "runs"
    for name in ("digits-overfitting", "digits-diverged", "text-just-started"):
        shutil.copytree(SAMPLES / name, path / name)
    return Folder(path, "", False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache" / "rows.sqlite")


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The keys of what is read for the list from now on."""
    seen: list[str] = []
    told = hands.told
    monkeypatch.setattr(hands, "told", lambda source: seen.append(source.key) or told(source))
    return seen


@pytest.fixture
def watched(folder, store) -> Iterator[tuple[Index, list[str]]]:
    """An index that news come to, and what it tells."""
    found, told = Index([folder], store), []
    hub = Hub([folder], found)
    hub.start()
    found.tell = told.append
    hub.ready.wait()
    found.rows()
    yield found, told
    hub.stop()


def until(holds) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def names(found: Index) -> set[str]:
    return {row.key for row in found.rows()[0]}


def test_what_was_read_is_remembered_from_start_to_start(folder, store, read):
    first = Index([folder], store)
    rows = first.rows()[0]
    first.stop()
    assert len(rows) == len(read) == 3
    again = Index([folder], store)
    assert again.rows()[0] == rows and len(read) == 3
    (folder.path / "digits-diverged" / "note.txt").write_text("changed")
    assert again.rows()[0] == rows and read[3:] == ["digits-diverged"]
    again.stop()


def test_other_rules_make_other_rows(folder, store, read, monkeypatch):
    first = Index([folder], store)
    first.rows()
    first.stop()
    monkeypatch.setattr(index_store, "_version", lambda: "another")
    Index([folder], Store(store._file)).rows()
    assert len(read) == 6


@pytest.mark.parametrize("damage", [b"no database", b"SQLite format 3\0" + bytes(4000), b""])
def test_a_damaged_memory_is_made_anew(folder, store, damage):
    first = Index([folder], store)
    rows = first.rows()[0]
    first.stop()
    store._file.write_bytes(damage)
    again = Index([folder], Store(store._file))
    assert again.rows()[0] == rows
    again.stop()
    assert len(list(store.read(folder.path))) == 3


def test_a_disk_that_refuses_is_no_error(folder, tmp_path):
    (tmp_path / "file").write_text("")
    found = Index([folder], Store(tmp_path / "file" / "rows.sqlite"))
    assert len(found.rows()[0]) == 3
    found.stop()


def test_nothing_is_written_into_the_runs(folder, store):
    before = sorted(path for path in folder.path.rglob("*"))
    found = Index([folder], store)
    found.rows()
    found.stop()
    assert sorted(path for path in folder.path.rglob("*")) == before


def test_asking_costs_nothing_while_nothing_changes(watched):
    found, _ = watched
    rows = found.rows()
    began = time.perf_counter()
    assert all(found.rows() is rows for _ in range(1000))
    assert time.perf_counter() - began < 1


def test_only_what_changed_is_read_and_then_it_is_told(watched, folder, read):
    found, told = watched
    told.clear()
    aside = shutil.copytree(SAMPLES / "digits-healthy", folder.path.parent / "aside")
    aside.rename(folder.path / "new")  # all at once: of a half copied run, a file of its own may be seen first
    until(lambda: "new" in names(found))
    assert set(read) == {"new"} and set(told) == {""}
    shutil.rmtree(folder.path / "digits-diverged")
    until(lambda: "digits-diverged" not in names(found))
    shutil.move(folder.path / "new", folder.path / "moved")
    until(lambda: "moved" in names(found) and "new" not in names(found))
    assert {"new", "moved"} <= set(read) and not {"digits-overfitting", "text-just-started"} & set(read)


def test_where_no_news_reach_changes_are_found_all_the_same(folder, store, monkeypatch):
    monkeypatch.setenv(watch.POLL, "1")
    found = Index([folder], store)
    hub = Hub([folder], found)
    hub.start()
    hub.ready.wait()
    until(lambda: len(names(found)) == 3)
    shutil.copytree(SAMPLES / "digits-healthy", folder.path / "new")
    until(lambda: "new" in names(found))
    hub.stop()


def test_a_run_whose_process_was_killed_is_told_to_have_crashed(watched, folder, monkeypatch):
    found, _ = watched
    monkeypatch.setattr(index, "PULSE", 0.2)
    about = folder.path / "digits-diverged" / "run.json"
    about.write_text(about.read_text().replace('"finished"', '"running"'))
    until(lambda: "running" in {row.state for row in found.rows()[0]})
    for name in ("app.index.alive", "app.desk.alive", "diagnostics.readers.run_folder.alive"):
        monkeypatch.setattr(name, lambda path: False)
    until(lambda: "crashed" in {row.state for row in found.rows()[0]})


def test_a_folder_of_runs_that_is_deleted_and_made_again(watched, folder, tmp_path):
    found, _ = watched
    shutil.move(folder.path, tmp_path / "away")
    until(lambda: not names(found))
    shutil.copytree(tmp_path / "away", folder.path)
    until(lambda: len(names(found)) == 3)


def test_a_linked_run_is_followed_to_where_it_lies(watched, folder, tmp_path):
    found, _ = watched
    real = shutil.copytree(SAMPLES / "digits-healthy", tmp_path / "real")
    (folder.path / "link").symlink_to(real)
    until(lambda: "link" in names(found))
    time.sleep(1.2)  # until it is watched
    about = (real / "run.json").read_text()
    (real / "run.json").write_text(about.replace("digits-healthy", "renamed"))
    until(lambda: "renamed" in {row.name for row in found.rows()[0]})


def test_many_are_read_by_further_processes(folder, store, monkeypatch):
    monkeypatch.setattr(index, "MANY", 1)
    (folder.path / "broken").mkdir()
    (folder.path / "broken" / "run.json").write_text("{")
    found = Index([folder], store)
    monkeypatch.setattr(hands, "told", None)  # not here
    rows, broken = found.rows()
    assert {row.verdict for row in rows} == {"overfitting", "diverged", "not_enough_data"}
    assert [one.key for one in broken] == ["broken"]
    assert found.progress() == (4, 4)
    found.stop()


def test_a_log_that_ends_its_reader_says_so(folder):
    source = next(iter(index.sources.listed(folder)))
    with hands.Hand() as hand:
        assert isinstance(hand.told(source), tuple)
        hand._process.kill()
        hand._process.wait()
        assert hand.told(source) == library.Broken(source.key, hands.LOST)
        assert isinstance(hand.told(source), tuple), "the next one reads on"


def test_a_run_can_be_opened_before_everything_is_listed(folder, store, monkeypatch):
    monkeypatch.setattr(index, "PATIENCE", 0.0)
    monkeypatch.setattr(Index, "step", lambda self: 9.0)
    found = Index([folder], store)
    assert found.case("digits-diverged").report.verdict == "diverged" and found.case("../runs/digits-diverged") is None
    found.stop()
