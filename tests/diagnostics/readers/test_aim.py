"""Aim's database is recognised wherever it lies, and answered with the way out."""

from pathlib import Path

from diagnostics.readers import read_all, sources
from diagnostics.readers.aim import claims


def repository(folder: Path) -> Path:
    for part in ("meta/chunks/ab", "meta/index", "seqs/chunks/ab", "locks"):
        (folder / ".aim" / part).mkdir(parents=True)
    (folder / ".aim" / "run_metadata.sqlite").write_bytes(b"SQLite format 3\0")
    (folder / ".aim" / "meta" / "chunks" / "ab" / "000009.sst").write_bytes(b"\0" * 64)
    return folder / ".aim"


def test_it_is_found_though_hidden_and_the_others_are_read(tmp_path: Path) -> None:
    hidden = repository(tmp_path)
    (tmp_path / "log.csv").write_text("step,loss\n0,1\n1,2\n")
    assert set(sources(tmp_path)) == {hidden, tmp_path / "log.csv"}
    runs, (error,) = read_all([tmp_path])
    assert [run.name for run in runs] == [tmp_path.name] and error.source == str(hidden)
    assert "to_csv" in error.message and "\n" not in error.message


def test_the_table_of_the_way_out_is_read(tmp_path: Path) -> None:
    rows = [
        "idx,step,value,epoch,time,run,metric",
        "0,0,2.0,,2025-01-01 00:00:00,8cff,train/loss",
        "0,0,3.0,,2025-01-01 00:00:01,8cff,val/loss",
    ]
    (tmp_path / "aim.csv").write_text("\n".join(rows))
    (run,), errors = read_all([tmp_path / "aim.csv"])
    assert (run.name, set(run.curves), errors) == ("8cff", {"train/loss", "val/loss"}, [])


def test_folders_that_are_no_repository(tmp_path: Path) -> None:
    (tmp_path / "meta").mkdir()
    assert not claims(tmp_path) and not claims(tmp_path / "none")
    (tmp_path / "seqs").mkdir()
    assert not claims(tmp_path)
