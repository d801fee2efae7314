import errno
import logging
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from app import watch
from app.watch import Watch, remote
from diagnostics.readers.formats import sqlite_file
from diagnostics.readers.limits import Limits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "runs" / "first").mkdir(parents=True)
    return tmp_path / "runs"


def heard(one: Watch, told: list[Path], act, until) -> None:
    one.tend()
    act()
    ends = time.monotonic() + 30
    while not until(told):
        assert time.monotonic() < ends, told
        time.sleep(0.05)
        one.tend()
    one.close()


@pytest.fixture
def told() -> list[Path]:
    return []


def test_where_the_systems_news_do_not_reach_it_looks_again_and_again(folder, told, monkeypatch, caplog):
    monkeypatch.setenv(watch.POLL, "1")
    one = Watch(folder, told.append)
    with caplog.at_level(logging.WARNING):
        heard(
            one,
            told,
            lambda: (folder / "first" / "run.json").write_text("{}"),
            lambda t: folder / "first" / "run.json" in t,
        )
    assert len(caplog.records) == 1 and "every 1 s" in caplog.text


def test_a_system_that_watches_no_more_folders_is_looked_at(folder, told, monkeypatch, caplog):
    class Full(watch.Observer):
        def start(self) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(watch, "Observer", Full)
    one = Watch(folder, told.append)
    with caplog.at_level(logging.WARNING):
        one.tend()
    assert one.polling == watch.EVERY and len(caplog.records) == 1 and "watch limit reached" in caplog.text
    one.close()


def test_a_limit_that_is_met_later_is_noticed(folder, told, monkeypatch):
    one = Watch(folder, told.append)
    one.tend()
    assert one.polling is None

    class Full(watch.Observer):
        def start(self) -> None:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")

    monkeypatch.setattr(watch, "Observer", Full)
    one._probe_due = 0.0
    one.tend()
    assert one.polling is not None
    one.close()


def test_a_folder_deleted_and_made_again_is_watched_again(folder, told):
    one = Watch(folder, told.append)
    one.tend()
    shutil.rmtree(folder)
    one.tend()
    folder.mkdir()
    one.tend()
    assert folder in told
    told.clear()
    heard(one, told, lambda: (folder / "log.csv").write_text("step,loss"), lambda t: folder / "log.csv" in t)


@pytest.mark.parametrize(
    ("path", "is_remote"),
    [("/home/me/runs", False), ("/net/runs", True), ("/net", True), ("/network", False), ("/my data/x", True)],
)
def test_network_disks_are_told_by_the_table_of_mounts(tmp_path, path, is_remote):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda / ext4 rw 0 0\nserver:/x /net nfs4 rw 0 0\nme@host:/ /my\\040data fuse.sshfs rw 0 0\ntmpfs /network tmpfs rw 0 0\n"
    )
    assert remote(Path(path), mounts) == is_remote


def test_without_a_table_of_mounts_disks_are_local(tmp_path):
    assert not remote(tmp_path, tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux", reason="inotify tells of files that were opened for writing")
@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_that_is_only_read_is_no_change(journal, folder, told):
    file = folder / "study.db"
    with closing(sqlite3.connect(file)) as base:
        base.execute(f"PRAGMA journal_mode={journal}")
        base.execute("CREATE TABLE trials (number)")
    one = Watch(folder, told.append)
    one.tend()
    assert sqlite_file.holds(file, lambda tables: "trials" in tables)
    with sqlite_file.opened(file, Limits()) as base:
        assert "trials" in sqlite_file.tables(base)
    (folder / "after").touch()
    heard(one, told, lambda: None, lambda t: folder / "after" in t)
    assert file not in told
