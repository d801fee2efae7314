"""Listing looks at each folder and file once, whoever asks, and finds what reading one by one finds."""

from collections import Counter
from pathlib import Path

import pytest

from diagnostics.readers import look, sources
from diagnostics.readers.registry import READERS, claimant
from tests.logs import log

CSV = "step,train_loss\n0,2.5\n1,1.5\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/metrics.csv", "b/metrics.csv", "b/notes.md", ".hidden/metrics.csv", "__pycache__/metrics.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(CSV)
    return tmp_path


def test_each_folder_is_listed_and_each_file_opened_once(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, opened = Counter[str](), Counter[str]()
    listing, heading = look._listed, look._head
    monkeypatch.setattr(look, "_listed", lambda folder: listed.update([folder]) or listing(folder))
    monkeypatch.setattr(look, "_head", lambda path: opened.update([str(path)]) or heading(path))
    assert sources(tree) == [tree / "a/metrics.csv", tree / "b/metrics.csv"]
    assert {*listed.values()} == {*opened.values()} == {1}
    assert not any("hidden" in path or "__pycache__" in path for path in opened)


def test_the_folder_around_a_file_is_not_listed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    listing = look._listed
    monkeypatch.setattr(look, "_listed", lambda folder: listed.append(folder) or listing(folder))
    assert sources(tree / "a/metrics.csv") == [tree / "a/metrics.csv"]
    assert str(tree / "a") not in listed


def test_paths_are_as_they_were_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)
    found = [Path("a/metrics.csv"), Path("b/metrics.csv")]
    assert sources(".") == found and sources("a") == found[:1] and sources("b/../a/metrics.csv")[0].samefile(found[0])


def test_links_are_followed_once_and_dead_ones_left(tree: Path) -> None:
    (tree / "a/round").symlink_to(tree)
    (tree / "a/linked.csv").symlink_to(tree / "a/metrics.csv")
    (tree / "a/dead.csv").symlink_to(tree / "nowhere")
    (tree / "a/loop.csv").symlink_to(tree / "a/loop.csv")
    assert [p.name for p in sources(tree)] == ["linked.csv", "metrics.csv", "metrics.csv"]


def test_an_answer_stands_until_the_end_and_no_longer(tree: Path) -> None:
    file = tree / "a/metrics.csv"
    with look.once(tree):
        before = look.head(file), look.is_file(file), look.files(tree / "a")
        file.unlink()
        assert (look.head(file), look.is_file(file), look.files(tree / "a")) == before
    assert not look.is_file(file) and look.files(tree / "a") == [] == look.folders(file)
    with pytest.raises(FileNotFoundError):
        look.head(file)


@pytest.mark.parametrize("home", sorted(p.name for p in log("keras").parents[1].iterdir() if (p / "log").is_dir()))
def test_asked_together_and_alone_readers_answer_the_same(home: str) -> None:
    top = log(home)
    for path in [top, *sorted(top.rglob("*"))]:
        with look.once(top):
            together = claimant(path)
        assert together is claimant(path)


def test_every_reader_can_be_asked_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    assert READERS and claimant(tmp_path / "empty") is claimant(tmp_path / "folder") is None
